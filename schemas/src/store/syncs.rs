//! Syncs, as they are written.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::sync::{Sync, SyncState};

/// What is written of a customer's syncs.
#[derive(Debug, Clone, PartialEq)]
pub struct Syncs {
    /// The customer.
    pub customer_id: String,
    /// What is remembered; its `version` is the one that was read.
    pub state: SyncState,
    /// Those that changed, each once.
    pub changed: Vec<Sync>,
    /// What happened to them, in order.
    pub entries: Vec<SyncEntry>,
}

/// What can happen to a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncStage {
    /// It waits for its start.
    Scheduled,
    /// Another wish joined it as it waited.
    Joined,
    /// The source was asked.
    Started,
    /// An attempt was not answered in time.
    Failed,
    /// No attempt was.
    GivenUp,
    /// It was answered.
    Completed,
}

impl SyncStage {
    /// All of them, in the order in which they may follow each other.
    pub const ALL: [Self; 6] = [Self::Scheduled, Self::Joined, Self::Started, Self::Failed, Self::GivenUp, Self::Completed];

    /// The name in tables and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Joined => "joined",
            Self::Started => "started",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
            Self::Completed => "completed",
        }
    }
}

/// A line of the history of a customer's syncs (spec/3 §8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncEntry {
    /// Its number, from 1; unique with the customer.
    pub seq: i64,
    /// Which sync.
    pub sync_id: Uuid,
    /// Which attempt; 0 before the first.
    pub attempt: u32,
    /// What happened.
    pub what: SyncStage,
    /// Who caused it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Where the synchronisation stood before.
    pub before: &'static str,
    /// Where it stands after.
    pub after: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}
