//! The two shapes of a record's value: the bare payload, and the standard message around it (spec/1 §1).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::json::canonical;
use crate::{Json, JsonRef, TopicName, instant};

/// The members of a payload that may state its event time; the first that parses counts.
pub const EVENT_TIMES: [&str; 3] = ["timestamp", "updatedAt", "lastProfileUpdate"];

/// A record's value, its payload told apart from what is around it.
#[derive(Debug, Clone)]
pub struct Envelope {
    value: Json,
    payload: Json,
    standard: bool,
}

impl Envelope {
    /// Finds the payload: the object under `data` where there is one and `metadata` stands beside it, else the value itself.
    ///
    /// A `metadata` that is null counts as none.
    #[must_use]
    pub fn open(value: Json) -> Self {
        let root = value.as_ref();
        let data = root.get("data").filter(|data| data.kind() == crate::json::Kind::Object);
        let inner = data.filter(|_| root.get("metadata").is_some_and(|metadata| !metadata.is_null()));
        let payload = inner.map(|data| value.share(data));
        match payload {
            Some(payload) => Self { value, payload, standard: true },
            None => Self { payload: value.clone(), value, standard: false },
        }
    }

    /// The business payload; shares the record's document.
    #[must_use]
    pub fn payload(&self) -> &Json {
        &self.payload
    }

    /// The identity for de-duplication: the `id` of a standard message; else the payload's `requestId` or `metadata.requestId`; else
    /// the SHA-256, in hexadecimal, of the topic's name, a zero byte and the canonical payload (RFC 8785).
    ///
    /// The same event has the same identity wherever and however often it arrives; number notation and blanks do not matter.
    #[must_use]
    pub fn id(&self, topic: &TopicName) -> Arc<str> {
        let id = if self.standard { text(self.value.as_ref().get("id")) } else { None };
        let payload = self.payload.as_ref();
        let request = || text(payload.get("requestId")).or_else(|| text(payload.at(&["metadata", "requestId"])));
        id.or_else(request).unwrap_or_else(|| {
            let mut hash = Sha256::new();
            hash.update(topic.as_str());
            hash.update([0]);
            hash.update(canonical(payload));
            hexadecimal(&hash.finalize())
        })
    }

    /// The time of the event: the payload's `timestamp`, else `updatedAt`, else `lastProfileUpdate`, else the standard message's
    /// `metadata.timestamp`, else `own`, the record's own timestamp. What does not parse is passed over.
    #[must_use]
    pub fn event_time(&self, own: DateTime<Utc>) -> DateTime<Utc> {
        let time = |value: Option<JsonRef<'_>>| instant(&value?.as_str()?);
        let payload = self.payload.as_ref();
        let stated = EVENT_TIMES.into_iter().find_map(|name| time(payload.get(name)));
        let around = || if self.standard { time(self.value.as_ref().at(&["metadata", "timestamp"])) } else { None };
        stated.or_else(around).unwrap_or(own)
    }

    /// What ties the event to those that caused it: `metadata.correlationId`, else `correlationId`.
    #[must_use]
    pub fn correlation_id(&self) -> Option<Arc<str>> {
        let value = self.value.as_ref();
        text(value.at(&["metadata", "correlationId"])).or_else(|| text(value.get("correlationId")))
    }
}

/// A text that is not empty.
fn text(value: Option<JsonRef<'_>>) -> Option<Arc<str>> {
    value?.as_str().filter(|text| !text.is_empty()).map(Arc::from)
}

fn hexadecimal(bytes: &[u8]) -> Arc<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn open(text: &str) -> Envelope {
        Envelope::open(Json::parse_own(text).unwrap())
    }

    fn topic(name: &str) -> TopicName {
        TopicName::try_from(name).unwrap()
    }

    #[test]
    fn tells_the_two_shapes_apart() {
        let payload = |text: &str| open(text).payload().as_ref().text().to_owned();
        assert_eq!(payload(r#"{"id":"1","data":{"a":1},"metadata":{}}"#), r#"{"a":1}"#);
        for bare in [
            r#"{"a":1}"#,
            r#"{"data":{"a":1}}"#,
            r#"{"data":{"a":1},"metadata":null}"#,
            r#"{"data":[1],"metadata":{}}"#,
            r#"{"data":"x","metadata":{}}"#,
            r#"{"metadata":{"requestId":"r"}}"#,
        ] {
            assert_eq!(payload(bare), bare);
        }
    }

    #[test]
    fn identity_is_the_message_s_then_the_request_s() {
        let id = |text: &str| open(text).id(&topic("t")).to_string();
        assert_eq!(id(r#"{"id":"m-1","data":{"requestId":"r"},"metadata":{}}"#), "m-1");
        assert_eq!(id(r#"{"id":"","data":{"requestId":"r"},"metadata":{}}"#), "r");
        assert_eq!(id(r#"{"requestId":"r","metadata":{"requestId":"s"}}"#), "r");
        assert_eq!(id(r#"{"requestId":7,"metadata":{"requestId":"s"}}"#), "s");
        // The `id` of a bare payload is a field like any other.
        assert_eq!(id(r#"{"id":"x"}"#).len(), 64);
    }

    #[test]
    fn identity_of_a_bare_payload_is_its_topic_and_what_it_says() {
        let id = |name: &str, text: &str| open(text).id(&topic(name));
        assert_eq!(id("t", r#"{"a":1.0,"b":"é"}"#), id("t", r#" {"b":"\u00e9", "a":1}"#));
        assert_ne!(id("t", r#"{"a":1}"#), id("u", r#"{"a":1}"#));
        assert_ne!(id("t", r#"{"a":1}"#), id("t", r#"{"a":2}"#));
        // printf 't\0{"a":1}' | sha256sum
        assert_eq!(&*id("t", r#"{"a":1}"#), "916fd2169e5f45d03d8741ed0263c850cff8a8dfaa8c61d1d8a20045e76ac68f");
    }

    #[test]
    fn event_time_falls_back_past_what_does_not_parse() {
        let own = instant("2026-01-01").unwrap();
        let time = |text: &str| open(text).event_time(own);
        let day = |day: u32| instant(&format!("2025-11-{day:02}")).unwrap();
        assert_eq!(time(r#"{"timestamp":"2025-11-01","updatedAt":"2025-11-02"}"#), day(1));
        assert_eq!(time(r#"{"timestamp":"soon","updatedAt":"2025-11-02"}"#), day(2));
        assert_eq!(time(r#"{"timestamp":"","updatedAt":null,"lastProfileUpdate":"2025-11-03"}"#), day(3));
        assert_eq!(time(r#"{"timestamp":1762000000000}"#), own);
        assert_eq!(time(r#"{"data":{},"metadata":{"timestamp":"2025-11-04"},"timestamp":"2025-11-09"}"#), day(4));
        assert_eq!(time(r#"{"data":{"updatedAt":"2025-11-02"},"metadata":{"timestamp":"2025-11-04"}}"#), day(2));
        // A bare payload's `metadata` is business (§3.6), not an envelope.
        assert_eq!(time(r#"{"metadata":{"timestamp":"2025-11-04"}}"#), own);
    }

    #[test]
    fn correlation_travels() {
        assert_eq!(open(r#"{"data":{},"metadata":{"correlationId":"c"}}"#).correlation_id().as_deref(), Some("c"));
        assert_eq!(open(r#"{"correlationId":"d"}"#).correlation_id().as_deref(), Some("d"));
        assert_eq!(open("{}").correlation_id(), None);
    }
}
