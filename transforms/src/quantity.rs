//! Durations and sizes under `with:`, as parameters that check and describe themselves.

use std::borrow::Cow;
use std::fmt;

use chrono::TimeDelta;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use schemas::quantity::{DURATION, SIZE, Units};
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time: `20ms`, `2s`, `5m`, `24h`, `30d`. At most 36,500 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    millis: u64,
}

impl Span {
    const MOST_MILLIS: u64 = 36_500 * 86_400_000;

    /// That many hours, for defaults.
    #[must_use]
    pub(crate) const fn hours(hours: u32) -> Self {
        Self { millis: hours as u64 * 3_600_000 }
    }

    /// That many minutes, for defaults.
    #[must_use]
    pub(crate) const fn minutes(minutes: u32) -> Self {
        Self { millis: minutes as u64 * 60_000 }
    }

    /// As a difference of times.
    #[must_use]
    pub(crate) fn delta(self) -> TimeDelta {
        TimeDelta::milliseconds(i64::try_from(self.millis).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DURATION.show(self.millis))
    }
}

/// A size in bytes: `512B`, `64KiB`, `1MiB`, `2GiB`. At most 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size {
    bytes: u64,
}

impl Size {
    const MOST_BYTES: u64 = 4 << 30;

    /// That many MiB, for defaults.
    #[must_use]
    pub(crate) const fn mebibytes(mebibytes: u32) -> Self {
        Self { bytes: (mebibytes as u64) << 20 }
    }

    /// In bytes.
    #[must_use]
    pub(crate) fn bytes(self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&SIZE.show(self.bytes))
    }
}

/// Reads a quantity from the file's text; says what to write where it is none.
struct Reader {
    units: Units,
    most: u64,
    expected: &'static str,
}

impl Visitor<'_> for Reader {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
        let quantity = self.units.read(text).ok().filter(|quantity| *quantity <= self.most);
        quantity.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a duration with its unit (ms, s, m, h, d), such as `24h`, of at most 36500d";
        let millis = deserializer.deserialize_any(Reader { units: DURATION, most: Self::MOST_MILLIS, expected })?;
        Ok(Self { millis })
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a size with its unit (B, KiB, MiB, GiB), such as `1MiB`, of at most 4GiB";
        let bytes = deserializer.deserialize_any(Reader { units: SIZE, most: Self::MOST_BYTES, expected })?;
        if bytes == 0 {
            return Err(D::Error::custom("a size of 0 lets nothing through: write at least `1B`"));
        }
        Ok(Self { bytes })
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"})
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"})
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_written_as_they_are_read() {
        for text in ["20ms", "2s", "5m", "24h", "30d", "0ms"] {
            let span: Span = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(serde_json::to_value(span).unwrap(), json!(text.replace("24h", "1d")));
        }
        for text in ["512B", "64KiB", "1MiB", "4GiB"] {
            let size: Size = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(serde_json::to_value(size).unwrap(), json!(text));
        }
        assert_eq!(Size::mebibytes(1).bytes(), 1_048_576);
        assert_eq!(Span::hours(24).delta(), TimeDelta::hours(24));
    }

    #[test]
    fn a_quantity_without_a_unit_says_what_to_write() {
        let error = serde_json::from_value::<Span>(json!(24)).unwrap_err().to_string();
        assert!(error.contains("a duration with its unit (ms, s, m, h, d), such as `24h`"), "{error}");
        for value in [json!("24"), json!("24 h"), json!("-1h"), json!("36501d"), json!("99999999999999999999d"), json!(null)] {
            assert!(serde_json::from_value::<Span>(value.clone()).is_err(), "{value}");
        }
        for value in [json!("1MB"), json!("5GiB"), json!("0B"), json!(1)] {
            assert!(serde_json::from_value::<Size>(value.clone()).is_err(), "{value}");
        }
    }
}
