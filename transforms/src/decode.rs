//! Makes records of bytes (spec/1 §1, §5).
//!
//! In: a raw record whose value is a JSON object, a bare payload or a standard message around one; both may come mixed. Out: the
//! payload as it was sent, with the event's identity, its time (to the microsecond) and its correlation id. The key stays the raw
//! record's own, if it is text: it is not trusted, and `normalise` replaces it.
//!
//! Refused as `malformed`, with the byte at which it was found: what is not UTF-8 or not JSON, no object, two members of one name,
//! nesting over 128 levels, numbers whose exponent is beyond ±308, values over `max_bytes`.
//!
//! ```
//! use schemas::{Origin, Raw, TopicName};
//! use transforms::{CATALOGUE, Step, Surroundings};
//!
//! let entry = CATALOGUE.iter().find(|entry| entry.name == "decode").expect("it is in the catalogue");
//! let Ok(Step::Decode(decode)) = (entry.build)(&serde_json::json!({"max_bytes": "64KiB"}), &Surroundings::default()) else {
//!     unreachable!("decode decodes");
//! };
//! let raw = |value: &str| Raw {
//!     origin: Origin { topic: TopicName::try_from("admin.customer.stocks.data").expect("a name"), partition: 0, offset: 0 },
//!     key: None,
//!     value: value.into(),
//!     headers: Vec::new(),
//!     timestamp: "2026-03-01T08:00:00Z".parse().expect("RFC 3339"),
//! };
//! let record = decode.decode(&raw(
//!     r#"{"id": "m-1", "data": {"customerId": "c-1", "timestamp": "2026-02-28"}, "metadata": {"correlationId": "k"}}"#,
//! ))?;
//! assert_eq!(&*record.id, "m-1");
//! assert_eq!(record.value.as_ref().text(), r#"{"customerId": "c-1", "timestamp": "2026-02-28"}"#);
//! assert_eq!(record.event_time.to_rfc3339(), "2026-02-28T00:00:00+00:00");
//!
//! let reject = decode.decode(&raw(r#"{"customerId": }"#)).expect_err("no value");
//! assert_eq!(reject.to_string(), "malformed: not the beginning of a JSON value at byte 15");
//! # Ok::<(), schemas::Reject>(())
//! ```

use std::sync::Arc;

use chrono::{DurationRound, TimeDelta};
use schemars::JsonSchema;
use schemas::json::{Kind, Limits};
use schemas::{Envelope, Json, Raw, Reason, Record, Reject, Tolerated};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape, Step};
use crate::parameters::{self, Parameters};
use crate::quantity::Size;
use crate::{Decode, InvalidParameters, Surroundings};

/// Parameters of `decode`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DecodeParams {
    /// The largest value that is taken, in bytes.
    pub max_bytes: Size,
}

impl Default for DecodeParams {
    fn default() -> Self {
        Self { max_bytes: Size::mebibytes(1) }
    }
}

impl Parameters for DecodeParams {}

/// Decodes: see the module.
pub(crate) struct DecodeRecord {
    limits: Limits,
    /// The kind of every record until its schema says it: empty.
    unjudged: Arc<str>,
}

impl DecodeRecord {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "decode",
        summary: "makes records of bytes: JSON, bare or in a standard message",
        shape: Shape::Decode,
        ports: &[],
        parameters: || schemars::schema_for!(DecodeParams),
        build,
    };

    fn new(params: &DecodeParams) -> Self {
        Self { limits: Limits { size_bytes: params.max_bytes.bytes(), ..Limits::default() }, unjudged: Arc::from("") }
    }
}

fn build(with: &serde_json::Value, _: &Surroundings) -> Result<Step, InvalidParameters> {
    parameters::read(with).map(|params| Step::Decode(Box::new(DecodeRecord::new(&params))))
}

impl Decode for DecodeRecord {
    fn decode(&self, raw: &Raw) -> Result<Record, Reject> {
        let malformed = |what: String| Reject::new(Reason::Malformed, "", what);
        if raw.value.is_tombstone() {
            return Err(malformed("no value: a tombstone tells of no event".to_owned()));
        }
        let value = Json::parse(&raw.value, &self.limits).map_err(|error| malformed(error.to_string()))?;
        if value.as_ref().kind() != Kind::Object {
            return Err(malformed(format!("the value is no JSON object at byte {}", value.as_ref().offset())));
        }
        let tolerated = Tolerated { replaced_characters: value.repairs(), ..Tolerated::default() };
        let envelope = Envelope::open(value);
        let timestamp = raw.timestamp.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(raw.timestamp);
        Ok(Record {
            key: raw.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()).map(str::to_owned),
            value: envelope.payload().clone(),
            kind: Arc::clone(&self.unjudged),
            id: envelope.id(&raw.origin.topic),
            event_time: envelope.event_time(timestamp),
            timestamp,
            origin: raw.origin.clone(),
            correlation_id: envelope.correlation_id(),
            tolerated,
        })
    }
}
