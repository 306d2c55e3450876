//! A profile's sections as the rules read them: with the overlays of critical syncs over them.

use super::{Profile, SectionName};
use crate::{Json, JsonRef};

/// Each section's content as it counts for the rules. An overlay counts as present, but makes no section exist (spec/2 §1).
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    sections: [Option<Json>; SectionName::ALL.len()],
    summaries: [Option<Json>; SectionName::ALL.len()],
    exists: [bool; SectionName::ALL.len()],
}

impl View {
    /// The view of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let section = |name| profile.sections.get(name);
        Self {
            sections: SectionName::ALL.map(|name| section(name).map(|section| section.value.clone())),
            summaries: SectionName::ALL.map(|name| section(name).and_then(|section| section.summary.clone())),
            exists: SectionName::ALL.map(|name| section(name).is_some()),
        }
    }

    /// The section's content: as an event wrote it, with overlays over it; or overlays alone.
    #[must_use]
    pub fn get(&self, name: SectionName) -> Option<JsonRef<'_>> {
        self.sections[name as usize].as_ref().map(Json::as_ref)
    }

    /// The producer's summary beside the lines of assets or stocks.
    #[must_use]
    pub fn summary(&self, name: SectionName) -> Option<JsonRef<'_>> {
        self.summaries[name as usize].as_ref().map(Json::as_ref)
    }

    /// Whether an event wrote the section.
    #[must_use]
    pub fn exists(&self, name: SectionName) -> bool {
        self.exists[name as usize]
    }
}
