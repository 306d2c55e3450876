//! The keyed half of a segment: folds a batch's records by customer over what is stored, and computes what the rules say.
//!
//! Pure: no I/O. The same records over the same stored profiles give the same rows, in whatever batches they come.

mod judging;
mod settling;
mod standing;
mod syncing;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::profile::{AlertTransition, Profile};
use schemas::store::{AdminAct, CriticalChange, Effect, HistoryEntry, Row, Ruling, Syncs};
use schemas::{Record, Reject, TopicName};
use transforms::keep_in_sync::Act;
use transforms::{Derive, Effects, Fold, Step, Workflow};

use self::syncing::Syncing;
use super::chain::guarded;
use crate::config::{Rollout, StagePlan};

pub(super) use self::judging::Judgment;
pub(super) use self::syncing::{Wake, Wish};

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
    /// What administrators decided over critical syncs that are stored.
    pub(super) rulings: Vec<Ruling>,
    /// What administrators did.
    pub(super) deeds: Vec<AdminAct>,
    /// Syncs that came, went on, or ended.
    pub(super) syncs: Vec<Syncs>,
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
    /// What the workflow did.
    acts: Vec<Act>,
    /// What an administrator decided, and did by that.
    judged: Vec<(Ruling, AdminAct)>,
}

impl<'r> Folding<'r> {
    fn over(stored: &'r Profile) -> Self {
        Self {
            stored,
            profile: stored.clone(),
            effects: Effects::default(),
            ids: BTreeSet::new(),
            last: None,
            acts: Vec::new(),
            judged: Vec::new(),
        }
    }
}

/// What there is to merge.
pub(super) struct Given<'r> {
    /// Records, in their order.
    pub(super) records: &'r [&'r Record],
    /// Customers whom something else concerns, each once.
    pub(super) wakes: &'r [Wake],
    /// The ids of effects that happened before.
    pub(super) seen: &'r HashSet<String>,
    /// The time, for the workflow: nothing else asks for it.
    pub(super) now: DateTime<Utc>,
}

/// The steps of a stage that keeps a store.
pub(super) struct Keyed<'p> {
    pipeline: &'p str,
    rules_hash: Arc<str>,
    folds: Vec<(&'static str, &'p dyn Fold)>,
    syncing: Option<Syncing<'p>>,
    derives: Vec<(&'static str, Rollout, &'p dyn Derive)>,
    /// Where each kind of alert is published.
    ports: BTreeMap<&'static str, &'p TopicName>,
}

impl<'p> Keyed<'p> {
    /// The keyed steps of `stage`; its stateless ones are the chain's.
    pub(super) fn new(pipeline: &'p str, rules_hash: Arc<str>, stage: &'p StagePlan) -> Self {
        let mut keyed =
            Self { pipeline, rules_hash, folds: Vec::new(), syncing: None, derives: Vec::new(), ports: BTreeMap::new() };
        for step in &stage.steps {
            match &step.step {
                Step::Fold(fold) => keyed.folds.push((step.name, fold.as_ref())),
                Step::Workflow(workflow) => keyed.syncing = Some(Syncing::of(pipeline, workflow, step)),
                Step::Derive(derive) => {
                    keyed.derives.push((step.name, step.rollout, derive.as_ref()));
                    keyed.ports.extend(step.routes.iter().map(|(port, topic)| (*port, topic)));
                }
                Step::Decode(_) | Step::Transform(_) => {}
            }
        }
        keyed
    }

