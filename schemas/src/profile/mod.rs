//! The profile of a customer: what events said, section by section (spec/2 §1).
//!
//! A [`Profile`] is a join-semilattice: [`Profile::join`] is commutative, associative and idempotent, so disorder, repeats and parallel
//! workers cannot change what comes out. Everything computed ([`Computed`]) is a function of it.

mod alert;
mod amount;
mod approval;
mod computed;
mod content;
mod history;
mod merge;
mod overlay;
mod section;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::Json;
use crate::sync::SyncState;

pub use alert::{Alert, AlertKind, AlertLevel, AlertLog, AlertStatus, AlertTransition, TransitionKind};
pub use amount::Amount;
pub use approval::{Decision, Question, Verdict};
pub use computed::{
    Attention, AttentionReason, Band, Completeness, Computed, Conformity, Coverage, Factor, FinancialMetrics, Insights,
    InventoryMetrics, Issue, IssueCategory, Outline, Rating, ReviewPriority, RiskAssessment, RiskLevel, Severity,
};
pub use history::{Change, changes};
pub use overlay::{ForbiddenPath, Overlay, Path};
pub use section::{BASIC_FIELDS, Section, SectionName, SectionSet, Sections, Stamp};
pub use view::View;

/// The two kinds of customer; the sink's names, the wire's `COMPANY` is [`CustomerType::Pme`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum CustomerType {
    /// A small company.
    #[serde(rename = "PME")]
    Pme,
    /// A financial institution.
    #[serde(rename = "FINANCIAL_INSTITUTION")]
    FinancialInstitution,
}

impl CustomerType {
    /// The name in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pme => "PME",
            Self::FinancialInstitution => "FINANCIAL_INSTITUTION",
        }
    }

    /// The type that the wire's name means.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        match name {
            "COMPANY" => Some(Self::Pme),
            "FINANCIAL_INSTITUTION" => Some(Self::FinancialInstitution),
            _ => None,
        }
    }
}

/// A plain value that events state, the latest winning; of one time, the greater.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stated<T> {
    /// The event time.
    pub at: DateTime<Utc>,
    /// What was stated.
    pub value: T,
}

impl<T: Ord> Stated<T> {
    /// Joins a statement into a slot. Returns whether the slot changed.
    pub fn join(slot: &mut Option<Self>, other: Self) -> bool {
        let newer = slot.as_ref().is_none_or(|own| (own.at, &own.value) < (other.at, &other.value));
        if newer {
            *slot = Some(other);
        }
        newer
    }
}

/// What an administrator did about a customer. Written by the admin API alone; no event overwrites it (spec/2 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminStatus {
    /// Under review: the default.
    UnderReview,
    /// Validated.
    Validated,
    /// Flagged, by hand or because its risk is high.
    Flagged,
    /// Suspended.
    Suspended,
    /// Archived.
    Archived,
    /// A sync was given up, or a change waits for approval.
    RequiresAttention,
    /// Rejected.
    Rejected,
}

impl AdminStatus {
    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnderReview => "under_review",
            Self::Validated => "validated",
            Self::Flagged => "flagged",
            Self::Suspended => "suspended",
            Self::Archived => "archived",
            Self::RequiresAttention => "requires_attention",
            Self::Rejected => "rejected",
        }
    }
}

/// Where the synchronisation of a customer stands (spec/3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// No sync was ever asked for.
    #[default]
    NotSynced,
    /// One is planned.
    SyncScheduled,
    /// One was requested, and its answer is awaited.
    PendingSync,
    /// The last one was answered.
    Synced,
    /// The last one was given up.
    SyncFailed,
}

impl SyncStatus {
    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSynced => "not_synced",
            Self::SyncScheduled => "sync_scheduled",
            Self::PendingSync => "pending_sync",
            Self::Synced => "synced",
            Self::SyncFailed => "sync_failed",
        }
    }
}

/// What administrators set by hand; each value stays until cleared (spec/2 §1, §3, §8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Administrative {
    /// The status, instead of the computed one.
    pub status: Option<AdminStatus>,
    /// The compliance rating, instead of the computed one.
    pub rating: Option<Rating>,
    /// The review priority, instead of the computed one.
    pub review_priority: Option<ReviewPriority>,
    /// Risk flags, beside the computed ones.
    pub risk_flags: Vec<String>,
}

