//! What asks for an administrator (spec/2 §8).

use crate::profile::AdminStatus;

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
