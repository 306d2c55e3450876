//! The risk that a customer shows (spec/2 §5).

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
