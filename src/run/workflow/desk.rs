//! Where customers are looked at though no record came.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use schemas::profile::Profile;
use schemas::store::{Batch, Written};
use schemas::sync::{Ask, Phase, Requested, Sync, SyncPriority};
use schemas::{Clock, Fault, FaultKind, Reaction};
use sinks::Sink;
use transforms::Step;
use uuid::Uuid;

use crate::config::{Plan, StagePlan};
use crate::run::backoff::Backoff;
use crate::run::keyed::{Given, Keyed, Merged, Wake, Wish};

/// How often a batch is merged again because somebody else wrote the customers meanwhile, before that is a conflict to wait for.
const AGAIN_AT_ONCE: usize = 3;
/// How long a conflict, or a store that is away for a moment, is tried again before whoever asked is told.
const TRIES: usize = 6;

/// Where the syncs of a pipeline's customers are moved on.
#[derive(Clone)]
pub struct Desk {
    plan: Arc<Plan>,
    /// The stage whose steps make the customers' profiles: its segment, and its place there.
    at: (usize, usize),
    sink: Arc<dyn Sink>,
    clock: Arc<dyn Clock>,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The sync that it became, or that it joined, as it stands; `None` where the same wish was granted before.
    pub sync: Option<Sync>,
}

impl Desk {
    /// The desk where syncs are asked for; `None` where no stage of the plan has a workflow that is switched on.
    #[must_use]
    pub fn of(plan: &Arc<Plan>, sink: &Arc<dyn Sink>, clock: &Arc<dyn Clock>) -> Option<Self> {
        Self::at(plan, sink, clock, |step| matches!(step, Step::Workflow(workflow) if workflow.is_enabled()))
    }

    /// The desk where critical syncs that wait are decided over, whether the workflow is switched on or not; `None` where no stage of the
    /// plan makes profiles.
    #[must_use]
    pub fn of_changes(plan: &Arc<Plan>, sink: &Arc<dyn Sink>, clock: &Arc<dyn Clock>) -> Option<Self> {
        Self::at(plan, sink, clock, |step| matches!(step, Step::Fold(_)))
    }

    fn at(plan: &Arc<Plan>, sink: &Arc<dyn Sink>, clock: &Arc<dyn Clock>, has: impl Fn(&Step) -> bool) -> Option<Self> {
        let has_one = |stage: &StagePlan| stage.store.is_some() && stage.steps.iter().any(|step| has(&step.step));
        let at = plan
            .segments
            .iter()
            .enumerate()
            .find_map(|(segment, plan)| Some((segment, plan.stages.iter().position(has_one)?)))?;
        Some(Self { plan: Arc::clone(plan), at, sink: Arc::clone(sink), clock: Arc::clone(clock) })
    }

    /// Which segment's stage has the workflow.
    pub(super) fn segment(&self) -> usize {
        self.at.0
    }

