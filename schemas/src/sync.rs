//! The synchronisation of a customer with the source system: what was asked, and where it stands (spec/3).
//!
//! ```text
//! ask -> scheduled -> pending -> completed
//!                      |   ^ \
//!                      v   |  -> given up -> completed (a late answer)
//!                    retrying
//! ```

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::profile::SyncStatus;

mod requested;

pub use requested::Requested;

/// How soon an answer is wanted; sets the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncPriority {
    /// Within half an hour.
    Low,
    /// Within ten minutes.
    Medium,
    /// Within five minutes.
    High,
    /// Within two minutes.
    Urgent,
}

impl SyncPriority {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Urgent];

    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

/// Somebody wants a sync.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The id that the sync gets if none is planned.
    pub id: Uuid,
    /// How soon.
    pub priority: SyncPriority,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// What.
    pub requested: Requested,
    /// How long it may wait for others to join it.
    pub delay: TimeDelta,
}

/// Where a sync stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It starts at its `due`.
    Scheduled,
    /// The source was asked, and answers until its `due`.
    Pending,
    /// An attempt failed; the next one starts at its `due`.
    Retrying,
    /// It was answered.
    Completed,
    /// It was not, in any attempt.
    GivenUp,
}

/// A synchronisation of one customer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sync {
    /// Its id: a UUID of version 7.
    pub id: Uuid,
    /// How soon.
    pub priority: SyncPriority,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub by: String,
    /// What is asked for.
    pub requested: Requested,
    /// That, by code, for a customer of its type: as it was when this was last looked at.
    pub data: Vec<String>,
    /// Where it stands.
    pub phase: Phase,
    /// Which attempt it is, from 1; 0 before the first.
    pub attempt: u32,
    /// When it was asked for last, of several that became one.
    pub asked_at: DateTime<Utc>,
    /// When the first attempt started: what is as new answers it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its timer is due; `None` once it has ended.
    pub due: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What was done, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<SyncStep>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A step of a sync (spec/3 §3).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SyncStep {
    /// Which.
    pub step: StepCode,
    /// How it went.
    pub status: StepStatus,
    /// What there is to say.
    pub message: String,
    /// When.
    pub time: DateTime<Utc>,
}

/// The steps of an attempt, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepCode {
    /// What is known of the customer.
    CheckCurrentProfile,
    /// The source is asked.
    RequestCustomerServiceSync,
    /// The profile says that an answer is awaited.
    MarkSyncInProgress,
    /// The deadline is set.
    ScheduleSyncVerification,
}

impl StepCode {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CheckCurrentProfile => "check_current_profile",
            Self::RequestCustomerServiceSync => "request_customer_service_sync",
            Self::MarkSyncInProgress => "mark_sync_in_progress",
            Self::ScheduleSyncVerification => "schedule_sync_verification",
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// As it should.
    Completed,
}

/// An attempt that failed: what `syncErrors` lists.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncError {
    /// When.
    pub timestamp: DateTime<Utc>,
    /// Why.
    pub error: String,
    /// Which sync.
    pub sync_id: Uuid,
    /// Which attempt, from 1.
    pub attempt: u32,
}

impl Phase {
    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Pending => "pending",
            Self::Retrying => "failed",
            Self::Completed => "completed",
            Self::GivenUp => "given_up",
        }
    }
}

/// A sync that ended: what `syncMetadata` lists.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndedSync {
    /// Which sync.
    pub sync_id: Uuid,
    /// How it ended.
    pub status: Phase,
    /// How soon it was wanted.
    pub priority: SyncPriority,
    /// Why it was asked for.
    pub reason: String,
    /// How many attempts there were.
    pub attempts: u32,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
}

/// The syncs of a customer that are not over, and what is remembered of those that are.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SyncState {
    /// How many times it was written; 0 where nothing is stored.
    #[serde(skip)]
    pub version: i64,
    /// The one that was started: there is one at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Sync>,
    /// The one that comes next, into which others collapse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned: Option<Sync>,
    /// The last one that was given up, until one is answered: a late answer still completes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up: Option<Sync>,
    /// When one was last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync_at: Option<DateTime<Utc>>,
    /// The last attempts that failed, the oldest first; at most [`KEPT`](Self::KEPT).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<SyncError>,
    /// The last ones that ended, the oldest first; at most [`KEPT`](Self::KEPT).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<EndedSync>,
    /// How many entries its history has.
    pub entries: i64,
}

impl SyncState {
    /// How many syncs, and how many failed attempts, are remembered (spec/2 §1).
    pub const KEPT: usize = 10;

    /// When something is to happen next by itself.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match &self.open {
            Some(open) => open.due,
            None => self.planned.as_ref().and_then(|planned| planned.due),
        }
    }

    /// When the next request to the source is to be sent, as far as that is known.
    #[must_use]
    pub fn next_start(&self) -> Option<DateTime<Utc>> {
        match &self.open {
            Some(open) if open.phase == Phase::Retrying => open.due,
            Some(_) => None,
            None => self.planned.as_ref().and_then(|planned| planned.due),
        }
    }

    /// What dashboards show.
    #[must_use]
    pub fn status(&self) -> SyncStatus {
        match self {
            Self { open: Some(_), .. } => SyncStatus::PendingSync,
            Self { given_up: Some(_), .. } => SyncStatus::SyncFailed,
            Self { planned: Some(_), .. } => SyncStatus::SyncScheduled,
            Self { last_sync_at: Some(_), .. } => SyncStatus::Synced,
            _ => SyncStatus::NotSynced,
        }
    }

    /// Approximate heap size, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let step = |step: &SyncStep| 128 + step.message.len();
        let sync = |sync: &Sync| {
            let data = sync.data.iter().chain(&sync.requested.named).map(|code| 32 + code.len()).sum::<usize>();
            256 + data + sync.steps.iter().map(step).sum::<usize>() + sync.reason.len() + sync.by.len()
        };
        let syncs = [&self.open, &self.planned, &self.given_up].into_iter().flatten().map(sync).sum::<usize>();
        syncs + 192 * (self.errors.len() + self.ended.len())
    }
}
