//! The keyed half of a segment: folds a batch's records by customer over what is stored, and computes what the rules say.
//!
//! Pure: no I/O. The same records over the same stored profiles give the same rows, in whatever batches they come.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::profile::{AlertTransition, Change, Computed, Profile, View, changes};
use schemas::store::{CriticalChange, Effect, HistoryEntry, Row};
use schemas::{Header, Record, Reject, TopicName};
use transforms::{Derive, Effects, Fold, Step, Subject};

use super::chain::{guarded, panicked};
use crate::config::StagePlan;

/// What a batch of keyed records comes to.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// Profiles that changed, by customer in ascending order.
    pub(super) rows: Vec<Row>,
    /// What happened to their alerts.
    pub(super) alerts: Vec<(String, AlertTransition)>,
    /// Changes of the followed values.
    pub(super) history: Vec<HistoryEntry>,
    /// Critical syncs to store.
    pub(super) critical_changes: Vec<CriticalChange>,
    /// Ids of events whose effects must happen once.
    pub(super) seen: BTreeSet<String>,
    /// Records to publish.
    pub(super) effects: Vec<Effect>,
    /// Records that cannot be merged, by their place in the batch.
    pub(super) rejected: Vec<(usize, Reject)>,
}

/// A customer's profile while its records are folded, and what they bring with them.
#[derive(Clone)]
struct Folding<'r> {
    /// As it is stored.
    stored: &'r Profile,
    profile: Profile,
    effects: Effects,
    /// The ids of this customer's effects that happen in this batch.
    ids: BTreeSet<String>,
    /// The last record that changed anything.
    last: Option<&'r Record>,
}

impl<'r> Folding<'r> {
    fn over(stored: &'r Profile) -> Self {
        Self { stored, profile: stored.clone(), effects: Effects::default(), ids: BTreeSet::new(), last: None }
    }
}

/// The steps of a stage that keeps a store.
pub(super) struct Keyed<'p> {
    pipeline: &'p str,
    rules_hash: Arc<str>,
    folds: Vec<(&'static str, &'p dyn Fold)>,
    derives: Vec<(&'static str, &'p dyn Derive)>,
    /// Where each kind of alert is published.
    ports: BTreeMap<&'static str, &'p TopicName>,
}

impl<'p> Keyed<'p> {
    /// The keyed steps of `stage`; its stateless ones are the chain's.
    pub(super) fn new(pipeline: &'p str, rules_hash: Arc<str>, stage: &'p StagePlan) -> Self {
        let mut keyed = Self { pipeline, rules_hash, folds: Vec::new(), derives: Vec::new(), ports: BTreeMap::new() };
        for step in &stage.steps {
            match &step.step {
                Step::Fold(fold) => keyed.folds.push((step.name, fold.as_ref())),
                Step::Derive(derive) => {
                    keyed.derives.push((step.name, derive.as_ref()));
                    keyed.ports.extend(step.routes.iter().map(|(port, topic)| (*port, topic)));
                }
                Step::Decode(_) | Step::Transform(_) => {}
            }
        }
        keyed
    }

