//! A profile's sections as the rules read them: with the overlays of critical syncs over them.

use super::content::Content;
use super::{Overlay, Path, Profile, SectionName};
use crate::{Json, JsonRef};

/// Each section's content as it counts for the rules (spec/2 §1).
///
/// An overlay shows over a section of the same time or older, falls under a newer one, counts as present, and makes no section exist.
/// Overlays on nested paths are laid in the order of their times; of one time, the shorter path first. On the way to its place an
/// overlay makes the containers that are missing, and takes the place of a scalar; a name that is no index has no place in an array.
/// A null over a whole section leaves nothing of it to read.
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
        let mut view = Self {
            sections: SectionName::ALL.map(|name| section(name).map(|section| section.value.clone())),
            summaries: SectionName::ALL.map(|name| section(name).and_then(|section| section.summary.clone())),
            exists: SectionName::ALL.map(|name| section(name).is_some()),
        };
        let shown = shown(profile);
        for name in SectionName::ALL {
            let own = || shown.iter().filter(move |(path, _)| path.section == name);
            if own().next().is_some() {
                view.lay(name, own().copied());
            }
        }
        view
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

    /// Lays a section's overlays over it, in their order.
    fn lay<'p>(&mut self, name: SectionName, overlays: impl Iterator<Item = (&'p Path, &'p Overlay)>) {
        let (section, summary) = (self.sections[name as usize].take(), self.summaries[name as usize].take());
        let mut contents = Content::of(section.as_ref(), name.has_summary());
        let mut totals = Content::of(summary.as_ref(), false);
        for (path, overlay) in overlays {
            match path.below.split_first() {
                Some((first, rest)) if name.has_summary() && first == Path::SUMMARY => totals.lay(rest, overlay.value.as_ref()),
                _ => contents.lay(&path.below, overlay.value.as_ref()),
            }
        }
        self.sections[name as usize] = contents.finish(section.as_ref());
        self.summaries[name as usize] = totals.finish(summary.as_ref());
    }
}

/// The overlays that no newer section covers, in the order in which they are laid.
fn shown(profile: &Profile) -> Vec<(&Path, &Overlay)> {
    let uncovered = |(path, overlay): &(&Path, &Overlay)| {
        profile.sections.get(path.section).is_none_or(|section| section.stamp.at <= overlay.stamp.at)
    };
    let mut shown: Vec<_> = profile.overlays.iter().filter(uncovered).collect();
    // Stable: paths of one time and length stay in the order of the map.
    shown.sort_by_key(|(path, overlay)| (overlay.stamp.at, path.below.len()));
    shown
}
