//! The name of a topic.

use std::fmt;
use std::sync::Arc;

/// A topic's name: 1 to 249 bytes, no blanks, control characters, slashes, wildcards or backslashes, and neither `.` nor `..`.
///
/// Cloning is a reference count. Brokers may allow less than this (Kafka: ASCII letters, digits, `.`, `_`, `-`); they say so themselves.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct TopicName(Arc<str>);

/// Why a text is no topic name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no topic name: {why}")]
pub struct InvalidTopicName {
    name: String,
    why: &'static str,
}

impl TopicName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for TopicName {
    type Error = InvalidTopicName;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        let invalid = |why| InvalidTopicName { name: name.chars().take(300).collect(), why };
        if name.is_empty() {
            return Err(invalid("it is empty"));
        }
        if name.len() > 249 {
            return Err(invalid("it is longer than 249 bytes"));
        }
        if name == "." || name == ".." {
            return Err(invalid("it names a directory"));
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | '*' | '?' | ',' | '"' | '\'')) {
            return Err(invalid("it holds a blank, a control character, a quote, a comma, a slash or a wildcard"));
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> serde::Deserialize<'de> for TopicName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::try_from(name.as_ref()).map_err(serde::de::Error::custom)
    }
}
