//! Judges records by their topic's schema (spec/1 §5).
//!
//! In: a decoded record. Out: the same record, its `kind` the schema's `x-event`, its numeric strings read as the numbers that they
//! write, its empty numbers, dates and closed values null; what was tolerated is counted. The new values of a critical sync's changes
//! are judged, and read, by the schema of the place that each is to stand at.
//!
//! Refused, in this order: a `dataVersion` that is not taken (`version`); violations of the schema, all of them (`schema`); an event
//! time too far after the record's own timestamp, which would freeze its section (`time`). Pointers point into the value as sent,
//! with its envelope.

mod changes;

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use schemas::json::Kind;
use schemas::{Json, JsonRef, Reason, Record, Reject, Tolerated, TopicName, Validator, Violation, instant};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape, Step};
use crate::parameters::{self, Parameters};
use crate::quantity::Span;
use crate::{InvalidParameters, OUT, Outputs, Surroundings, Transform};
use changes::Changes;

/// Parameters of `validate`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ValidateParams {
    /// How far an event's time may lie after its record's own timestamp.
    pub max_event_lead: Span,
    /// Whether events of version 2.0 are taken as if they were of 2.1.
    pub accept_2_0: bool,
}

impl Default for ValidateParams {
    fn default() -> Self {
        Self { max_event_lead: Span::hours(24), accept_2_0: false }
    }
}

impl Parameters for ValidateParams {}

/// Validates: see the module.
pub(crate) struct Validate {
    params: ValidateParams,
    schemas: HashMap<TopicName, Arc<Validator>>,
    changes: Changes,
}

impl Validate {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "validate",
        summary: "judges records by their topic's schema, and reads numbers that came as strings",
        shape: Shape::Transform,
        ports: &[],
        parameters: || schemars::schema_for!(ValidateParams),
        build,
    };

    /// Whether the version that the payload states is taken. An absent one is 2.1.
    fn takes(&self, version: JsonRef<'_>) -> bool {
        let is = |wanted: &str| match version.kind() {
            Kind::String => version.as_str().is_some_and(|text| text == wanted),
            Kind::Number => version.as_decimal() == wanted.parse().ok(),
            Kind::Null | Kind::Bool | Kind::Array | Kind::Object => false,
        };
        let absent = version.is_null() || version.as_str().is_some_and(|text| text.is_empty());
        absent || is("2.1") || (self.params.accept_2_0 && is("2.0"))
    }

    fn check_version(&self, record: &Record) -> Result<(), Reject> {
        match record.value.as_ref().get("dataVersion") {
            Some(version) if !self.takes(version) => {
                let stated: String = version.text().chars().take(40).collect();
                let message =
                    format!("dataVersion {stated} is not taken: 2.1 is{}", if self.params.accept_2_0 { ", and 2.0" } else { "" });
                Err(Reject::new(Reason::Version, format!("{}/dataVersion", record.value.pointer()), message))
            }
            _ => Ok(()),
        }
    }

    /// Judges a payload by its topic's schema, then what a critical sync wants to set elsewhere by the schemas of those places.
    fn check(&self, validator: &Validator, payload: &Json) -> Result<(Json, Tolerated), Vec<Violation>> {
        let (read, mut tolerated) = validator.check(payload)?;
        if &**validator.event() != "critical_sync" {
            return Ok((read, tolerated));
        }
        let (read, more) = self.changes.check(&read)?;
        tolerated += more;
        Ok((read, tolerated))
    }

    fn check_time(&self, record: &Record) -> Result<(), Reject> {
        let lead = self.params.max_event_lead;
        if record.event_time.signed_duration_since(record.timestamp) <= lead.delta() {
            return Ok(());
        }
        let message =
            format!("the event time {} is over {lead} after the record's own timestamp {}", record.event_time, record.timestamp);
        Err(Reject::new(Reason::Time, event_time_pointer(record), message))
    }
}

/// Where the event time was read.
fn event_time_pointer(record: &Record) -> String {
    let payload = record.value.as_ref();
    let time = |name: &str| instant(&payload.get(name)?.as_str()?);
    match schemas::EVENT_TIMES.into_iter().find(|name| time(name) == Some(record.event_time)) {
        Some(name) => format!("{}/{name}", record.value.pointer()),
        None => "/metadata/timestamp".to_owned(),
    }
}

fn build(with: &serde_json::Value, surroundings: &Surroundings) -> Result<Step, InvalidParameters> {
    let params = parameters::read(with)?;
    let schemas = surroundings.schemas.clone();
    let changes = Changes::by(&schemas);
    Ok(Step::Transform(Box::new(Validate { params, schemas, changes })))
}

impl Transform for Validate {
    fn apply(&self, mut record: Record) -> Result<Outputs, Reject> {
        let topic = &record.origin.topic;
        let Some(validator) = self.schemas.get(topic) else {
            let message = format!("topic {:?} has no schema: name one under `topics:`, as `schema: FILE`", topic.as_str());
            return Err(Reject::new(Reason::Transform, "", message));
        };
        self.check_version(&record)?;
        let (read, tolerated) = self.check(validator, &record.value).map_err(|mut violations| {
            let above = record.value.pointer();
            violations.iter_mut().for_each(|violation| violation.pointer.insert_str(0, &above));
            Reject { reason: Reason::Schema, violations }
        })?;
        self.check_time(&record)?;
        record.value = read;
        record.kind = Arc::clone(validator.event());
        record.tolerated += tolerated;
        Ok(vec![(OUT, record)])
    }
}
