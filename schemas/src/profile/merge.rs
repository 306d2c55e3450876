//! The merge: what events wrote, joined in any order (`architecture.md`, rule 3).

use super::{Overlay, Path, Profile, Section, SectionName, Stated};

impl Profile {
    /// Joins a section. Returns whether anything changed.
    pub fn join_section(&mut self, name: SectionName, section: Section) -> bool {
        self.sections.join(name, section)
    }

    /// Joins an overlay. Returns whether anything changed.
    pub fn join_overlay(&mut self, path: Path, overlay: Overlay) -> bool {
        Overlay::join(&mut self.overlays, path, overlay)
    }

    /// Joins what another copy of the same customer's profile knows: sections, overlays, statements, and of each critical sync whether it
    /// waits or was decided over.
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
        for (request_id, decision) in other.decided {
            changed |= self.decide(&request_id, decision);
        }
        for (request_id, asked_at) in other.waiting {
            changed |= self.wait_for(&request_id, asked_at);
        }
        if let Some(stated) = other.stated_type {
            changed |= Stated::join(&mut self.stated_type, stated);
        }
        if let Some(stated) = other.stated_version {
            changed |= Stated::join(&mut self.stated_version, stated);
        }
        changed
    }
}
