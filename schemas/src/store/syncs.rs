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

/// A line of the history of a customer's syncs (spec/3 §8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncEntry {
    /// Its number, from 1; unique with the customer.
    pub seq: i64,
    /// Which sync.
    pub sync_id: Uuid,
    /// Which attempt; 0 before the first.
    pub attempt: u32,
    /// `scheduled`, `joined`, `started`, `failed`, `given_up` or `completed`.
    pub what: &'static str,
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
