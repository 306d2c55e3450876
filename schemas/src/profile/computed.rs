//! What the rules compute from a profile: the types, their names and their bounds. The rules are transforms.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{AdminStatus, AlertKind, AlertLog, AlertTransition, Amount};

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

/// The band of completeness that distributions count by (spec/2 §2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Band {
    /// 90 and more, unless set otherwise.
    Complete,
    /// 50 to 89.
    Partial,
    /// Less.
    #[default]
    Minimal,
}
names!(Band { Complete => "complete", Partial => "partial", Minimal => "minimal" });

/// How complete a profile is (spec/2 §2).
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completeness {
    /// 0 to 100, rounded half up.
    pub percentage: u8,
    /// The band that the percentage falls in.
    pub band: Band,
    /// Sections that are complete, by their codes.
    pub complete_sections: Vec<&'static str>,
    /// Sections that are not.
    pub incomplete_sections: Vec<&'static str>,
    /// Counted fields (companies) or critical fields (institutions) that are missing.
    pub missing_fields: Vec<&'static str>,
    /// Institutions: present fields of the contract's table, by group, and in total.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub field_coverage: BTreeMap<&'static str, Coverage>,
}

/// How many fields of a group are present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Present fields.
    pub present: u16,
    /// Fields in the table.
    pub of: u16,
}

/// The compliance rating (spec/2 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rating {
    /// Complete and in good standing.
    High,
    /// Nearly complete, and in good standing.
    Medium,
    /// Half complete.
    Low,
    /// Less.
    Critical,
}
names!(Rating { High => "high", Medium => "medium", Low => "low", Critical => "critical" });

/// How severe an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Not conform, whatever the score.
    Critical,
    /// Serious.
    High,
    /// Noticeable.
    Medium,
    /// Slight.
    Low,
}
names!(Severity { Critical => "critical", High => "high", Medium => "medium", Low => "low" });

/// What an issue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueCategory {
    /// Data is missing.
    MissingData,
    /// Data contradicts itself.
    InvalidData,
    /// A section is incomplete.
    IncompleteSection,
    /// A rule of the regulator is not met.
    ComplianceIssue,
}
names!(IssueCategory {
    MissingData => "missing_data", InvalidData => "invalid_data", IncompleteSection => "incomplete_section",
    ComplianceIssue => "compliance_issue",
});

/// One finding of the conformity check (spec/2 §4).
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Issue {
    /// What it is about.
    pub category: IssueCategory,
    /// How severe.
    pub severity: Severity,
    /// The stable code.
    pub code: &'static str,
    /// JSON Pointer into the profile as the API serves it.
    pub field: String,
    /// What is wrong, in the pipeline's locale.
    pub message: String,
    /// What to do, in the pipeline's locale.
    pub recommendation: String,
}

/// Whether a profile conforms (spec/2 §4).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conformity {
    /// 0 to 100.
    pub score: u8,
    /// Score at least 70 and no critical issue.
    pub is_conform: bool,
    /// In the order of the rules.
    pub issues: Vec<Issue>,
}

/// The risk level (spec/2 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RiskLevel {
    /// At most 20 points.
    Low,
    /// At most 50.
    Medium,
    /// More.
    High,
}
names!(RiskLevel { Low => "low", Medium => "medium", High => "high" });

/// A reason of risk: what fired, what it saw, and the limit it was held against.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Factor {
    /// The stable code.
    pub code: &'static str,
    /// Points added.
    pub points: u32,
    /// JSON Pointer to the input.
    pub field: &'static str,
    /// What was seen there, as sent or as computed.
    pub saw: String,
    /// The limit, as set in the pipeline file.
    pub limit: String,
    /// What it means, in the pipeline's locale.
    pub message: String,
}

/// An assessment of risk (spec/2 §5).
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskAssessment {
    /// 0 to 100: points, capped.
    pub score: u8,
    /// The level.
    pub level: RiskLevel,
    /// In the order of the rules.
    pub factors: Vec<Factor>,
    /// Codes of what to do.
    pub recommendations: Vec<&'static str>,
}

/// Insights, by their codes (spec/2 §6).
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Insights {
    /// What stands out.
    pub insights: Vec<&'static str>,
    /// What to do.
    pub recommendations: Vec<&'static str>,
    /// What to offer.
    pub opportunities: Vec<&'static str>,
    /// What to watch.
    pub alerts: Vec<&'static str>,
}

/// What the asset lines add up to (spec/2 §6).
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinancialMetrics {
    /// Sum of valeurActuelle.
    pub total_assets_value: Amount,
    /// Sum of prixAchat.
    pub total_purchase_value: Amount,
    /// `1 - value / purchase`, in percent with two decimals; `None` where nothing was paid.
    pub depreciation_percent: Option<Amount>,
    /// Sum of valeurActuelle by category.
    pub value_by_category: BTreeMap<String, Amount>,
    /// Number of lines.
    pub lines: usize,
}

/// What the stock lines add up to, and how they rotate (spec/2 §6).
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryMetrics {
    /// Sum of valeurTotaleStock.
    pub total_stock_value: Amount,
    /// Number of lines.
    pub lines: usize,
    /// Lines with a date of rotation.
    pub rotating_lines: usize,
    /// Mean days since the last rotation, rounded; `None` without dates.
    pub average_rotation_days: Option<i64>,
    /// Lines that rotated within the fast limit.
    pub fast: usize,
    /// Lines that rotated within the slow limit.
    pub slow: usize,
    /// Lines that did not.
    pub stagnant: usize,
}

/// How soon somebody should look (spec/2 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewPriority {
    /// Some day.
    Low,
    /// The default.
    Medium,
    /// Soon.
    High,
    /// Now.
    Urgent,
}
names!(ReviewPriority { Low => "low", Medium => "medium", High => "high", Urgent => "urgent" });

/// Why somebody should look (spec/2 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttentionReason {
    /// Completeness under its limit.
    IncompleteProfile,
    /// Rating low or critical.
    LowCompliance,
    /// Risk high.
    HighRisk,
    /// The last sync was given up.
    SyncIssues,
    /// An alert is open that nobody saw.
    UnacknowledgedAlerts,
    /// A change waits for approval.
    PendingApproval,
}
names!(AttentionReason {
    IncompleteProfile => "incomplete_profile", LowCompliance => "low_compliance", HighRisk => "high_risk",
    SyncIssues => "sync_issues", UnacknowledgedAlerts => "unacknowledged_alerts", PendingApproval => "pending_approval",
});

/// What asks for an administrator (spec/2 §8).
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Whether one must look.
    pub required: bool,
    /// Why one might; stands whether or not attention is required.
    pub reasons: Vec<AttentionReason>,
    /// Codes of what to do, by reason.
    pub actions: Vec<&'static str>,
    /// The priority: set by hand, else computed.
    pub review_priority: ReviewPriority,
    /// 0 to 100.
    pub urgency: u8,
    /// 0 to 100: how much is known.
    pub data_richness: u8,
    /// The status: set by hand, else computed.
    pub admin_status: AdminStatus,
    /// Risk flags: set by hand and computed, sorted, each once.
    pub risk_flags: Vec<String>,
}

impl Default for Attention {
    fn default() -> Self {
        Self {
            required: false,
            reasons: Vec::new(),
            actions: Vec::new(),
            review_priority: ReviewPriority::Medium,
            urgency: 0,
            data_richness: 0,
            admin_status: AdminStatus::UnderReview,
            risk_flags: Vec::new(),
        }
    }
}

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
