//! The merge: what events wrote, joined in any order (`architecture.md`, rule 3).

use chrono::{DateTime, Utc};

use super::{Overlay, Path, Profile, Section, SectionName, Stated};

impl Profile {
    /// Joins a section. Overlays that are older than it can never show again, for a section only ever gives way to a later one: they are
    /// dropped. Returns whether anything changed.
    pub fn join_section(&mut self, name: SectionName, section: Section) -> bool {
        let at = section.stamp.at;
        let newer = self.sections.join(name, section);
        if newer {
            self.overlays.retain(|path, overlay| path.section != name || overlay.stamp.at >= at);
        }
        newer
    }

    /// Joins an overlay, unless its section is newer already. Returns whether anything changed.
    pub fn join_overlay(&mut self, path: Path, overlay: Overlay) -> bool {
        let covered = self.sections.get(path.section).is_some_and(|section| section.stamp.at > overlay.stamp.at);
        !covered && Overlay::join(&mut self.overlays, path, overlay)
    }

    /// Joins what another copy of the same customer's profile knows: sections, overlays, statements, and of each question to an administrator whether
    /// it waits or was decided over.
    ///
    /// Commutative, associative and idempotent (`architecture.md`, rule 3). Returns whether anything changed.
    ///
    /// Nothing else is joined: what administrators set, syncs and alerts are this copy's.
    pub fn join(&mut self, other: Self) -> bool {
        let mut changed = false;
        for (name, section) in other.sections {
            changed |= self.join_section(name, section);
        }
        for (path, overlay) in other.overlays {
            changed |= self.join_overlay(path, overlay);
        }
        for (question, decision) in other.decided {
            changed |= self.decide(&question, decision);
        }
        for (question, asked_at) in other.waiting {
            changed |= self.wait_for(&question, asked_at);
        }
        if let Some(stated) = other.stated_type {
            changed |= Stated::join(&mut self.stated_type, stated);
        }
        if let Some(stated) = other.stated_version {
            changed |= Stated::join(&mut self.stated_version, stated);
        }
        changed |= self.completed_at(other.complete_at);
        changed
    }

    /// Notes when the customer was told of completely; the latest counts. Returns whether anything changed.
    pub fn completed_at(&mut self, at: Option<DateTime<Utc>>) -> bool {
        let later = at > self.complete_at;
        self.complete_at = self.complete_at.max(at);
        later
    }
}
