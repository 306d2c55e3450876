//! A dead letter: what a record becomes that is refused, and how that goes to its topic (`schemas/dead_letter.json`). The table keeps all
//! bytes; the topic gets what the outbox's limit leaves of them (`architecture.md`, rule 2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemas::json::{Kind, Limits};
use schemas::store::{DeadLetter, StoredDeadLetter};
use schemas::{Envelope, Json, Origin, Raw, Reject};
use uuid::Uuid;

use crate::config::StagePlan;

/// The dead letter of a record that `stage` refused.
pub(super) fn of(pipeline: &str, stage: &StagePlan, raw: &Raw, reject: &Reject) -> DeadLetter {
    DeadLetter {
        id: id(pipeline, raw),
        stage: stage.name.clone(),
        reason: reject.reason,
        violations: reject.violations.clone(),
        origin: raw.origin.clone(),
        key: raw.key.clone(),
        headers: raw.headers.clone(),
        value: raw.value.to_vec(),
        timestamp: raw.timestamp,
        publish_to: stage.on_reject.clone(),
    }
}

/// The id of a record's dead letter: the same for the same record of the same pipeline, whenever it is refused. A topic that was deleted
/// and made anew has other records at the same offsets: key and value are part of it.
fn id(pipeline: &str, raw: &Raw) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:syncline:dead-letter");
    let Origin { topic, partition, offset } = &raw.origin;
    let key = raw.key.as_deref();
    // The key's length is a part of the name, so that no two records give the same bytes.
    let key_bytes = key.map(<[u8]>::len);
    let mut name = format!("{pipeline}\n{topic}\n{partition}\n{offset}\n{key_bytes:?}\n").into_bytes();
    name.extend_from_slice(key.unwrap_or_default());
    name.extend_from_slice(&raw.value);
    Uuid::new_v5(&namespace, &name)
}

/// The JSON that a dead letter's topic gets.
pub(super) fn published(pipeline: &str, stored: &StoredDeadLetter) -> Vec<u8> {
    let letter = &stored.letter;
    let truncated = stored.size_bytes > letter.value.len() as u64;
    let key = letter.key.as_deref();
    let headers: Vec<_> =
        letter.headers.iter().map(|header| serde_json::json!([header.name, BASE64.encode(&header.value)])).collect();
    let mut json = serde_json::json!({
        "id": letter.id,
        "pipeline": pipeline,
        "stage": letter.stage,
        "reason": letter.reason,
        "errors": letter.violations,
        "topic": letter.origin.topic,
        "partition": letter.origin.partition,
        "offset": letter.origin.offset,
        "headers": headers,
        "timestamp": letter.timestamp,
        "firstSeen": stored.first_seen,
        "attempts": stored.attempts,
        "sizeBytes": stored.size_bytes,
        "truncated": truncated,
    });
    match key.map(std::str::from_utf8) {
        None => {}
        Some(Ok(key)) => json["key"] = key.into(),
        Some(Err(_)) => json["keyBase64"] = BASE64.encode(key.unwrap_or_default()).into(),
    }
    if let Some(id) = correlation_id(&letter.value) {
        json["correlationId"] = (*id).into();
    }
    match text(&letter.value, truncated) {
        Some(text) => json["value"] = text.into(),
        None => json["valueBase64"] = BASE64.encode(&letter.value).into(),
    }
    json.to_string().into_bytes()
}

/// What ties the record to the event that caused it (spec/1 §1), where it can be read that far.
fn correlation_id(value: &[u8]) -> Option<Arc<str>> {
    let value = Json::parse(value, &Limits::default()).ok().filter(|value| value.as_ref().kind() == Kind::Object)?;
    Envelope::open(value).correlation_id()
}

/// The bytes as text, if they are. Where they were cut, the beginning of a character at their end is left out.
fn text(value: &[u8], truncated: bool) -> Option<&str> {
    match std::str::from_utf8(value) {
        Ok(text) => Some(text),
        Err(error) if truncated && error.error_len().is_none() => std::str::from_utf8(&value[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use schemas::{Reason, TopicName};
    use serde_json::Value;

    use super::*;

    fn json(value: &[u8], size_bytes: u64) -> Value {
        let letter = DeadLetter {
            id: Uuid::nil(),
            stage: "intake".into(),
            reason: Reason::Malformed,
            violations: vec![],
            origin: Origin { topic: TopicName::try_from("in").unwrap(), partition: 0, offset: 1 },
            key: None,
            headers: vec![],
            value: value.into(),
            timestamp: chrono::DateTime::UNIX_EPOCH,
            publish_to: None,
        };
        let stored = StoredDeadLetter { letter, first_seen: chrono::DateTime::UNIX_EPOCH, attempts: 1, size_bytes };
        serde_json::from_slice(&published("pipeline", &stored)).unwrap()
    }

    #[test]
    fn a_letter_carries_the_correlation_of_its_record() {
        for value in
            [r#"{"correlationId": "k", "customerId": 7}"#, r#"{"id": "m", "data": {}, "metadata": {"correlationId": "k"}}"#]
        {
            assert_eq!(json(value.as_bytes(), value.len() as u64)["correlationId"], "k", "{value}");
        }
        for value in ["{", "[]", "{}"] {
            assert_eq!(json(value.as_bytes(), 2).get("correlationId"), None, "{value}");
        }
    }

    #[test]
    fn every_record_has_an_id_of_its_own_and_the_same_record_the_same() {
        let raw = |offset, key: Option<&str>, value: &str| Raw {
            key: key.map(|key| key.as_bytes().to_vec()),
            value: value.into(),
            headers: vec![],
            timestamp: chrono::DateTime::UNIX_EPOCH,
            origin: Origin { topic: TopicName::try_from("in").unwrap(), partition: 0, offset },
        };
        let records = [
            raw(1, Some("ab"), "c"),
            raw(1, Some("a"), "bc"),
            raw(1, Some(""), "abc"),
            raw(1, None, "abc"),
            raw(2, None, "abc"),
            raw(1, None, "abd"),
        ];
        let ids = |pipeline| records.iter().map(move |raw| id(pipeline, raw));
        let all: std::collections::HashSet<_> = ids("pipeline").chain(ids("other")).chain(ids("pipeline")).collect();
        assert_eq!(all.len(), 2 * records.len());
    }

    #[test]
    fn a_letter_that_was_cut_inside_a_character_ends_before_it() {
        let cut = json("caf\u{e9}".split_at(3).0.as_bytes(), 5);
        assert_eq!((&cut["value"], &cut["truncated"], &cut["sizeBytes"]), (&"caf".into(), &true.into(), &5.into()));
        let cut = json(&"caf\u{e9}".as_bytes()[..4], 5);
        assert_eq!((&cut["value"], &cut["truncated"]), (&"caf".into(), &true.into()));
    }

    #[test]
    fn a_letter_that_ends_inside_a_character_by_itself_is_no_text() {
        let whole = json(&"caf\u{e9}".as_bytes()[..4], 4);
        assert_eq!((&whole["valueBase64"], &whole["truncated"]), (&"Y2Fmww==".into(), &false.into()));
        assert!(whole.get("value").is_none());
    }
}
