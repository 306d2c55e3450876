//! Critical syncs: values set by path over the sections, at once or after an administrator's approval (spec/1 §3.6, spec/2 §1).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use schemas::profile::{Decision, ForbiddenPath, Overlay, Path, Profile, Question, Stamp, Verdict};
use schemas::store::{ChangeStatus, CriticalChange};
use schemas::{Json, JsonRef, Reason, Record, Reject, Violation};

use crate::Effects;

/// How many changes one critical sync may ask for. Each is laid over its section whenever the profile is computed.
const MAX_CHANGES: usize = 1_000;
/// How many values critical syncs may have set over one profile: each is laid again whenever it is computed, and each is in its row.
const MAX_OVERLAYS: usize = 1_000;
/// How many bytes of JSON these values may have in all.
const MAX_OVERLAY_BYTES: usize = 1 << 20;
/// How many critical syncs of one customer may wait for an administrator.
const MAX_WAITING: usize = 1_000;

/// Folds a critical sync: overlays, or a change that waits. Returns whether the profile changed.
///
/// # Errors
///
/// As [`requested_overlays`]; of reason `transform` where the profile holds as much of critical syncs as it may. It may have been changed.
pub(super) fn fold(profile: &mut Profile, record: &Record, effects: &mut Effects) -> Result<bool, Reject> {
    let payload = record.value.as_ref();
    let changes = payload.get("changes").map_or_else(empty, |changes| record.value.share(changes));
    let overlays = requested_overlays(&changes)?;
    let waits = needs_approval(payload);
    let status = if waits { ChangeStatus::PendingApproval } else { ChangeStatus::Applied };
    let change = CriticalChange {
        customer_id: profile.customer_id.clone(),
        question: Question::new(text(payload, &["metadata", "requestId"])?, changes.as_ref()),
        sync_type: text(payload, &["syncType"])?,
        priority: text(payload, &["priority"])?,
        changes,
        source: text(payload, &["metadata", "source"]).ok(),
        status,
        event_id: record.id.clone(),
        at: record.event_time,
        origin: record.origin.clone(),
        correlation_id: record.correlation_id.clone(),
    };
    let before = (profile.overlays.len(), profile.waiting.len());
    let changed = if waits { profile.wait_for(&change.question, change.at) } else { apply(profile, record, overlays) };
    room_for(profile, before)?;
    // What was decided over stays as it is, here and in the table.
    if !profile.decided.contains_key(&change.question) {
        effects.critical_changes.push(change);
    }
    Ok(changed)
}

/// Decides over a critical sync that waits: notes the verdict, and lays what an approved one asks for, with the stamp of its event
/// (`docs/adr/0010`). Answers the fields, as sent, whose section an event later than the request wrote, so that what was approved does
/// not show there; `None`, having changed nothing, where the profile does not wait for it.
///
/// # Errors
///
/// As [`requested_overlays`], where the rules of what a critical sync may set were others when it was stored; of reason `transform` where
/// the profile holds as much of critical syncs as it may. Nothing is changed then.
pub fn decide(
    profile: &mut Profile,
    change: &CriticalChange,
    verdict: Verdict,
    decided_at: DateTime<Utc>,
) -> Result<Option<Vec<String>>, Reject> {
    let overlays = match verdict {
        Verdict::Approved => requested_overlays(&change.changes)?,
        Verdict::Rejected => BTreeMap::new(),
    };
    if !profile.waiting.contains_key(&change.question) {
        return Ok(None);
    }
    let mut judged = profile.clone();
    judged.decide(&change.question, Decision { decided_at, verdict, asked_at: change.at });
    let stamp = Stamp { at: change.at, event_id: change.event_id.clone(), origin: change.origin.clone() };
    let newer = |path: &Path| profile.sections.get(path.section).is_some_and(|section| section.stamp.at > stamp.at);
    let covered = match verdict {
        Verdict::Approved => {
            fields(&change.changes).filter(|field| Path::from_wire(field).is_ok_and(|path| newer(&path))).collect()
        }
        Verdict::Rejected => Vec::new(),
    };
    let before = (profile.overlays.len(), profile.waiting.len());
    for (path, value) in overlays {
        judged.join_overlay(path, Overlay { stamp: stamp.clone(), value });
    }
    room_for(&judged, before)?;
    *profile = judged;
    Ok(Some(covered))
}

