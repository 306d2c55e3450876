//! What tells one file, and one set of rules, from another.

use std::fmt::Write;

use schemas::Json;
use schemas::json::canonical;
use serde_json::json;
use sha2::{Digest, Sha256};
use transforms::Shape;

use super::check::outline::Step;
use super::rollout::Rollout;

/// SHA-256 of a text, in hexadecimal.
pub(super) fn text(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// SHA-256 of the canonical JSON of the enabled steps that decide what a row holds, with all their parameters: the same rules have
/// the same hash, whether the file writes a default out or not, and however it writes a number.
pub(super) fn rules<'s>(steps: impl Iterator<Item = &'s Step>) -> String {
    let rules: Vec<_> = steps
        .filter(|step| step.enabled && matches!(step.shape, Shape::Fold | Shape::Derive))
        .map(|step| {
            let mut rule = json!({"use": step.name, "with": step.built.as_ref().map(|built| &built.parameters)});
            if step.rollout != Rollout::ALL {
                rule["rollout"] = step.rollout.get().into();
            }
            rule
        })
        .collect();
    text(&canonical(Json::from_serialize(&rules).as_ref()))
}
