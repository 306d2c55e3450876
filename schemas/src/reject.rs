//! Why a record cannot be processed: what its dead letter says (spec/1 §5).

use std::fmt;

/// The reason of a dead letter; a closed set, and a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Not UTF-8, not a JSON object, duplicate keys, too deep, too large, a number out of reach.
    Malformed,
    /// A violation of the topic's schema.
    Schema,
    /// An event time over 24 hours after the record's own timestamp.
    Time,
    /// A `dataVersion` that is not taken.
    Version,
    /// A transform failed or panicked.
    Transform,
    /// A critical sync touches a field that it may not.
    ForbiddenField,
    /// The database refuses the value (SQLSTATE classes 22 and 23).
    Store,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Malformed, Self::Schema, Self::Time, Self::Version, Self::Transform, Self::ForbiddenField, Self::Store];

    /// The name in tables, metrics and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Schema => "schema",
            Self::Time => "time",
            Self::Version => "version",
            Self::Transform => "transform",
            Self::ForbiddenField => "forbidden_field",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Violation {
    /// JSON Pointer to the value, in the record's value as sent (with its envelope).
    pub pointer: String,
    /// JSON Pointer to the rule in the schema; empty where no schema is involved.
    pub rule: String,
    /// What is wrong, in words. Quotes at most a short piece of the value.
    pub message: String,
}

/// A record refused: the reason, and all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub reason: Reason,
    /// Everything that was found; never empty.
    pub violations: Vec<Violation>,
}

impl Reject {
    /// A refusal with one finding.
    #[must_use]
    pub fn new(reason: Reason, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let violation = Violation { pointer: pointer.into(), rule: String::new(), message: message.into() };
        Self { reason, violations: vec![violation] }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if let Some(first) = self.violations.first() {
            write!(f, ": {}", first.message)?;
        }
        Ok(())
    }
}
