//! How a profile stands with the rules of the regulator: rating and conformity (spec/2 §3, §4).

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
