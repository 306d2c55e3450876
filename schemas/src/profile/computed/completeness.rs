//! How complete a profile is (spec/2 §2).

use std::collections::BTreeMap;

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
