//! The synchronisation workflow (spec/3): when the source system is asked for a customer's data, and what follows if it does not answer.
//!
//! [`Workflow`] is a pure function of a customer's [`SyncState`], of what happens, and of the time. Nothing here waits: whoever keeps the
//! state calls again when it is [due](SyncState::due), or at any time later.
//!
//! In: `profile_updated` (spec/1 §3.8) and `sync_request` (§3.9) ask for a sync; whatever the other events made of the profile answers it.
//! Out: on the port `requests` a request to the source for each attempt, on `notifications` what an administrator must see.

mod answers;
mod asks;
#[cfg(test)]
mod laws;
mod messages;
mod params;
mod requested;
#[cfg(test)]
mod tests;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use schemas::profile::CustomerType;
use schemas::store::SyncStage;
use schemas::sync::{Ask, EndedSync, Phase, StepCode, StepStatus, Sync, SyncError, SyncPriority, SyncState, SyncStep};
use uuid::Uuid;

pub use self::messages::{Message, approval_wanted, given_up, source_request};
pub use self::params::SyncParams;
pub use self::requested::known_codes;

use self::requested::{codes, is_answered};
use crate::catalogue::{Entry, Shape, Step};
use crate::parameters;

/// Where requests to the source go.
pub const REQUESTS: &str = "requests";
/// Where notifications go.
pub const NOTIFICATIONS: &str = "notifications";

/// What is known of the customer's data: what an answer is told by.
pub trait Answers {
    /// The type, by which all data is asked for.
    fn customer_type(&self) -> CustomerType;

    /// What there is of the customer, in words.
    fn summary(&self) -> String;

    /// The event time of the newest complete profile.
    fn complete(&self) -> Option<DateTime<Utc>>;

    /// The event time of the newest data that satisfies a code; `None` where there is none, or nothing does.
    fn newest(&self, code: &str) -> Option<DateTime<Utc>>;
}

/// What the workflow did, with the sync as it was then.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// A sync is planned.
    Planned(Sync),
    /// Another wish joined the one that is planned.
    Joined(Sync),
    /// An attempt started: the source is to be asked.
    Started(Sync),
    /// It was answered, so long after its first start.
    Completed(Sync, TimeDelta),
    /// An attempt was not answered in time; another one follows at the sync's `due`.
    Failed(Sync),
    /// The last attempt was not answered in time.
    GivenUp(Sync),
}

impl Act {
    /// The sync that it is about.
    #[must_use]
    pub fn sync(&self) -> &Sync {
        match self {
            Self::Planned(sync)
            | Self::Joined(sync)
            | Self::Started(sync)
            | Self::Completed(sync, _)
            | Self::Failed(sync)
            | Self::GivenUp(sync) => sync,
        }
    }

    /// What it is in the history.
    #[must_use]
    pub fn stage(&self) -> SyncStage {
        match self {
            Self::Planned(_) => SyncStage::Scheduled,
            Self::Joined(_) => SyncStage::Joined,
            Self::Started(_) => SyncStage::Started,
            Self::Completed(..) => SyncStage::Completed,
            Self::Failed(_) => SyncStage::Failed,
            Self::GivenUp(_) => SyncStage::GivenUp,
        }
    }
}

/// How much of why a sync is wanted is kept, in characters: it travels to the source and into the tables.
const LONGEST_REASON: usize = 1_000;
/// How much of the name of who wants it is kept, in characters.
const LONGEST_NAME: usize = 255;

/// The rules by which syncs come and go.
#[derive(Debug, Clone)]
pub struct Workflow {
    params: SyncParams,
}

