//! From a line to a record.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use schemas::{Outgoing, TopicName};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::headers::Headers;

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {what}", column.map_or_else(String::new, |column| format!(", column {column}")))]
pub struct InvalidLine {
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line, from 1, where one can be named.
    pub column: Option<usize>,
    what: String,
}

impl InvalidLine {
    /// The whole line is wrong, in this way.
    #[must_use]
    pub fn new(line: u64, what: impl Into<String>) -> Self {
        Self { line, column: None, what: what.into() }
    }
}

/// The members as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    topic: TopicName,
    partition: Option<u32>,
    /// Where the record was read: a line that was printed can be written again, and gets an offset of its own.
    #[serde(rename = "offset")]
    _offset: Option<u64>,
    timestamp: Option<DateTime<Utc>>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key_base64: Option<Cow<'a, str>>,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    raw: Option<Cow<'a, str>>,
    #[serde(borrow)]
    raw_base64: Option<Cow<'a, str>>,
}

/// A `value` that is there: `null` is one, other than an absent one.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The record in `text`, which is line `line` (from 1) of its file, without the line's end.
///
/// # Errors
///
/// [`InvalidLine`], which names the line and what is wrong with it.
pub fn parse(line: u64, text: &[u8]) -> Result<Outgoing, InvalidLine> {
    let not_utf8 = |error: std::str::Utf8Error| InvalidLine {
        line,
        column: Some(error.valid_up_to() + 1),
        what: "not UTF-8; give such bytes as `raw_base64`".into(),
    };
    let text = std::str::from_utf8(text).map_err(not_utf8)?;
    let parsed: Line<'_> = serde_json::from_str(text).map_err(|error| located(line, &error))?;
    let timestamp = parsed.timestamp;
    let key = key_of(&parsed).map_err(|what| InvalidLine::new(line, what))?;
    let value = value_of(&parsed).map_err(|what| InvalidLine::new(line, what))?;
    Ok(Outgoing { topic: parsed.topic, partition: parsed.partition, key, value, headers: parsed.headers.0, timestamp })
}

fn key_of(line: &Line<'_>) -> Result<Option<Vec<u8>>, String> {
    match (&line.key, &line.key_base64) {
        (Some(_), Some(_)) => Err("give `key` or `key_base64`, not both".into()),
        (Some(key), None) => Ok(Some(key.as_bytes().to_vec())),
        (None, Some(base64)) => decoded("key_base64", base64).map(Some),
        (None, None) => Ok(None),
    }
}

fn value_of(line: &Line<'_>) -> Result<Vec<u8>, String> {
    match (line.value, &line.raw, &line.raw_base64) {
        (Some(value), None, None) => Ok(value.get().as_bytes().to_vec()),
        (None, Some(raw), None) => Ok(raw.as_bytes().to_vec()),
        (None, None, Some(base64)) => decoded("raw_base64", base64),
        (None, None, None) => Err("no value; give one of `value`, `raw` and `raw_base64`".into()),
        _ => Err("more than one value; give one of `value`, `raw` and `raw_base64`".into()),
    }
}

fn decoded(member: &str, base64: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(base64).map_err(|error| format!("`{member}` is no base64: {error}"))
}

/// serde_json writes the place behind its message, as a line of its own text; here it is the column of the file's line.
fn located(line: u64, error: &serde_json::Error) -> InvalidLine {
    let message = error.to_string();
    let what = match message.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => message,
    };
    InvalidLine { line, column: (error.column() > 0).then(|| error.column()), what }
}
