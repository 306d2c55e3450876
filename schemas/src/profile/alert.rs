//! Alerts: raised once, updated when what they say changes, resolved when it no longer holds (spec/2 §7).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::Json;

/// The kinds of alert; the ports of `raise_alerts`, and a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Stock lines at or under their minimum.
    LowStock,
    /// The risk level is high.
    HighRisk,
    /// A sync was given up.
    SyncFailure,
    /// The compliance rating or a conformity issue is critical.
    ComplianceCritical,
    /// A warranty ended.
    WarrantyExpired,
    /// An asset lost most of its value.
    AssetDepreciated,
    /// Stock lines that are damaged or expired.
    StockUnusable,
    /// The solvency ratio is under its minimum.
    SolvencyLow,
    /// The profile is incomplete.
    IncompleteProfile,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::LowStock,
        Self::HighRisk,
        Self::SyncFailure,
        Self::ComplianceCritical,
        Self::WarrantyExpired,
        Self::AssetDepreciated,
        Self::StockUnusable,
        Self::SolvencyLow,
        Self::IncompleteProfile,
    ];

    /// The name in tables, topics and ports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LowStock => "low_stock",
            Self::HighRisk => "high_risk",
            Self::SyncFailure => "sync_failure",
            Self::ComplianceCritical => "compliance_critical",
            Self::WarrantyExpired => "warranty_expired",
            Self::AssetDepreciated => "asset_depreciated",
            Self::StockUnusable => "stock_unusable",
            Self::SolvencyLow => "solvency_low",
            Self::IncompleteProfile => "incomplete_profile",
        }
    }
}

/// How much an alert weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLevel {
    /// For a review some day.
    Low,
    /// For this week.
    Medium,
    /// For today.
    High,
    /// For now.
    Urgent,
}

impl AlertLevel {
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

/// Whether an alert holds, and whether somebody saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It holds.
    Open,
    /// It holds, and an administrator saw it.
    Acknowledged,
    /// It no longer holds.
    Resolved,
}

impl AlertStatus {
    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// One alert of one customer.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// UUIDv5 of (pipeline, customer, kind, how many times this kind was raised for this customer).
    pub id: Uuid,
    /// The kind.
    pub kind: AlertKind,
    /// The level.
    pub level: AlertLevel,
    /// Whether it holds.
    pub status: AlertStatus,
    /// What it says, in the pipeline's locale.
    pub message: String,
    /// What it is about: the lines listed, the value and its limit.
    pub data: Json,
    /// When it was raised: the profile's "as of" then.
    pub raised_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was resolved.
    pub resolved_at: Option<DateTime<Utc>>,
}

impl Alert {
    /// Whether the alert holds, seen or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != AlertStatus::Resolved
    }
}

/// What a profile remembers of one kind of alert.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AlertLog {
    /// How many times the kind was raised.
    pub raised: u32,
    /// The number of the last alert's last transition; its raise is 1.
    pub transition: u32,
    /// The last alert.
    pub last: Alert,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransitionKind {
    /// It began to hold.
    Raised,
    /// What it says changed.
    Updated,
    /// It ceased to hold.
    Resolved,
}

impl TransitionKind {
    /// The name at the end of a CloudEvent's type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Resolved => "resolved",
        }
    }
}

/// A change of an alert, to be stored and published.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertTransition {
    /// What happened.
    pub what: TransitionKind,
    /// Its number for this alert, from 1; with the alert's id, the CloudEvent's id.
    pub number: u32,
    /// The alert afterwards.
    pub alert: Alert,
}