    /// The ids under which the effects of these records are remembered.
    pub(super) fn effect_ids<'r>(&self, records: impl Iterator<Item = &'r Record>) -> Vec<String> {
        let of = |record| {
            let asks = self.syncing.as_ref().and_then(|_| Workflow::ask_id(record));
            self.folds.iter().filter_map(move |(_, fold)| fold.effect_id(record)).chain(asks)
        };
        let mut ids: Vec<_> = records.flat_map(of).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Folds the records, in their order, over the stored profiles, and looks at those customers whom something else concerns.
    pub(super) fn merge(&self, given: &Given<'_>, mut stored: HashMap<String, Profile>) -> Merged {
        let mut by_customer: BTreeMap<&str, (Vec<usize>, Option<&Wake>)> = BTreeMap::new();
        for (at, record) in given.records.iter().enumerate() {
            by_customer.entry(record.key.as_deref().unwrap_or_default()).or_default().0.push(at);
        }
        for wake in given.wakes {
            by_customer.entry(&wake.customer_id).or_default().1 = Some(wake);
        }
        let mut merged = Merged::default();
        for (customer, (places, wake)) in by_customer {
            let profile = stored.remove(customer).unwrap_or_else(|| Profile::new(customer));
            let whole = self.customer(&profile, given, &places, wake, &mut merged);
            if whole.is_err() {
                self.one_by_one(&profile, given, &places, wake, &mut merged);
            }
        }
        merged
    }

    /// All records of a customer at once: the usual case. Fails, having added nothing, when a rule panics.
    fn customer(
        &self,
        stored: &Profile,
        given: &Given<'_>,
        places: &[usize],
        wake: Option<&Wake>,
        merged: &mut Merged,
    ) -> Result<(), Reject> {
        let mut folding = Folding::over(stored);
        let mut rejected = Vec::new();
        for &at in places {
            if let Err(reject) = self.fold_into(&mut folding, given.records[at], given, &merged.seen) {
                rejected.push((at, reject));
            }
        }
        self.attend(&mut folding, wake, given);
        self.finish(folding, given.now, merged)?;
        merged.rejected.append(&mut rejected);
        Ok(())
    }

    /// One record after the other, the rules after each, to find those with which a rule panics: they are refused, the others count.
    fn one_by_one(&self, stored: &Profile, given: &Given<'_>, places: &[usize], wake: Option<&Wake>, merged: &mut Merged) {
        let mut good = Folding::over(stored);
        for &at in places {
            let mut tried = good.clone();
            let folded = self.fold_into(&mut tried, given.records[at], given, &merged.seen);
            match folded.and_then(|()| if tried.effects.changed { self.derive(&tried.profile).map(drop) } else { Ok(()) }) {
                Ok(()) => good = tried,
                Err(reject) => merged.rejected.push((at, reject)),
            }
        }
        self.attend(&mut good, wake, given);
        // The rules just ran over this very profile, unless it is the workflow with which one panics.
        if let Err(reject) = self.finish(good, given.now, merged) {
            if places.is_empty() {
                tracing::error!(violations = ?reject.violations, "a rule cannot judge a profile of which a sync is due: it waits");
            }
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
        given: &Given<'_>,
        seen_now: &BTreeSet<String>,
    ) -> Result<(), Reject> {
        folding.effects.changed = false;
        self.fold(&mut folding.profile, record, given.seen, seen_now, &mut folding.ids, &mut folding.effects)?;
        if folding.effects.changed {
            folding.last = Some(record);
        }
        if let Some(syncing) = self.syncing(&folding.profile)
            && let Some(id) = Workflow::ask_id(record)
            && !(given.seen.contains(&id) || seen_now.contains(&id) || folding.ids.contains(&id))
        {
            folding.acts.extend(syncing.asked(record, &id, &mut folding.profile, given.now));
            folding.ids.insert(id);
        }
        Ok(())
    }

    /// Lets the workflow pass, runs the rules over what changed, and adds what came of it.
    fn finish(&self, folding: Folding<'_>, now: DateTime<Utc>, merged: &mut Merged) -> Result<(), Reject> {
        let Folding { stored, mut profile, mut effects, mut ids, last, mut acts, judged } = folding;
        let mut syncs = None;
        // For everybody: who is left out by a smaller rollout is not left with a sync that never ends.
        let syncing = self.syncing.as_ref();
        if let Some(syncing) = syncing.filter(|syncing| syncing.is_enabled()) {
            syncing.pass(&mut profile, &mut acts, now);
            let is_new = profile.version == 0 && last.is_some();
            syncs = syncing.written(&stored.syncs, &mut profile, &acts, is_new, now);
        }
        let customer = profile.customer_id.clone();
        if last.is_some() || !judged.is_empty() || (syncs.is_some() && profile.version > 0) {
            let computed = self.derive(&profile)?;
            self.settle(stored, profile, computed, last, merged);
        }
        if let Some(syncing) = syncing {
            merged.effects.extend(syncing.published(&customer, &acts, now));
            merged.effects.extend(syncing.approvals_wanted(stored, &effects.critical_changes));
        }
        merged.syncs.extend(syncs);
        for (ruling, deed) in judged {
            merged.rulings.push(ruling);
            merged.deeds.push(deed);
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
            let before = profile.clone();
            let mut own = Effects::default();
            if let Err(reject) = guarded(name, || fold.fold(profile, record, &mut own)) {
                *profile = before;
                return Err(reject);
            }
            effects.changed |= own.changed;
            effects.critical_changes.append(&mut own.critical_changes);
            ids.extend(id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
