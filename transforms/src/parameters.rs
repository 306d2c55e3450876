//! Parameters of steps: from `with:` in the pipeline file to one typed struct, or the path of what is wrong.
//!
//! What the file gives is laid over the defaults, member by member, so `low_revenue: {below: 50000}` keeps the default points.
//! Ranges are types ([`Score`], [`Percent`], [`Threshold`]): they check, and their schemas document what they check.

use std::fmt;

use bigdecimal::{BigDecimal, FromPrimitive};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::{Derive, InvalidParameters, Step};

/// The parameters of a step.
pub(crate) trait Parameters: Serialize + DeserializeOwned + Default {
    /// Judges what no single type can: relations between parameters.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`] with the path of the first parameter that contradicts another.
    fn check(&self) -> Result<(), InvalidParameters> {
        Ok(())
    }
}

/// Reads a step's parameters from `with:`.
///
/// # Errors
///
/// [`InvalidParameters`] for an unknown name, a value of the wrong type or out of its range, or a contradiction.
pub(crate) fn read<P: Parameters>(with: &Value) -> Result<P, InvalidParameters> {
    let mut whole = serde_json::to_value(P::default()).expect("parameters serialise: string keys, finite numbers");
    lay_over(&mut whole, with, &mut Vec::new())?;
    let parameters: P = serde_path_to_error::deserialize(whole)
        .map_err(|error| InvalidParameters { path: path_of(error.path()), message: error.inner().to_string() })?;
    parameters.check()?;
    Ok(parameters)
}

/// Builds a derive step of what stands under `with:`.
///
/// # Errors
///
/// As [`read`].
pub(crate) fn build_derive<P: Parameters, S: Derive + 'static>(
    with: &Value,
    step: fn(P) -> S,
) -> Result<Step, InvalidParameters> {
    read(with).map(|parameters| Step::Derive(Box::new(step(parameters))))
}

/// Sees to it that nothing stands under `with:` of a step that takes no parameters.
///
/// # Errors
///
/// [`InvalidParameters`] with the first name that does.
pub(crate) fn none(with: &Value) -> Result<(), InvalidParameters> {
    match with.as_object().and_then(|with| with.keys().next()) {
        None => Ok(()),
        Some(name) => {
            Err(InvalidParameters { path: vec![name.clone()], message: format!("unknown parameter `{name}`: there are none") })
        }
    }
}

/// A contradiction between parameters, at the path of one of them.
pub(crate) fn contradiction(path: &[&str], message: impl Into<String>) -> InvalidParameters {
    InvalidParameters { path: path.iter().map(ToString::to_string).collect(), message: message.into() }
}

fn lay_over(base: &mut Value, given: &Value, path: &mut Vec<String>) -> Result<(), InvalidParameters> {
    let Value::Object(members) = base else {
        *base = given.clone();
        return Ok(());
    };
    let Value::Object(given) = given else {
        return Err(InvalidParameters { path: path.clone(), message: format!("expected a map of {}", names(members)) });
    };
    for (name, value) in given {
        path.push(name.clone());
        let Some(member) = members.get_mut(name) else {
            let message = format!("unknown parameter `{name}`: there are {}", names(members));
            return Err(InvalidParameters { path: path.clone(), message });
        };
        lay_over(member, value, path)?;
        path.pop();
    }
    Ok(())
}

fn names(members: &serde_json::Map<String, Value>) -> String {
    members.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn path_of(path: &serde_path_to_error::Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Takes `required` out of a rule's schema: what the file leaves out keeps its default.
pub(crate) fn all_optional(schema: &mut Schema) {
    schema.remove("required");
}

/// A whole number from 0 to 100: points, a score, a completeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Score(u8);

impl Score {
    /// For defaults, which are constants.
    ///
    /// # Panics
    ///
    /// When `value` is over 100: at compile time, in a constant.
    #[must_use]
    pub(crate) const fn new(value: u8) -> Self {
        assert!(value <= 100, "a score is at most 100");
        Self(value)
    }

    /// The number.
    #[must_use]
    pub(crate) const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = i64::deserialize(deserializer)?;
        let score = u8::try_from(value).ok().filter(|score| *score <= 100);
        score.map(Self).ok_or_else(|| D::Error::invalid_value(Unexpected::Signed(value), &"a whole number from 0 to 100"))
    }
}

impl JsonSchema for Score {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0, "maximum": 100})
    }
}

/// An exact number that a value is held against; any sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Threshold(BigDecimal);

impl Threshold {
    /// The threshold `digits / 10^decimals`, for defaults.
    #[must_use]
    pub(crate) fn new(digits: i64, decimals: i64) -> Self {
        Self(BigDecimal::new(digits.into(), decimals))
    }

    /// The number.
    #[must_use]
    pub(crate) fn get(&self) -> &BigDecimal {
        &self.0
    }
}

impl From<i64> for Threshold {
    fn from(value: i64) -> Self {
        Self::new(value, 0)
    }
}

/// In plain notation, with the digits that were set.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: serde_json::Number = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A float's shortest text is what was written in the file: 0.1 is one tenth, not the double next to it.
        let number = serde_json::Number::deserialize(deserializer)?;
        number.to_string().parse().map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for Threshold {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number"})
    }
}

/// An exact percentage from 0 to 100.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Percent(Threshold);

impl Percent {
    /// For defaults, which are whole.
    #[must_use]
    pub(crate) fn new(value: Score) -> Self {
        Self(Threshold::from(i64::from(value.get())))
    }

    /// The number.
    #[must_use]
    pub(crate) fn get(&self) -> &BigDecimal {
        self.0.get()
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Threshold::deserialize(deserializer)?;
        let hundred = BigDecimal::from_u8(100).unwrap_or_default();
        if *value.get() < BigDecimal::default() || *value.get() > hundred {
            return Err(D::Error::invalid_value(Unexpected::Other(&value.to_string()), &"a percentage from 0 to 100"));
        }
        Ok(Self(value))
    }
}

impl JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "maximum": 100})
    }
}

#[cfg(test)]
mod tests;
