//! From a line to a record.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use schemas::{Header, Outgoing, TopicName, ValueBytes};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::complaint;
use super::headers::Headers;
use super::members::{Member, Members, Text};
use crate::harmless::in_one_line;

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {what}", column.map_or_else(String::new, |column| format!(", column {column}")), what = in_one_line(what))]
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

/// The record in `text`, which is line `line` (from 1) of its file, without the line's end.
///
/// # Errors
///
/// [`InvalidLine`], which names the line, the member, and what it must be.
pub fn parse(line: u64, text: &[u8]) -> Result<Outgoing, InvalidLine> {
    let not_utf8 = |error: std::str::Utf8Error| InvalidLine {
        line,
        column: Some(error.valid_up_to() + 1),
        what: "not UTF-8; give such bytes as `raw_base64`".into(),
    };
    let text = std::str::from_utf8(text).map_err(not_utf8)?;
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| {
        let (column, what) = complaint::of(text, &error);
        InvalidLine { line, column, what }
    })?;
    Read { line, text, members }.record()
}

/// A line whose members are told apart, and not yet read.
struct Read<'a> {
    line: u64,
    text: &'a str,
    members: Members<'a>,
}

impl<'a> Read<'a> {
    fn record(&self) -> Result<Outgoing, InvalidLine> {
        // Where a record was read means nothing to where it is written: it gets an offset of its own.
        self.number::<u64>(Member::Offset)?;
        Ok(Outgoing {
            topic: self.topic()?,
            partition: self.number(Member::Partition)?,
            key: self.key()?,
            value: self.value()?,
            headers: self.headers()?,
            timestamp: self.timestamp()?,
        })
    }

    fn topic(&self) -> Result<TopicName, InvalidLine> {
        let raw = self.members.given(Member::Topic).ok_or_else(|| InvalidLine::new(self.line, "no `topic`"))?;
        let name = self.text_of(Member::Topic, raw)?;
        TopicName::try_from(name.as_ref()).map_err(|error| self.wrong(raw, format!("`topic`: {error}")))
    }

    fn number<T: for<'d> Deserialize<'d>>(&self, member: Member) -> Result<Option<T>, InvalidLine> {
        let read = |raw: &RawValue| {
            let must = || self.must(member, raw, "a whole number from 0");
            serde_json::from_str(raw.get()).map_err(|_| must())
        };
        self.members.given(member).map(read).transpose()
    }

    fn timestamp(&self) -> Result<Option<DateTime<Utc>>, InvalidLine> {
        let read = |raw: &RawValue| {
            let must = || self.must(Member::Timestamp, raw, r#"an RFC 3339 time with its zone, such as "2026-03-01T08:00:00Z""#);
            serde_json::from_str(raw.get()).map_err(|_| must())
        };
        self.members.given(Member::Timestamp).map(read).transpose()
    }

    fn key(&self) -> Result<Option<Vec<u8>>, InvalidLine> {
        match (self.members.given(Member::Key), self.members.given(Member::KeyBase64)) {
            (Some(_), Some(_)) => Err(InvalidLine::new(self.line, "give `key` or `key_base64`, not both")),
            (Some(key), None) => self.text_of(Member::Key, key).map(|key| Some(key.into_owned().into_bytes())),
            (None, Some(base64)) => self.decoded(Member::KeyBase64, base64).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn value(&self) -> Result<ValueBytes, InvalidLine> {
        const ONE_OF: &str = "give one of `value`, `raw` and `raw_base64`, or `\"tombstone\": true`";
        let is_tombstone = self.is_tombstone()?;
        // Of these three, `null` is a value where JSON is given, and says nothing elsewhere.
        match (self.members.get(Member::Value), self.members.given(Member::Raw), self.members.given(Member::RawBase64)) {
            (None, None, None) if is_tombstone => Ok(ValueBytes::TOMBSTONE),
            (Some(value), None, None) if !is_tombstone => Ok(value.get().into()),
            (None, Some(raw), None) if !is_tombstone => self.text_of(Member::Raw, raw).map(|raw| raw.into_owned().into()),
            (None, None, Some(base64)) if !is_tombstone => self.decoded(Member::RawBase64, base64).map(Into::into),
            (None, None, None) => Err(InvalidLine::new(self.line, format!("no value; {ONE_OF}"))),
            _ => Err(InvalidLine::new(self.line, format!("more than one value; {ONE_OF}"))),
        }
    }

    fn is_tombstone(&self) -> Result<bool, InvalidLine> {
        let Some(raw) = self.members.given(Member::Tombstone) else { return Ok(false) };
        serde_json::from_str(raw.get()).map_err(|_| self.must(Member::Tombstone, raw, "true or false"))
    }

    fn headers(&self) -> Result<Vec<Header>, InvalidLine> {
        let Some(raw) = self.members.get(Member::Headers) else { return Ok(Vec::new()) };
        match serde_json::from_str(raw.get()) {
            Ok(Headers(headers)) => Ok(headers),
            Err(error) => Err(self.wrong(raw, format!("`headers`: {}", complaint::without_place(&error)))),
        }
    }

    fn text_of(&self, member: Member, raw: &'a RawValue) -> Result<Cow<'a, str>, InvalidLine> {
        let read: Result<Text<'a>, _> = serde_json::from_str(raw.get());
        read.map(|Text(text)| text).map_err(|_| self.must(member, raw, "a text"))
    }

    fn decoded(&self, member: Member, raw: &'a RawValue) -> Result<Vec<u8>, InvalidLine> {
        let text = self.text_of(member, raw)?;
        BASE64_STANDARD.decode(text.as_bytes()).map_err(|error| {
            let why = error.to_string();
            self.wrong(raw, format!("`{}` is no base64: {}", member.name(), why.trim_end_matches('.').to_lowercase()))
        })
    }

    fn must(&self, member: Member, raw: &RawValue, be: &str) -> InvalidLine {
        /// How much of a value is quoted, in characters.
        const QUOTED: usize = 60;
        let (quoted, more) = match raw.get().char_indices().nth(QUOTED) {
            Some((end, _)) => (&raw.get()[..end], "..."),
            None => (raw.get(), ""),
        };
        self.wrong(raw, format!("`{}` must be {be}, and is {quoted}{more}", member.name()))
    }

    /// Something is wrong with this value: it is a piece of the line's own text, so its place is known.
    fn wrong(&self, raw: &RawValue, what: String) -> InvalidLine {
        let at = (raw.get().as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        InvalidLine { line: self.line, column: at.map(|at| at + 1), what }
    }
}
