//! A record between two stages that a broker separates: a CloudEvent 1.0 in structured JSON.
//!
//! ```json
//! {"specversion": "1.0", "id": "...", "source": "profile.events", "type": "assets", "subject": "<key>", "time": "<event time>",
//!  "datacontenttype": "application/json", "correlationid": "...", "recordtime": "...",
//!  "origin": {"topic": "...", "partition": 0, "offset": 7}, "data": { }}
//! ```
//!
//! What would travel in headers travels here, so that a broker without headers carries it too. The origin is the source's own record.

use chrono::{DateTime, Utc};
use schemas::json::Limits;
use schemas::{Json, JsonRef, Origin, Outgoing, Raw, Reason, Record, Reject, Tolerated, TopicName};

/// `decode` bounds what comes in (spec/1 §5). What it took must be read again here, where it lies one level deeper; and a step may write
/// a number longer than it came.
const LIMITS: Limits =
    Limits { size_bytes: usize::MAX, depth: Limits::DEFAULT.depth + 1, exponent: i64::MAX, number_bytes: usize::MAX };

#[derive(serde::Serialize)]
struct Envelope<'r> {
    specversion: &'static str,
    id: &'r str,
    source: &'r str,
    r#type: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'r str>,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<&'r str>,
    recordtime: DateTime<Utc>,
    origin: &'r Origin,
    data: &'r Json,
}

/// The record as it goes to a topic of the pipeline's own.
pub(super) fn write(topic: &TopicName, record: &Record) -> Outgoing {
    let envelope = Envelope {
        specversion: "1.0",
        id: &record.id,
        source: topic.as_str(),
        r#type: &record.kind,
        subject: record.key.as_deref(),
        time: record.event_time,
        datacontenttype: "application/json",
        correlationid: record.correlation_id.as_deref(),
        recordtime: record.timestamp,
        origin: &record.origin,
        data: &record.value,
    };
    Outgoing {
        topic: topic.clone(),
        partition: None,
        key: record.key.as_ref().map(|key| key.clone().into_bytes()),
        value: serde_json::to_vec(&envelope).expect("an envelope has string keys and finite numbers").into(),
        headers: Vec::new(),
        // When it is written: a topic forgets and refuses records by their timestamps, and an event may be old, or ahead.
        timestamp: None,
    }
}

/// The record that stands in such an envelope.
///
/// # Errors
///
/// `malformed` when the bytes are no such envelope: a stage that reads foreign records begins with `decode`.
pub(super) fn read(raw: &Raw) -> Result<Record, Reject> {
    let json = Json::parse(&raw.value, &LIMITS).map_err(|error| Reject::new(Reason::Malformed, "", error.to_string()))?;
    let root = json.as_ref();
    let text = |name: &str| root.get(name).and_then(JsonRef::as_str);
    let wanted = |name: &str| Reject::new(Reason::Malformed, format!("/{name}"), "not a record of this pipeline: no such member");
    let required = |name: &str| text(name).ok_or_else(|| wanted(name));
    let time = |name: &str| required(name)?.parse::<DateTime<Utc>>().map_err(|_| wanted(name));
    let origin = root.get("origin").ok_or_else(|| wanted("origin"))?;
    let origin: Origin = serde_json::from_str(origin.text()).map_err(|_| wanted("origin"))?;
    Ok(Record {
        key: text("subject").map(Into::into),
        value: json.share(root.get("data").ok_or_else(|| wanted("data"))?),
        kind: required("type")?.as_ref().into(),
        id: required("id")?.as_ref().into(),
        event_time: time("time")?,
        timestamp: time("recordtime")?,
        origin,
        correlation_id: text("correlationid").map(|id| id.as_ref().into()),
        tolerated: Tolerated::default(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::run::faulty::{Rig, stocks};

    #[test]
    fn a_record_comes_back_as_it_went() {
        let topic = TopicName::try_from("profile.events").unwrap();
        let origin = Origin { topic: TopicName::try_from("a").unwrap(), partition: 3, offset: 9 };
        let record = Record {
            key: Some("c-1".into()),
            value: Json::parse_own(r#"{"n": 12345678901234567890, "s": "\u00e9\n"}"#).unwrap(),
            kind: "assets".into(),
            id: "e-1".into(),
            event_time: "2026-03-01T08:00:00.000001Z".parse().unwrap(),
            timestamp: "2026-03-01T08:00:01Z".parse().unwrap(),
            origin: origin.clone(),
            correlation_id: Some("k".into()),
            tolerated: Tolerated::default(),
        };
        let out = write(&topic, &record);
        assert_eq!(out.timestamp, None, "a topic does not forget it because its event is old");
        let raw = Raw { origin, key: out.key, value: out.value, headers: out.headers, timestamp: record.timestamp };
        assert_eq!(read(&raw).unwrap(), record);
    }

    #[tokio::test]
    async fn what_decode_takes_goes_through_a_split_pipeline() {
        let depth = Limits::DEFAULT.depth;
        let digits = "9".repeat(Limits::DEFAULT.number_bytes);
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        let extreme = format!(r#""deep": {open}{close}, "great": -1.5e308, "small": 1e-308, "long": 0.{}, "#, &digits[2..]);
        let mut record = stocks("c-1", 30, 50, "Riz");
        let mut value = record.value.into_bytes();
        value.splice(1..1, extreme.into_bytes());
        record.value = value.into();
        assert!(Json::parse(&record.value, &Limits::DEFAULT).is_ok(), "the most that is taken");
        let rig = Rig::split().await;
        let counts = rig.run(vec![record]).await.unwrap();
        assert_eq!((counts.rows_written, counts.dead_letters.len()), (1, 0), "{counts:?}");
        let between = rig.held("profile.events").await;
        assert!(String::from_utf8_lossy(&between[0].value).contains(&format!("{open}{close}")), "it was there in full");
    }

    #[test]
    fn a_foreign_record_is_refused() {
        let origin = Origin { topic: TopicName::try_from("a").unwrap(), partition: 0, offset: 0 };
        let raw = Raw { origin, key: None, value: b"{\"id\": \"x\"}".to_vec().into(), headers: vec![], timestamp: Utc::now() };
        assert_eq!(read(&raw).unwrap_err().reason, Reason::Malformed);
    }
}