/// Refuses what makes a profile hold more of critical syncs than it may; `before`, its overlays and waiting questions were so many. What it
/// holds already, it keeps, and what takes nothing more is always taken, so that what is read again changes nothing.
fn room_for(profile: &Profile, (overlays, waiting): (usize, usize)) -> Result<(), Reject> {
    let refused = |message| Err(Reject::new(Reason::Transform, "/changes", message));
    if profile.waiting.len() > waiting.max(MAX_WAITING) {
        return refused(format!("{waiting} critical syncs of this customer wait for an administrator; no more are taken"));
    }
    if profile.overlays.len() > overlays.max(MAX_OVERLAYS) {
        return refused(format!(
            "critical syncs would have set {} values over this profile; at most {MAX_OVERLAYS}: events with the whole sections take their place",
            profile.overlays.len()
        ));
    }
    let size_bytes: usize = profile.overlays.values().map(|overlay| overlay.value.as_ref().text().len()).sum();
    if size_bytes > MAX_OVERLAY_BYTES {
        return refused(format!(
            "the values that critical syncs set over this profile would have {size_bytes} bytes; at most {MAX_OVERLAY_BYTES}"
        ));
    }
    Ok(())
}

/// The values that the `changes` of a critical sync ask for, by their places. Of changes to one place the last counts; one that
/// names no field asks for nothing; one without a new value asks for null.
///
/// # Errors
///
/// A [`Reject`] of reason `forbidden_field` with a violation for each field that a critical sync may not set: one refuses all. One of
/// reason `schema` for more than 1,000 changes.
pub fn requested_overlays(changes: &Json) -> Result<BTreeMap<Path, Json>, Reject> {
    if let Some(violation) = too_many(changes.as_ref()) {
        return Err(Reject { reason: Reason::Schema, violations: vec![violation] });
    }
    let mut overlays = BTreeMap::new();
    let mut violations = Vec::new();
    for (index, change) in changes.as_ref().elements().enumerate() {
        let Some(field) = change.get("field").and_then(JsonRef::as_str) else { continue };
        match Path::from_wire(&field) {
            Ok(path) => {
                overlays.insert(path, change.get("newValue").map_or_else(null, |value| changes.share(value)));
            }
            Err(forbidden) => violations.push(forbidden_field(index, &forbidden)),
        }
    }
    if violations.is_empty() { Ok(overlays) } else { Err(Reject { reason: Reason::ForbiddenField, violations }) }
}

/// The fields that changes name.
fn fields(changes: &Json) -> impl Iterator<Item = String> + '_ {
    changes.as_ref().elements().filter_map(|change| Some(change.get("field")?.as_str()?.into_owned()))
}

/// What is said of more changes than one critical sync may ask for.
pub(crate) fn too_many(changes: JsonRef<'_>) -> Option<Violation> {
    let count = changes.len();
    let message = format!("{count} changes in one critical sync; at most {MAX_CHANGES}: send several");
    (count > MAX_CHANGES).then(|| Violation { pointer: "/changes".into(), rule: String::new(), message })
}

/// What is said of the change at `index` for a field that no critical sync may set.
pub(crate) fn forbidden_field(index: usize, forbidden: &ForbiddenPath) -> Violation {
    Violation { pointer: format!("/changes/{index}/field"), rule: String::new(), message: forbidden.to_string() }
}

/// Asked for by its sender, and of high impact anywhere: nothing of it is applied before an administrator agrees.
fn needs_approval(payload: JsonRef<'_>) -> bool {
    let asked = payload.at(&["metadata", "requiresAdminApproval"]).and_then(JsonRef::as_bool);
    let high = |change: JsonRef<'_>| change.get("impact").and_then(JsonRef::as_str).is_some_and(|impact| impact == "high");
    asked == Some(true) && payload.get("changes").is_some_and(|changes| changes.elements().any(high))
}

fn apply(profile: &mut Profile, record: &Record, overlays: BTreeMap<Path, Json>) -> bool {
    let mut changed = super::state_version(profile, record);
    for (path, value) in overlays {
        let overlay = Overlay { stamp: super::stamp(record), value };
        changed |= profile.join_overlay(path, overlay);
    }
    changed
}

/// An identity field; `validate` saw that it is there.
fn text(payload: JsonRef<'_>, path: &[&str]) -> Result<String, Reject> {
    let text = payload.at(path).and_then(JsonRef::as_str).filter(|text| !text.is_empty());
    text.map(std::borrow::Cow::into_owned).ok_or_else(|| {
        let pointer = format!("/{}", path.join("/"));
        Reject::new(Reason::Schema, pointer, format!("a critical sync names its `{}`", path.join(".")))
    })
}

fn null() -> Json {
    Json::from_serialize(&())
}

fn empty() -> Json {
    Json::from_serialize::<[(); 0]>(&[])
}

#[cfg(test)]
mod tests;
