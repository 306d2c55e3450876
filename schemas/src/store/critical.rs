//! Critical syncs, as they are stored, and what administrators decide over them.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::profile::{Question, Verdict};
use crate::{Json, Origin};

/// What became of a critical sync (spec/1 §3.6, spec/2 §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeStatus {
    /// It waits for an administrator.
    PendingApproval,
    /// It took effect at once.
    Applied,
    /// An administrator let it take effect.
    Approved,
    /// An administrator did not.
    Rejected,
}

impl From<Verdict> for ChangeStatus {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approved => Self::Approved,
            Verdict::Rejected => Self::Rejected,
        }
    }
}

impl ChangeStatus {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::PendingApproval, Self::Applied, Self::Approved, Self::Rejected];

    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingApproval => "pending_approval",
            Self::Applied => "applied",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A critical sync, stored. Unique per customer and question: a replay finds it there, and of several events that put one question the one
/// is kept that [stands over](CriticalChange::stands_over) the others, whichever is written first, until an administrator decides over
/// what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct CriticalChange {
    /// The customer.
    pub customer_id: String,
    /// What is asked: the request, and a hash of its changes.
    pub question: Question,
    /// `syncType`
    pub sync_type: String,
    /// `priority`
    pub priority: String,
    /// The `changes` array, as sent.
    pub changes: Json,
    /// Who asked: `metadata.source`, where sent.
    pub source: Option<String>,
    /// What became of it.
    pub status: ChangeStatus,
    /// The event.
    pub event_id: Arc<str>,
    /// The event time.
    pub at: DateTime<Utc>,
    /// Where it was read.
    pub origin: Origin,
    /// What ties the event to those that caused it.
    pub correlation_id: Option<Arc<str>>,
}

impl CriticalChange {
    /// Whether this is the event to keep of the two: one that waits over one that was applied, so that a row waits exactly while the
    /// profile's [`waiting`](crate::profile::Profile::waiting) names its question; then the earlier, by microseconds, the one with the
    /// lesser id, the one read first. A sink updates its rows by this very order.
    #[must_use]
    pub fn stands_over(&self, other: &Self) -> bool {
        let rank = |change: &Self| (change.status != ChangeStatus::PendingApproval, change.at.timestamp_micros());
        (rank(self), &self.event_id, &self.origin) < (rank(other), &other.event_id, &other.origin)
    }
}

/// What an administrator decided over a critical sync that waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The customer.
    pub customer_id: String,
    /// What was asked.
    pub question: Question,
    /// The verdict.
    pub verdict: Verdict,
    /// Who decided.
    pub by: String,
    /// Why, in the administrator's words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A critical sync as it stands in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredChange {
    /// What was asked; its status is what became of it.
    pub change: CriticalChange,
    /// What was decided over it; `None` as long as it waits, and of one that was applied at once.
    pub ruling: Option<Ruling>,
}
