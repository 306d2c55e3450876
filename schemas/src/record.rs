//! What travels: raw records as a broker holds them, and records that the pipeline understands.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{Json, TopicName};

/// Where a record was first read. Kept through re-keying, so that a dead letter or a section names the source's own record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The topic.
    pub topic: TopicName,
    /// The partition, from 0.
    pub partition: u32,
    /// The offset in the partition, from 0.
    pub offset: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]@{}", self.topic, self.partition, self.offset)
    }
}

/// A header: a name and bytes. Names may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Vec<u8>,
}

/// The bytes of a record's value; or none, which is not the same as no bytes: a tombstone, by which a compacted topic forgets a key.
///
/// Read as bytes, a tombstone is empty.
///
/// ```
/// use schemas::ValueBytes;
///
/// assert!(ValueBytes::TOMBSTONE.is_empty());
/// assert_ne!(ValueBytes::TOMBSTONE, ValueBytes::from(""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueBytes(Option<Vec<u8>>);

impl ValueBytes {
    /// No value.
    pub const TOMBSTONE: Self = Self(None);

    /// Whether there is no value.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.0.is_none()
    }

    /// The bytes; `None` of a tombstone.
    #[must_use]
    pub fn given(&self) -> Option<&[u8]> {
        self.0.as_deref()
    }

    /// The bytes; none of a tombstone.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.unwrap_or_default()
    }
}

impl<T: Into<Vec<u8>>> From<T> for ValueBytes {
    fn from(bytes: T) -> Self {
        Self(Some(bytes.into()))
    }
}

/// A tombstone equals no bytes, not even none.
impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for ValueBytes {
    fn eq(&self, bytes: &T) -> bool {
        self.given() == Some(bytes.as_ref())
    }
}

impl Deref for ValueBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A record as the broker gave it. Only the `decode` step makes it a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// Where it was read.
    pub origin: Origin,
    /// The key. No key and an empty key are two things.
    pub key: Option<Vec<u8>>,
    /// The value; may be empty, or a tombstone.
    pub value: ValueBytes,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// The record's own timestamp (milliseconds on most brokers).
    pub timestamp: DateTime<Utc>,
}

impl Raw {
    /// About how much memory it takes, in bytes: for bounds, so that keys, headers and many small records count too.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|header| size_of::<Header>() + header.name.len() + header.value.len()).sum();
        size_of::<Self>() + self.key.as_ref().map_or(0, Vec::len) + self.value.len() + headers
    }
}

/// A record on its way to a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The topic to write to.
    pub topic: TopicName,
    /// The partition; `None` leaves the choice to the key, or to the broker where there is no key.
    pub partition: Option<u32>,
    /// The key. No key and an empty key are two things.
    pub key: Option<Vec<u8>>,
    /// The value; may be empty, or a tombstone.
    pub value: ValueBytes,
    /// The headers, in order.
    pub headers: Vec<Header>,
    /// The record's own timestamp; `None` is the time of writing.
    pub timestamp: Option<DateTime<Utc>>,
}

/// A record that was decoded: a JSON value with an identity and a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The key that orders it: once normalised, the customer's id.
    pub key: Option<String>,
    /// The business payload; after `decode`, without its envelope.
    pub value: Json,
    /// Which event it is: its schema's `x-event`, such as `assets`. Empty before `validate`.
    pub kind: Arc<str>,
    /// The identity for de-duplication (spec/1 §1).
    pub id: Arc<str>,
    /// The time of the event (spec/1 §1).
    pub event_time: DateTime<Utc>,
    /// The record's own timestamp.
    pub timestamp: DateTime<Utc>,
    /// Where it was first read.
    pub origin: Origin,
    /// What ties this event to those that caused it, where the source names it.
    pub correlation_id: Option<Arc<str>>,
    /// What was tolerated on the way, for the metrics.
    pub tolerated: Tolerated,
}

/// Counts of what was accepted although it is not as it should be (spec/1 §1, §3.1 and §5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tolerated {
    /// Numbers that came as strings.
    pub numeric_strings: u32,
    /// Fields that the contract does not name.
    pub unknown_fields: u32,
    /// Dates that do not parse.
    pub unparsed_dates: u32,
    /// Texts outside the known ones of an open set, such as a `typeInstitution` of the producer's own (spec/1 §3.1).
    pub unlisted_values: u32,
    /// NULs and lone surrogates that became U+FFFD.
    pub replaced_characters: u32,
}

impl std::ops::AddAssign for Tolerated {
    fn add_assign(&mut self, other: Self) {
        self.numeric_strings += other.numeric_strings;
        self.unknown_fields += other.unknown_fields;
        self.unparsed_dates += other.unparsed_dates;
        self.unlisted_values += other.unlisted_values;
        self.replaced_characters += other.replaced_characters;
    }
}
