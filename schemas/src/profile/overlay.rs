//! What critical syncs set, over the sections: each path with its own stamp (spec/2 §1).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{SectionName, Stamp};
use crate::Json;
use crate::json::{canonical, normalised};

/// A place in the profile: a section, and the member names below it. Empty names below: the section itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Path {
    /// The section.
    pub section: SectionName,
    /// Member names below it, outermost first; an array's elements are named by their index.
    pub below: Vec<String>,
}

/// A value set over a section.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Overlay {
    /// Who set it.
    pub stamp: Stamp,
    /// The value.
    pub value: Json,
}

impl Overlay {
    /// Joins an overlay into its slot, by the order of sections: time, hash, normalised text, identity. Returns whether it changed.
    pub fn join(overlays: &mut BTreeMap<Path, Self>, path: Path, other: Self) -> bool {
        let Some(own) = overlays.get(&path) else {
            overlays.insert(path, other);
            return true;
        };
        let hash = |overlay: &Self| Sha256::digest(canonical(overlay.value.as_ref()));
        let text = |overlay: &Self| normalised(overlay.value.as_ref());
        let order = (own.stamp.at.cmp(&other.stamp.at))
            .then_with(|| hash(own).cmp(&hash(&other)))
            .then_with(|| text(own).cmp(&text(&other)))
            .then_with(|| (&other.stamp.event_id, &other.stamp.origin).cmp(&(&own.stamp.event_id, &own.stamp.origin)));
        if order.is_lt() {
            overlays.insert(path, other);
        }
        order.is_lt()
    }
}