    pub(super) fn sink(&self) -> &dyn Sink {
        self.sink.as_ref()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn stage(&self) -> &StagePlan {
        &self.plan.segments[self.at.0].stages[self.at.1]
    }

    /// Whether the workflow concerns this customer: its `rollout` may leave it out.
    #[must_use]
    pub fn concerns(&self, customer: &str) -> bool {
        let mut steps = self.stage().steps.iter();
        steps.any(|step| matches!(step.step, Step::Workflow(_)) && step.rollout.has(customer))
    }

    /// Asks for a sync of a customer, now. `id` is remembered: the same asked again is one wish.
    ///
    /// # Errors
    ///
    /// A fault of the store that lasts.
    pub async fn ask(
        &self,
        id: &str,
        customer: &str,
        by: &str,
        priority: SyncPriority,
        reason: &str,
        sections: Vec<String>,
    ) -> Result<Asked, Fault> {
        let requested = Requested::named(sections);
        let (by, reason, delay) = (by.to_owned(), reason.to_owned(), TimeDelta::zero());
        let ask = Ask { id: Uuid::nil(), priority, reason, by, requested, delay };
        let wish = Some(Wish { id: format!("{customer}\nask\n{id}"), ask });
        let wake = Wake { customer_id: customer.to_owned(), wish, ..Wake::default() };
        let mut batch = patiently(|| self.look(std::slice::from_ref(&wake))).await?;
        let joined = |sync: &Sync| matches!(sync.phase, Phase::Pending | Phase::Scheduled);
        let changed = batch.syncs.pop().map_or_else(Vec::new, |syncs| syncs.changed);
        Ok(Asked { sync: changed.into_iter().rev().find(joined) })
    }

    /// Looks at customers, each named once: does what is due, grants what is wished for, and makes it durable. Answers what was written.
    ///
    /// # Errors
    ///
    /// A fault of the store. Nothing was written then, or all of it (a COMMIT whose answer was lost): the same again is right.
    pub(super) async fn look(&self, wakes: &[Wake]) -> Result<Batch, Fault> {
        let mut done = Batch::default();
        let mut left: Vec<Wake> = wakes.to_vec();
        let mut stale = 0;
        while !left.is_empty() {
            let customers: Vec<String> = left.iter().map(|wake| wake.customer_id.clone()).collect();
            let wishes: Vec<String> = left.iter().filter_map(|wake| Some(wake.wish.as_ref()?.id.clone())).collect();
            let loaded = self.sink.read(&customers, &wishes).await?;
            let (later, now): (Vec<_>, Vec<_>) = left.into_iter().partition(|wake| loaded.left.contains(&wake.customer_id));
            let time = self.clock.now();
            let merged = self.merge(now.clone(), loaded.profiles, loaded.seen, time).await?;
            let batch = self.batch(merged, time);
            left = later;
            if batch.syncs.is_empty() && batch.rows.is_empty() {
                continue;
            }
            match self.sink.write(&batch).await? {
                Written::Durable => {
                    done.effects.extend(batch.effects);
                    done.syncs.extend(batch.syncs);
                    done.rulings.extend(batch.rulings);
                    done.acts.extend(batch.acts);
                }
                Written::Stale(customers) if stale == AGAIN_AT_ONCE => {
                    let what = format!("{} customers were written by somebody else", customers.len());
                    return Err(Fault::new(FaultKind::Conflict, what));
                }
                Written::Stale(_) => {
                    stale += 1;
                    left.extend(now);
                }
            }
        }
        Ok(done)
    }

    async fn merge(
        &self,
        wakes: Vec<Wake>,
        profiles: HashMap<String, Profile>,
        seen: HashSet<String>,
        now: DateTime<Utc>,
    ) -> Result<Merged, Fault> {
        let desk = self.clone();
        let merging = tokio::task::spawn_blocking(move || {
            let keyed = Keyed::new(&desk.plan.name, desk.plan.rules_hash.as_str().into(), desk.stage());
            keyed.merge(&Given { records: &[], wakes: &wakes, seen: &seen, now }, profiles)
        });
        merging.await.map_err(|error| Fault::caused(FaultKind::Bug, "looking at customers", error))
    }

    fn batch(&self, merged: Merged, now: DateTime<Utc>) -> Batch {
        Batch {
            rows: merged.rows,
            alerts: merged.alerts,
            history: merged.history,
            critical_changes: merged.critical_changes,
            rulings: merged.rulings,
            acts: merged.deeds,
            syncs: merged.syncs,
            seen: merged.seen.into_iter().collect(),
            effects: merged.effects,
            changelog: self.stage().store.as_ref().and_then(|store| store.changelog.clone()),
            now,
            ..Batch::default()
        }
    }
}

/// Tries it again for a while, where that may help.
pub(super) async fn patiently<T>(mut attempt: impl AsyncFnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let mut backoff = Backoff::new();
    for _ in 1..TRIES {
        match attempt().await {
            Err(fault) if fault.reaction() == Reaction::Retry => tokio::time::sleep(backoff.next()).await,
            done => return done,
        }
    }
    attempt().await
}

/// Looks at customers by `look`, which gives them back; where the database refuses one of them, at the others all the same. Answers of
/// how many syncs were written.
///
/// # Errors
///
/// A fault of `look` that says nothing of a customer.
pub(super) async fn apart<F>(wakes: Vec<Wake>, mut look: impl FnMut(Vec<Wake>) -> F) -> Result<u64, Fault>
where
    F: Future<Output = (Vec<Wake>, Result<Batch, Fault>)>,
{
    let mut groups = vec![wakes];
    let mut written = 0;
    while let Some(group) = groups.pop() {
        match look(group).await {
            (_, Ok(batch)) => written += batch.syncs.len() as u64,
            (mut group, Err(fault)) if fault.reaction() == Reaction::Bisect && group.len() > 1 => {
                groups.push(group.split_off(group.len() / 2));
                groups.push(group);
            }
            (_, Err(fault)) if fault.reaction() == Reaction::Bisect => {
                tracing::error!(%fault, "a customer's syncs cannot be written: the others go on");
            }
            (_, Err(fault)) => return Err(fault),
        }
    }
    Ok(written)
}