impl Workflow {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "keep_in_sync",
        summary: "asks the source system for data, waits, asks again, and gives up: syncs, with their timers",
        shape: Shape::Workflow,
        ports: &[REQUESTS, NOTIFICATIONS],
        parameters: || schemars::schema_for!(SyncParams),
        build: |with, _| parameters::read(with).map(|params| Step::Workflow(Box::new(Self::new(params)))),
    };

    /// The workflow with these durations.
    #[must_use]
    pub fn new(params: SyncParams) -> Self {
        Self { params }
    }

    /// Whether syncs start, end and are given up.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.params.enabled
    }

    /// Somebody wants a sync. It joins the one that is planned, if there is one: the highest priority and the earliest time win, and all that
    /// was asked for is asked for (spec/3 §2). Beside one that is open it waits for its end.
    pub fn ask(&self, state: &mut SyncState, ask: Ask, customer: &dyn Answers, now: DateTime<Utc>) -> Act {
        let ask = Ask { reason: clipped(ask.reason, LONGEST_REASON), by: clipped(ask.by, LONGEST_NAME), ..ask };
        let due = now + ask.delay;
        let data = |requested| codes(requested, customer.customer_type());
        let act = match state.planned.take() {
            None => Act::Planned(planned(data(&ask.requested), ask, due, now)),
            Some(planned) => {
                let joined = joined(planned, ask, due, now);
                Act::Joined(Sync { data: data(&joined.requested), ..joined })
            }
        };
        state.planned = Some(act.sync().clone());
        act
    }

    /// What is known of the customer has changed, or time has passed: completes what is answered, and does what is due.
    pub fn pass(&self, state: &mut SyncState, customer: &dyn Answers, now: DateTime<Utc>) -> Vec<Act> {
        let mut acts = Vec::new();
        // Each turn ends an attempt or starts one, and what starts now is due later: there are few.
        loop {
            acts.extend(complete(state, customer, now));
            match self.turn(state, customer, now) {
                Some(act) => acts.push(act),
                None => return acts,
            }
        }
    }

    fn turn(&self, state: &mut SyncState, customer: &dyn Answers, now: DateTime<Utc>) -> Option<Act> {
        let is_due = |sync: &Sync| sync.due.is_some_and(|due| due <= now);
        let Some(mut open) = state.open.take_if(|open| is_due(open)) else {
            if state.open.is_some() {
                return None;
            }
            let planned = state.planned.take_if(|planned| is_due(planned))?;
            return Some(self.start(state, planned, customer, now));
        };
        if open.phase == Phase::Retrying {
            return Some(self.start(state, open, customer, now));
        }
        let error = format!(
            "the source did not answer attempt {} within {}",
            open.attempt,
            in_words(self.params.deadline(open.priority))
        );
        open.error = Some(error.clone());
        remember(&mut state.errors, SyncError { timestamp: now, error, sync_id: open.id, attempt: open.attempt });
        if open.attempt < self.params.attempts() {
            open.phase = Phase::Retrying;
            open.priority = SyncPriority::High;
            open.due = Some(now + self.params.retry_after(open.id, open.attempt));
            state.open = Some(open.clone());
            return Some(Act::Failed(open));
        }
        let given_up = ended(state, open, Phase::GivenUp, now);
        state.given_up = Some(given_up.clone());
        Some(Act::GivenUp(given_up))
    }

    fn start(&self, state: &mut SyncState, sync: Sync, customer: &dyn Answers, now: DateTime<Utc>) -> Act {
        let due = now + self.params.deadline(sync.priority);
        let data = codes(&sync.requested, customer.customer_type());
        let attempt = sync.attempt + 1;
        let mut steps = sync.steps.clone();
        for (step, message) in [
            (StepCode::CheckCurrentProfile, customer.summary()),
            (
                StepCode::RequestCustomerServiceSync,
                format!("attempt {attempt} of {}: {}", self.params.attempts(), data.join(", ")),
            ),
            (StepCode::MarkSyncInProgress, "an answer is awaited".to_owned()),
            (StepCode::ScheduleSyncVerification, format!("until {}", due.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))),
        ] {
            steps.push(SyncStep { step, status: StepStatus::Completed, message, time: now });
        }
        let started_at = Some(sync.started_at.unwrap_or_else(|| in_events(now)));
        let sync = Sync { phase: Phase::Pending, attempt, started_at, due: Some(due), steps, data, ..sync };
        state.open = Some(sync.clone());
        Act::Started(sync)
    }
}