    /// The ids under which the effects of these records are remembered.
    pub(super) fn effect_ids<'r>(&self, records: impl Iterator<Item = &'r Record>) -> Vec<String> {
        let ids = records.flat_map(|record| self.folds.iter().filter_map(move |(_, fold)| fold.effect_id(record)));
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Folds the records, in their order, over the stored profiles.
    pub(super) fn merge(&self, records: &[&Record], mut stored: HashMap<String, Profile>, seen: &HashSet<String>) -> Merged {
        let mut by_customer: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, record) in records.iter().enumerate() {
            by_customer.entry(record.key.as_deref().unwrap_or_default()).or_default().push(at);
        }
        let mut merged = Merged::default();
        for (customer, places) in by_customer {
            let profile = stored.remove(customer).unwrap_or_else(|| Profile::new(customer));
            let whole = self.customer(&profile, records, &places, seen, &mut merged);
            if whole.is_err() {
                self.one_by_one(&profile, records, &places, seen, &mut merged);
            }
        }
        merged
    }

    /// All records of a customer at once: the usual case. Fails, having added nothing, when a rule panics.
    fn customer(
        &self,
        stored: &Profile,
        records: &[&Record],
        places: &[usize],
        seen: &HashSet<String>,
        merged: &mut Merged,
    ) -> Result<(), Reject> {
        let mut folding = Folding::over(stored);
        let mut rejected = Vec::new();
        for &at in places {
            if let Err(reject) = self.fold_into(&mut folding, records[at], seen, &merged.seen) {
                rejected.push((at, reject));
            }
        }
        self.finish(folding, merged)?;
        merged.rejected.append(&mut rejected);
        Ok(())
    }

    /// One record after the other, the rules after each, to find those with which a rule panics: they are refused, the others count.
    fn one_by_one(&self, stored: &Profile, records: &[&Record], places: &[usize], seen: &HashSet<String>, merged: &mut Merged) {
        let mut good = Folding::over(stored);
        for &at in places {
            let mut tried = good.clone();
            let folded = self.fold_into(&mut tried, records[at], seen, &merged.seen);
            match folded.and_then(|()| if tried.effects.changed { self.derive(&tried.profile).map(drop) } else { Ok(()) }) {
                Ok(()) => good = tried,
                Err(reject) => merged.rejected.push((at, reject)),
            }
        }
        // The rules just ran over this very profile.
        if let Err(reject) = self.finish(good, merged) {
            let refused: HashSet<usize> = merged.rejected.iter().map(|(at, _)| *at).collect();
            let others = places.iter().filter(|at| !refused.contains(at));
            merged.rejected.extend(others.map(|at| (*at, reject.clone())).collect::<Vec<_>>());
        }
    }

    /// Folds one record into what its customer comes to. `changed` then says whether this record did anything.
    fn fold_into<'r>(
        &self,
        folding: &mut Folding<'r>,
        record: &'r Record,
        seen: &HashSet<String>,
        seen_now: &BTreeSet<String>,
    ) -> Result<(), Reject> {
        folding.effects.changed = false;
        self.fold(&mut folding.profile, record, seen, seen_now, &mut folding.ids, &mut folding.effects)?;
        if folding.effects.changed {
            folding.last = Some(record);
        }
        Ok(())
    }

    /// Runs the rules over what changed, and adds what came of it.
    fn finish(&self, folding: Folding<'_>, merged: &mut Merged) -> Result<(), Reject> {
        let Folding { stored, profile, mut effects, mut ids, last } = folding;
        if last.is_some() {
            let computed = self.derive(&profile)?;
            self.settle(stored, profile, computed, last, merged);
        }
        merged.critical_changes.append(&mut effects.critical_changes);
        merged.seen.append(&mut ids);
        Ok(())
    }

    /// Folds one record, unless its effect happened before; a refused record, or one with which a fold panics, changes nothing.
    fn fold(
        &self,
        profile: &mut Profile,
        record: &Record,
        seen: &HashSet<String>,
        seen_now: &BTreeSet<String>,
        ids: &mut BTreeSet<String>,
        effects: &mut Effects,
    ) -> Result<(), Reject> {
        for (name, fold) in &self.folds {
            let id = fold.effect_id(record);
            if id.as_ref().is_some_and(|id| seen.contains(id) || seen_now.contains(id) || ids.contains(id)) {
                continue;
            }
            let before = (profile.clone(), effects.clone());
            if let Err(reject) = guarded(name, || fold.fold(profile, record, effects)) {
                (*profile, *effects) = before;
                return Err(reject);
            }
            ids.extend(id);
        }
        Ok(())
    }

    fn derive(&self, profile: &Profile) -> Result<(View, Computed), Reject> {
        let view = guarded("overlays", || Ok(View::of(profile)))?;
        let mut computed = Computed { alerts: profile.alerts.clone(), ..Computed::default() };
        let subject = Subject { pipeline: self.pipeline, profile, view: &view, as_of: as_of(profile) };
        for (name, derive) in &self.derives {
            catch_unwind(AssertUnwindSafe(|| derive.derive(&subject, &mut computed)))
                .map_err(|panic| panicked(name, panic.as_ref()))?;
        }
        Ok((view, computed))
    }

    fn settle(
        &self,
        stored: &Profile,
        mut profile: Profile,
        (view, mut computed): (View, Computed),
        last: Option<&Record>,
        merged: &mut Merged,
    ) {
        let last_event_id = latest_event(&profile).or_else(|| last.map(|record| Arc::clone(&record.id)));
        let as_of = as_of(&profile);
        let correlation_id = last.and_then(|record| record.correlation_id.as_deref());
        for transition in std::mem::take(&mut computed.transitions) {
            merged.effects.extend(self.alert(&profile.customer_id, &transition, as_of, correlation_id));
            merged.alerts.push((profile.customer_id.clone(), transition));
        }
        for Change { field, before, after } in changes(profile.stored.as_ref(), &computed) {
            let version = profile.version + 1;
            let event_id = last_event_id.clone();
            merged.history.push(HistoryEntry {
                customer_id: profile.customer_id.clone(),
                version,
                field,
                before,
                after,
                event_id,
            });
        }
        profile.alerts.clone_from(&computed.alerts);
        let unchanged = profile.shown_as_in(stored);
        let correlation_id = last.and_then(|record| record.correlation_id.clone());
        merged.rows.push(Row {
            profile,
            view,
            unchanged,
            computed,
            last_event_id,
            correlation_id,
            rules_hash: Arc::clone(&self.rules_hash),
        });
    }

    /// The CloudEvent of a transition, where its kind is routed to a topic.
    fn alert(
        &self,
        customer: &str,
        transition: &AlertTransition,
        as_of: DateTime<Utc>,
        correlation_id: Option<&str>,
    ) -> Option<Effect> {
        let topic = self.ports.get(transition.alert.kind.as_str())?;
        Some(Effect {
            id: format!("{}-{}", transition.alert.id, transition.number),
            topic: (*topic).clone(),
            key: customer.to_owned(),
            value: transforms::cloud_event(transition, self.pipeline, customer, correlation_id),
            headers: vec![Header { name: "content-type".into(), value: b"application/cloudevents+json; charset=UTF-8".to_vec() }],
            timestamp: as_of,
        })
    }
}

/// The profile's "as of"; without sections, the latest time of what else made it (spec/2 §1).
fn as_of(profile: &Profile) -> DateTime<Utc> {
    let overlays = profile.overlays.values().map(|overlay| overlay.stamp.at);
    let asked = profile.waiting.values().copied().chain(profile.decided.values().map(|decision| decision.asked_at));
    // What waits for an administrator changes nothing yet.
    profile.as_of().or_else(|| overlays.max()).or_else(|| asked.max()).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The id of the event with the latest stamp.
fn latest_event(profile: &Profile) -> Option<Arc<str>> {
    let sections = profile.sections.iter().map(|(_, section)| &section.stamp);
    let stamps = sections.chain(profile.overlays.values().map(|overlay| &overlay.stamp));
    stamps
        .max_by(|left, right| (left.at, &left.event_id).cmp(&(right.at, &right.event_id)))
        .map(|stamp| Arc::clone(&stamp.event_id))
}

#[cfg(test)]
mod tests;
