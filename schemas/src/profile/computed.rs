//! What the rules compute from a profile: the types, their names and their bounds. The rules are transforms.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{AdminStatus, AlertKind, AlertLog, AlertTransition};

/// The names of a closed set in tables and JSON: `ALL`, `as_str`, `from_name`, and serde's.
macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in tables and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

mod attention;
mod completeness;
mod conformity;
mod insights;
mod risk;

pub use attention::{Attention, AttentionReason, ReviewPriority};
pub use completeness::{Band, Completeness, Coverage};
pub use conformity::{Conformity, Issue, IssueCategory, Rating, Severity};
pub use insights::{FinancialMetrics, Insights, InventoryMetrics};
pub use risk::{Factor, RiskAssessment, RiskLevel};

/// Everything that the rules compute for one profile. Each `Derive` step fills its part, and may read those before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Computed {
    /// §2
    pub completeness: Completeness,
    /// §3; `None` until `rate_compliance` ran.
    pub rating: Option<Rating>,
    /// §4
    pub conformity: Conformity,
    /// §5; `None` without the data, or with the step switched off.
    pub risk: Option<RiskAssessment>,
    /// §6
    pub insights: Insights,
    /// §6; `None` without asset lines.
    pub financial_metrics: Option<FinancialMetrics>,
    /// §6; `None` without stock lines.
    pub inventory_metrics: Option<InventoryMetrics>,
    /// §7: the alerts afterwards.
    pub alerts: BTreeMap<AlertKind, AlertLog>,
    /// §7: what happened to them.
    pub transitions: Vec<AlertTransition>,
    /// §8
    pub attention: Attention,
}

/// What a stored row says of the values whose changes are history.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// 0 to 100.
    pub completeness: u8,
    /// The rating.
    pub rating: Rating,
    /// 0 to 100.
    pub conformity_score: u8,
    /// The risk level, where assessed.
    pub risk_level: Option<RiskLevel>,
    /// The status.
    pub admin_status: AdminStatus,
    /// The hash of the rules that made the row.
    pub rules_hash: String,
    /// When the row was written.
    pub updated_at: DateTime<Utc>,
}