/// A text, or its beginning and an ellipsis if it has more characters than these.
fn clipped(mut text: String, most: usize) -> String {
    if text.char_indices().nth(most).is_some() {
        let (end, _) = text.char_indices().nth(most - 1).expect("it has more characters than that");
        text.truncate(end);
        text.push('\u{2026}');
    }
    text
}

fn planned(data: Vec<String>, ask: Ask, due: DateTime<Utc>, now: DateTime<Utc>) -> Sync {
    let Ask { id, priority, reason, by, requested, .. } = ask;
    let (phase, attempt, asked_at, due) = (Phase::Scheduled, 0, in_events(now), Some(due));
    let (started_at, finished_at, steps, error) = (None, None, Vec::new(), None);
    Sync { id, priority, reason, by, requested, data, phase, attempt, asked_at, started_at, due, finished_at, steps, error }
}

/// A planned sync, when another ask joins it.
fn joined(planned: Sync, ask: Ask, due: DateTime<Utc>, now: DateTime<Utc>) -> Sync {
    let more_urgent = ask.priority > planned.priority;
    Sync {
        reason: if more_urgent { ask.reason } else { planned.reason },
        by: if more_urgent { ask.by } else { planned.by },
        priority: planned.priority.max(ask.priority),
        requested: planned.requested.and(ask.requested),
        due: planned.due.map(|planned| planned.min(due)),
        asked_at: in_events(now),
        ..planned
    }
}

/// Completes what is answered: by data of an event time from its first start on.
fn complete(state: &mut SyncState, customer: &dyn Answers, now: DateTime<Utc>) -> Vec<Act> {
    let answered = |sync: &Sync| sync.started_at.is_some_and(|started| is_answered(&sync.requested, started, customer));
    let mut whole = Vec::new();
    if let Some(open) = state.open.take_if(|open| answered(open)) {
        whole.push(open);
        // Whoever asked meanwhile has what there was to ask for, if the answer is as new.
        let has_it = |planned: &mut Sync| is_answered(&planned.requested, planned.asked_at, customer);
        whole.extend(state.planned.take_if(has_it));
    }
    whole.extend(state.given_up.take_if(|late| answered(late)));
    if !whole.is_empty() {
        // Whatever it asked for, the source has answered since.
        state.given_up = None;
    }
    let completed = whole.into_iter().map(|sync| {
        let sync = ended(state, sync, Phase::Completed, now);
        state.last_sync_at = Some(now);
        let took = sync.started_at.map_or(TimeDelta::zero(), |started| now - started);
        Act::Completed(sync, took)
    });
    completed.collect()
}

fn ended(state: &mut SyncState, sync: Sync, phase: Phase, now: DateTime<Utc>) -> Sync {
    let duration_ms = sync.started_at.map(|started| (now - started).num_milliseconds());
    let Sync { id, priority, ref reason, attempt, started_at, .. } = sync;
    let (reason, status, attempts) = (reason.clone(), phase, attempt);
    // A late answer takes back that it was given up.
    state.ended.retain(|ended| ended.sync_id != id);
    remember(
        &mut state.ended,
        EndedSync { sync_id: id, status, priority, reason, attempts, started_at, finished_at: now, duration_ms },
    );
    Sync { phase, due: None, finished_at: Some(now), ..sync }
}

fn remember<T>(kept: &mut Vec<T>, newest: T) {
    kept.push(newest);
    let too_many = kept.len().saturating_sub(SyncState::KEPT);
    kept.drain(..too_many);
}

/// A time as events have it, by the millisecond: what the source makes in this very one is as new as what asks for it.
fn in_events(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(3)
}

/// A duration for people: `2 min`, `90 s`.
fn in_words(span: TimeDelta) -> String {
    match span.num_milliseconds() {
        millis if millis % 60_000 == 0 => format!("{} min", millis / 60_000),
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}

/// A number from -1 to 1 that is always the same for an attempt of a sync: what spreads retries.
fn jitter(id: Uuid, attempt: u32) -> f64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in id.as_bytes().iter().copied().chain(attempt.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The upper bits of this hash are the well mixed ones.
    f64::from(u32::try_from(hash >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX) * 2.0 - 1.0
}
