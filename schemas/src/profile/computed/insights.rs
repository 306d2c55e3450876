//! What stands out in a profile, and what its lines add up to (spec/2 §6).

use std::collections::BTreeMap;

use crate::profile::Amount;

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