/// A customer's profile, as the events, the syncs and the administrators made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The customer's id; the key.
    pub customer_id: String,
    /// How many times the row was written; 0 where there is none yet.
    pub version: i64,
    /// The type that the latest complete or shared profile states.
    pub stated_type: Option<Stated<CustomerType>>,
    /// The data version that the latest event states.
    pub stated_version: Option<Stated<String>>,
    /// What events wrote.
    pub sections: Sections,
    /// What critical syncs set, by path, over the sections.
    pub overlays: BTreeMap<Path, Overlay>,
    /// What waits for an administrator, and when it was asked.
    pub waiting: BTreeMap<Question, DateTime<Utc>>,
    /// What one decided over: none of it waits.
    pub decided: BTreeMap<Question, Decision>,
    /// The event time of the newest complete profile (spec/1 §3.5): one answers any sync.
    pub complete_at: Option<DateTime<Utc>>,
    /// What administrators set.
    pub admin: Administrative,
    /// Where the synchronisation stands.
    pub sync_status: SyncStatus,
    /// When the last sync was answered.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Its syncs. They are stored apart from the profile: a customer without one may have some.
    pub syncs: SyncState,
    /// For each kind of alert, how often it was raised, and the last one.
    pub alerts: BTreeMap<AlertKind, AlertLog>,
    /// What the stored row says, to tell what changes; `None` for a new customer.
    pub stored: Option<Outline>,
}

impl Profile {
    /// Whether a sync was given up and none was answered since, be another one under way or not (spec/3 §5).
    #[must_use]
    pub fn sync_is_given_up(&self) -> bool {
        self.sync_status == SyncStatus::SyncFailed || self.syncs.given_up.is_some()
    }

    /// A customer of whom nothing is known.
    #[must_use]
    pub fn new(customer_id: impl Into<String>) -> Self {
        Self {
            customer_id: customer_id.into(),
            version: 0,
            stated_type: None,
            stated_version: None,
            sections: Sections::default(),
            overlays: BTreeMap::new(),
            waiting: BTreeMap::new(),
            decided: BTreeMap::new(),
            complete_at: None,
            admin: Administrative::default(),
            sync_status: SyncStatus::default(),
            last_sync_at: None,
            syncs: SyncState::default(),
            alerts: BTreeMap::new(),
            stored: None,
        }
    }

    /// The customer's type: as stated; else an institution if it has an institution's sections; else a company (spec/2 §1).
    #[must_use]
    pub fn customer_type(&self) -> CustomerType {
        if let Some(stated) = &self.stated_type {
            return stated.value;
        }
        let institution = self.sections.get(SectionName::SpecificData).is_some()
            || self.sections.get(SectionName::InstitutionProfile).is_some();
        if institution { CustomerType::FinancialInstitution } else { CustomerType::Pme }
    }

    /// "As of": the latest event time among the sections, never the wall clock (spec/2 §1). `None` without sections.
    #[must_use]
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.sections.iter().map(|(_, section)| section.stamp.at).max()
    }

    /// The sections that show what they showed in `before`, this profile's stored state: one event wrote both, and no overlay is
    /// another. Fewer than could be said, never more: with overlays nothing is said, for what they show is for the rules of the day to say.
    #[must_use]
    pub fn shown_as_in(&self, before: &Self) -> SectionSet {
        if before.version == 0 || !self.overlays.is_empty() || !before.overlays.is_empty() {
            return SectionSet::default();
        }
        SectionName::ALL.into_iter().filter(|name| self.sections.get(*name) == before.sections.get(*name)).collect()
    }

    /// Approximate heap size, for the bounded cache.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let section = |section: &Section| section.value.size_bytes() + section.summary.as_ref().map_or(0, Json::size_bytes);
        let sections: usize = self.sections.iter().map(|(_, own)| section(own)).sum();
        let overlays: usize = self.overlays.values().map(|overlay| overlay.value.size_bytes()).sum();
        let alerts: usize = self.alerts.values().map(|log| log.last.data.size_bytes() + log.last.message.len()).sum();
        size_of::<Self>()
            + self.customer_id.len()
            + sections
            + overlays
            + alerts
            + 512 * (self.overlays.len() + self.alerts.len())
            + 192 * (self.waiting.len() + self.decided.len())
            + self.syncs.size_bytes()
    }
}
