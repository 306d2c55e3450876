//! Records that could not be processed, as they are stored and listed (spec/1 §5).

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Header, Origin, Reason, TopicName, Violation};

/// How much of a dead letter's bytes its topic gets; the table keeps all (`architecture.md`, rule 2).
pub const PUBLISHED_LETTER_BYTES: u32 = 256 << 10;

/// A record that could not be processed (spec/1 §5). Unique by pipeline and origin: of a topic that was made anew, the record that is at
/// the offset now.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Deterministic: UUIDv5 of pipeline, origin, key and value.
    pub id: Uuid,
    /// The stage that refused it.
    pub stage: String,
    /// Why.
    pub reason: Reason,
    /// Everything that is wrong with it.
    pub violations: Vec<Violation>,
    /// Where it was read.
    pub origin: Origin,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<Header>,
    /// Its bytes, whole.
    pub value: Vec<u8>,
    /// Its own timestamp.
    pub timestamp: DateTime<Utc>,
    /// The topic that it is published to, from the table; `None`: nowhere.
    pub publish_to: Option<TopicName>,
}

/// A stored dead letter, for those who list them.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDeadLetter {
    /// The letter. `publish_to` is `None` here.
    pub letter: DeadLetter,
    /// When it was first written.
    pub first_seen: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i64,
    /// How many bytes its value has: more than the letter holds where it was cut.
    pub size_bytes: u64,
}

/// Which dead letters to list.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Of this reason.
    pub reason: Option<Reason>,
    /// Refused by this stage.
    pub stage: Option<String>,
    /// Read from this topic.
    pub topic: Option<String>,
    /// First seen at or after.
    pub since: Option<DateTime<Utc>>,
    /// First seen before.
    pub until: Option<DateTime<Utc>>,
    /// Of an id in this range.
    pub ids: Option<RangeInclusive<Uuid>>,
    /// At most this many, oldest first. Counts do not heed it.
    pub limit: u32,
    /// Of each value the first so many bytes; `None`: all of it.
    pub value_bytes: Option<u32>,
}
