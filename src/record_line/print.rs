//! From a record to a line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::SecondsFormat;
use schemas::{Raw, TopicName, ValueBytes};
use serde::Serialize;
use serde_json::value::RawValue;

use super::headers::Headers;

/// The members in the order in which they are printed.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a TopicName,
    partition: u32,
    offset: u64,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Headers>,
    #[serde(flatten)]
    value: Value<'a>,
}

/// The value, in the most readable form that keeps its bytes.
#[derive(Serialize)]
enum Value<'a> {
    #[serde(rename = "value")]
    Json(&'a RawValue),
    #[serde(rename = "raw")]
    Text(&'a str),
    #[serde(rename = "raw_base64")]
    Bytes(String),
    #[serde(rename = "tombstone")]
    Tombstone(bool),
}

/// The record as a line, without the line's end.
#[must_use]
pub fn print(record: &Raw) -> String {
    let (key, key_base64) = match record.key.as_deref().map(|key| (std::str::from_utf8(key), key)) {
        Some((Ok(text), _)) => (Some(text), None),
        Some((Err(_), bytes)) => (None, Some(BASE64_STANDARD.encode(bytes))),
        None => (None, None),
    };
    let line = Line {
        topic: &record.origin.topic,
        partition: record.origin.partition,
        offset: record.origin.offset,
        timestamp: record.timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        key,
        key_base64,
        headers: (!record.headers.is_empty()).then(|| Headers(record.headers.clone())),
        value: value_of(&record.value),
    };
    serde_json::to_string(&line).expect("texts, numbers and checked JSON can be written to a string")
}

fn value_of(value: &ValueBytes) -> Value<'_> {
    let Some(bytes) = value.given() else { return Value::Tombstone(true) };
    match std::str::from_utf8(bytes) {
        Ok(text) => json(text).map_or(Value::Text(text), Value::Json),
        Err(_) => Value::Bytes(BASE64_STANDARD.encode(bytes)),
    }
}

/// The text as JSON that can stand in a line as it is: in one line, and without blanks around it, which a parser would drop.
fn json(text: &str) -> Option<&RawValue> {
    let keeps = !text.contains(['\n', '\r']) && text.trim_ascii().len() == text.len();
    if keeps { serde_json::from_str(text).ok() } else { None }
}
