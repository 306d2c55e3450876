//! A backfill: a sync for each of many profiles, at a bounded rate (spec/3 §7).
//!
//! It goes through the profiles in the order of their keys, a portion at a time, and notes how far it is behind each: killed at any
//! moment it goes on there. The portion that was in hand is asked for again under the same ids, so nobody is asked for twice.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use schemas::store::{Backfill, ProfileFilter, Walked};
use schemas::sync::{Ask, Requested, SyncPriority};
use schemas::{Fault, FaultKind, Reaction};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::Desk;
use super::desk::apart;
use crate::run::backoff::Backoff;
use crate::run::keyed::{Wake, Wish};

/// How many portions a second.
const PORTIONS: u32 = 2;
/// How many profiles a portion has at most: what is in memory at once.
const PORTION_AT_MOST: u32 = 500;
/// How many profiles a dry run reads at once.
const READ: u32 = 1_000;

/// A backfill to run.
#[derive(Debug, Clone)]
pub struct BackfillPlan {
    /// Its name: one that was ended goes on under it.
    pub name: String,
    /// Which profiles.
    pub filter: ProfileFilter,
    /// How many syncs are asked for a second, at least 1.
    pub rate: u32,
    /// Their priority.
    pub priority: SyncPriority,
    /// Who asks.
    pub by: String,
    /// Why, for the history.
    pub reason: String,
}

/// What a backfill did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackfillReport {
    /// For how many profiles a sync was asked, in this run of the program.
    pub asked: u64,
    /// How many profiles it passed beside those: outside the rollout of the step, asked for just before an earlier run was
    /// ended, or refused by the database, as the log says.
    pub left_out: u64,
    /// For how many in all its runs.
    pub asked_in_all: u64,
    /// What they were, by type, data version and where their sync stood.
    pub kinds: BTreeMap<(String, String, String), u64>,
    /// Whether it went on where an earlier one was ended.
    pub resumed: bool,
    /// Whether it is through.
    pub finished: bool,
}

impl BackfillReport {
    fn count(&mut self, walked: &Walked) {
        let version = walked.data_version.clone().unwrap_or_else(|| "none".to_owned());
        let kind = (walked.customer_type.clone(), version, walked.sync_status.clone());
        *self.kinds.entry(kind).or_default() += 1;
    }
}

impl Desk {
    /// What a backfill would ask for; changes nothing.
    ///
    /// # Errors
    ///
    /// A fault of the store.
    pub async fn rehearse(&self, plan: &BackfillPlan) -> Result<BackfillReport, Fault> {
        let state = self.unfinished(plan).await?;
        let mut report = BackfillReport { resumed: state.is_some(), ..BackfillReport::default() };
        let mut after = state.and_then(|state| state.after);
        loop {
            let walked = self.sink().walk(&plan.filter, after.as_deref(), READ).await?;
            let Some(last) = walked.last() else { return Ok(report) };
            after = Some(last.customer_id.clone());
            walked.iter().for_each(|walked| report.count(walked));
            report.asked += walked.len() as u64;
        }
    }

    /// Asks for syncs, at the plan's rate, until it is through or told to stop. `told` hears how many profiles it has passed.
    ///
    /// # Errors
    ///
    /// A fault of the store that lasts. What was done stays done: the next run goes on there.
    pub async fn backfill(
        &self,
        plan: &BackfillPlan,
        stop: watch::Receiver<bool>,
        mut told: impl FnMut(u64),
    ) -> Result<BackfillReport, Fault> {
        let unfinished = self.unfinished(plan).await?;
        let mut report = BackfillReport { resumed: unfinished.is_some(), ..BackfillReport::default() };
        let now = self.clock().now();
        let begun = || Backfill {
            name: plan.name.clone(),
            run: Uuid::new_v4(),
            filter: plan.filter.to_string(),
            after: None,
            asked: 0,
            started_at: now,
            finished_at: None,
        };
        let mut state = unfinished.unwrap_or_else(begun);
        self.save(&state).await?;
        let portion = plan.rate.div_ceil(PORTIONS).min(PORTION_AT_MOST);
        let mut ticks =
            tokio::time::interval_at(Instant::now(), Duration::from_secs_f64(f64::from(portion) / f64::from(plan.rate)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*stop.borrow() {
            ticks.tick().await;
            let (walked, asked) = self.portion(plan, &state, portion).await?;
            let Some(last) = walked.last() else {
                state.finished_at = Some(self.clock().now());
                report.finished = true;
                break;
            };
            state.after = Some(last.customer_id.clone());
            state.asked += asked;
            report.asked += asked;
            report.left_out += walked.len() as u64 - asked;
            walked.iter().for_each(|walked| report.count(walked));
            self.save(&state).await?;
            told(report.asked + report.left_out);
        }
        self.save(&state).await?;
        Ok(BackfillReport { asked_in_all: state.asked, ..report })
    }

    /// How far the one is that was ended before it was through.
    ///
    /// # Errors
    ///
    /// `Refused` where that goes through other profiles: going on, this one would leave out those that it has passed.
    async fn unfinished(&self, plan: &BackfillPlan) -> Result<Option<Backfill>, Fault> {
        let state = self.sink().backfill(&plan.name).await?.filter(|state| state.finished_at.is_none());
        let wanted = plan.filter.to_string();
        if let Some(Backfill { filter, .. }) = state.as_ref().filter(|state| state.filter != wanted) {
            let what = format!("the backfill {:?} was ended on its way through {filter}; these are {wanted}", plan.name);
            return Err(Fault::new(FaultKind::Refused, what)
                .advise("let it go on with its own filter first, or give this one another --name"));
        }
        Ok(state)
    }

    /// Asks for the next profiles. Answers them, and of how many a sync was asked.
    async fn portion(&self, plan: &BackfillPlan, state: &Backfill, portion: u32) -> Result<(Vec<Walked>, u64), Fault> {
        let walked = waiting(async || self.sink().walk(&plan.filter, state.after.as_deref(), portion).await).await?;
        let wakes = walked.iter().map(|walked| wake(plan, state, &walked.customer_id)).collect();
        let look = |group: Vec<Wake>| async move {
            let looked = waiting(async || self.look(&group).await).await;
            (group, looked)
        };
        let asked = apart(wakes, look).await?;
        Ok((walked, asked))
    }

    async fn save(&self, state: &Backfill) -> Result<(), Fault> {
        waiting(async || self.sink().save_backfill(state, self.clock().now()).await).await
    }
}

/// Tries until it works. A store that is away is waited for, for a while.
async fn waiting<T>(mut attempt: impl AsyncFnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let mut backoff = Backoff::new();
    loop {
        match attempt().await {
            Err(fault) if fault.reaction() == Reaction::Retry && backoff.lasts() < PATIENCE => {
                tokio::time::sleep(backoff.next()).await;
            }
            done => return done,
        }
    }
}

/// How long a store that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn wake(plan: &BackfillPlan, state: &Backfill, customer: &str) -> Wake {
    let (priority, reason, by) = (plan.priority, plan.reason.clone(), plan.by.clone());
    let ask = Ask { id: Uuid::nil(), priority, reason, by, requested: Requested::named([]), delay: TimeDelta::zero() };
    Wake {
        customer_id: customer.to_owned(),
        wish: Some(Wish { id: format!("{customer}\nbackfill\n{}", state.run), ask }),
        ..Wake::default()
    }
}
