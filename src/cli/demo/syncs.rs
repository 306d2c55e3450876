//! Three syncs of the demo: one that is answered, one whose first request is lost, one that nobody answers.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use comfy_table::{Table, presets};
use schemas::profile::SyncStatus;
use schemas::store::ProfileFilter;
use schemas::sync::{SyncPriority, SyncState};
use schemas::{Clock, Fault, SystemClock};
use serde::Serialize;
use tokio::sync::watch;

use crate::cli::Failure;
use crate::cli::simulate_source::Answering;
use crate::generate::{Manners, Source, SourceRequest};
use crate::run::{Desk, Pipeline};

/// How far back the demo begins: as long as three attempts at an urgent sync take, and the time between them, with the shipped file.
const BEGUN_BEFORE: TimeDelta = TimeDelta::minutes(30);
/// No sync is waited for longer, however long the deadlines of the file are.
const PATIENCE: TimeDelta = TimeDelta::hours(12);

/// A clock that can leap, so that nobody waits for deadlines: it begins in the past.
pub(super) struct Leaping(Mutex<TimeDelta>);

impl Leaping {
    pub(super) fn new() -> Self {
        Self(Mutex::new(-BEGUN_BEFORE))
    }

    /// Leaps to a time that is yet to come.
    fn leap_to(&self, time: DateTime<Utc>) {
        let ahead = time - self.now();
        if ahead > TimeDelta::zero() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) += ahead;
        }
    }

    /// Shows the time that it is, unless it is ahead already.
    pub(super) fn catch_up(&self) {
        let mut ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = (*ahead).max(TimeDelta::zero());
    }
}

impl Clock for Leaping {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sync that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    customer_id: String,
    /// What its source did.
    source: &'static str,
    status: String,
    attempts: u32,
    /// From its first start to its end.
    seconds: Option<i64>,
}

/// What the source does with the requests for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    FirstLost,
    NeverAnswered,
}

impl Fate {
    const ALL: [Self; 3] = [Self::Answered, Self::FirstLost, Self::NeverAnswered];

    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answers",
            Self::FirstLost => "loses the first request",
            Self::NeverAnswered => "never answers",
        }
    }

    fn answers(self, request: &SourceRequest) -> bool {
        match self {
            Self::Answered => true,
            Self::FirstLost => !request.id.ends_with("-1"),
            Self::NeverAnswered => false,
        }
    }
}

/// The three, and the source that plays with them.
pub(super) struct Syncs {
    fates: Arc<BTreeMap<String, Fate>>,
    answering: Answering,
}

impl Syncs {
    /// Chooses three customers of which no sync is under way.
    ///
    /// # Errors
    ///
    /// A fault of the broker or of the store.
    pub(super) async fn begin(pipeline: &Pipeline, clock: Arc<Leaping>, seed: u64, customers: u64) -> Result<Self, Failure> {
        let fates = Arc::new(chosen(pipeline).await?);
        let manners = Manners { seed, customers, delay_ms: 500..=5_000, loss_percent: 0, duplication_percent: 0 };
        let (source, of) = (Source::new(manners), Arc::clone(&fates));
        let answers = move |request: &SourceRequest, now| {
            let answered = of.get(&request.customer_id).is_none_or(|fate| fate.answers(request));
            if answered { source.answers(request, now) } else { Vec::new() }
        };
        let topics = Arc::clone(&pipeline.brokers()[&pipeline.plan().usual_broker]);
        let answering = Answering::begin(pipeline.plan(), topics, clock, Box::new(answers), true).await?;
        Ok(Self { fates, answering })
    }

    /// Asks for the data of the three, and leaps from one deadline to the next until all three syncs are over. Whatever else the customers'
    /// events ask for is answered.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub(super) async fn show(
        &mut self,
        pipeline: &Pipeline,
        desk: &Desk,
        clock: &Leaping,
        stop: &watch::Receiver<bool>,
    ) -> Result<Vec<Shown>, Fault> {
        for customer in self.fates.keys() {
            desk.ask("demo", customer, "demo", SyncPriority::Urgent, "the demo wants fresh data", Vec::new()).await?;
        }
        let ends = clock.now() + PATIENCE;
        loop {
            pipeline.run_until_caught_up(stop.clone()).await?;
            let answers = self.answering.catch_up().await?;
            let stands = stands(pipeline, &self.fates).await?;
            let timer = stands.iter().filter_map(|(_, syncs)| syncs.due()).min();
            match answers.or(timer).filter(|time| *time < ends && !*stop.borrow()) {
                Some(time) => clock.leap_to(time),
                None => return Ok(stands.into_iter().filter_map(|(of, syncs)| shown(of, self.fates[of], &syncs)).collect()),
            }
            self.answering.send().await?;
        }
    }

    /// Goes on answering, but for the one who never gets an answer.
    ///
    /// # Errors
    ///
    /// A fault of the broker.
    pub(super) async fn go_on(mut self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        self.answering.work(false, stop).await
    }
}

/// Three customers of which no sync is under way.
async fn chosen(pipeline: &Pipeline) -> Result<BTreeMap<String, Fate>, Fault> {
    let filter = ProfileFilter { sync_status: Some(SyncStatus::NotSynced), ..ProfileFilter::default() };
    let walked = pipeline.sink().walk(&filter, None, 3).await?;
    Ok(walked.into_iter().map(|profile| profile.customer_id).zip(Fate::ALL).collect())
}

/// Where their syncs stand, in the order of their fates.
async fn stands<'f>(pipeline: &Pipeline, fates: &'f BTreeMap<String, Fate>) -> Result<Vec<(&'f String, SyncState)>, Fault> {
    let customers: Vec<String> = fates.keys().cloned().collect();
    let mut loaded = pipeline.sink().read(&customers, &[]).await?.profiles;
    Ok(fates.keys().filter_map(|customer| Some((customer, loaded.remove(customer)?.syncs))).collect())
}

fn shown(customer: &str, fate: Fate, state: &SyncState) -> Option<Shown> {
    let ended = state.ended.last()?;
    Some(Shown {
        customer_id: customer.to_owned(),
        source: fate.as_str(),
        status: ended.status.as_str().to_owned(),
        attempts: ended.attempts,
        seconds: ended.duration_ms.map(|ms| ms / 1_000),
    })
}

/// Prints them as a table.
pub(super) fn print(shown: &[Shown], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["sync of customer", "its source", "ended", "attempts", "after"]);
    for sync in shown {
        let after = sync.seconds.map_or_else(String::new, |seconds| format!("{} min {} s", seconds / 60, seconds % 60));
        table.add_row([&sync.customer_id, sync.source, &sync.status, &sync.attempts.to_string(), &after]);
    }
    writeln!(out, "{table}")
}
