//! Backfills: a sync for each of many profiles (spec/3 §7).

use std::fmt::{Display, Formatter};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::profile::{CustomerType, SyncStatus};

/// How far a backfill is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// Its name.
    pub name: String,
    /// Which run of it; part of what is remembered of each customer.
    pub run: Uuid,
    /// Which profiles, in words.
    pub filter: String,
    /// The customer up to which all were asked for.
    pub after: Option<String>,
    /// For how many customers a sync was asked.
    pub asked: u64,
    /// When the run began.
    pub started_at: DateTime<Utc>,
    /// When it was through.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which profiles to walk over. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// Those that state another data version, or none.
    pub data_version_not: Option<String>,
    /// Those of this type.
    pub customer_type: Option<CustomerType>,
    /// Those whose synchronisation stands so.
    pub sync_status: Option<SyncStatus>,
    /// Those that were not synchronised since.
    pub not_synced_since: Option<DateTime<Utc>>,
}

impl Display for ProfileFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { data_version_not, customer_type, sync_status, not_synced_since } = self;
        let parts = [
            data_version_not.as_ref().map(|version| format!("of another data version than {version}")),
            customer_type.map(|customer_type| format!("of type {}", customer_type.as_str())),
            sync_status.map(|status| format!("whose sync status is {}", status.as_str())),
            not_synced_since.map(|since| format!("not synchronised since {}", since.to_rfc3339())),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { f.write_str("all profiles") } else { write!(f, "profiles {}", parts.join(", ")) }
    }
}

/// What a walk tells of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The customer.
    pub customer_id: String,
    /// What kind it is: `PME` or `FINANCIAL_INSTITUTION`.
    pub customer_type: String,
    /// The data version that its latest event states.
    pub data_version: Option<String>,
    /// Where its synchronisation stands.
    pub sync_status: String,
}
