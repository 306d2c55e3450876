//! Parameters of `keep_in_sync`, with the durations of spec/3.

use chrono::TimeDelta;
use schemars::JsonSchema;
use schemas::sync::SyncPriority;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::jitter;
use crate::InvalidParameters;
use crate::parameters::{Parameters, Score, contradiction};
use crate::quantity::Span;

/// Parameters of `keep_in_sync`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SyncParams {
    /// Whether syncs start, end and are given up. If not, administrators are still told of critical changes that wait for them.
    pub(crate) enabled: bool,
    /// How long a sync waits for others to join it.
    pub(crate) delay: Delay,
    /// How long the source may take to answer, by priority.
    pub(crate) deadline: Deadline,
    /// What follows if it does not.
    pub(crate) retry: Retry,
}

impl Default for SyncParams {
    fn default() -> Self {
        Self { enabled: true, delay: Delay::default(), deadline: Deadline::default(), retry: Retry::default() }
    }
}

/// How long a sync waits for others to join it before it starts; what is urgent or high starts at once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Delay {
    /// Of a notification whose impact is not high.
    pub(crate) notification: Span,
    /// Of a request of medium (normal) or low priority.
    pub(crate) request: Span,
}

impl Default for Delay {
    fn default() -> Self {
        Self { notification: Span::minutes(30), request: Span::minutes(5) }
    }
}

/// How long the source may take to answer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Deadline {
    /// An urgent request.
    pub(crate) urgent: Span,
    /// A request of high priority.
    pub(crate) high: Span,
    /// A request of medium priority.
    pub(crate) medium: Span,
    /// A request of low priority.
    pub(crate) low: Span,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { urgent: Span::minutes(2), high: Span::minutes(5), medium: Span::minutes(10), low: Span::minutes(30) }
    }
}

/// What follows where the source does not answer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retry {
    /// After how many attempts a sync is given up, 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub(crate) attempts: u32,
    /// Twice this long after the first attempt failed the second one starts; each further wait is twice as long.
    pub(crate) backoff: Span,
    /// By how much a wait is made longer or shorter at random, in percent.
    pub(crate) jitter: Score,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, backoff: Span::minutes(1), jitter: Score::new(10) }
    }
}

impl Parameters for SyncParams {
    fn check(&self) -> Result<(), InvalidParameters> {
        let Deadline { urgent, high, medium, low } = self.deadline;
        for (path, span) in [
            (["deadline", "urgent"], urgent),
            (["deadline", "high"], high),
            (["deadline", "medium"], medium),
            (["deadline", "low"], low),
            (["retry", "backoff"], self.retry.backoff),
        ] {
            if span.delta() <= TimeDelta::zero() {
                return Err(contradiction(&path, "nothing is answered in no time: at least `1ms`"));
            }
        }
        if !(1..=10).contains(&self.retry.attempts) {
            return Err(contradiction(&["retry", "attempts"], "there are 1 to 10 attempts"));
        }
        Ok(())
    }
}

impl SyncParams {
    /// How long a notification waits whose impact is not high.
    #[must_use]
    pub fn notification_delay(&self) -> TimeDelta {
        self.delay.notification.delta()
    }

    /// How long a request of this priority waits.
    #[must_use]
    pub fn request_delay(&self, priority: SyncPriority) -> TimeDelta {
        match priority {
            SyncPriority::Low | SyncPriority::Medium => self.delay.request.delta(),
            SyncPriority::High | SyncPriority::Urgent => TimeDelta::zero(),
        }
    }

    /// After how many attempts a sync is given up.
    pub(super) fn attempts(&self) -> u32 {
        self.retry.attempts
    }

    /// How long an answer may take.
    pub(super) fn deadline(&self, priority: SyncPriority) -> TimeDelta {
        let Deadline { urgent, high, medium, low } = self.deadline;
        match priority {
            SyncPriority::Urgent => urgent,
            SyncPriority::High => high,
            SyncPriority::Medium => medium,
            SyncPriority::Low => low,
        }
        .delta()
    }

    /// How long after the failure of an attempt the next one starts: 2, 4, 8 .. times the backoff, more or less.
    pub(super) fn retry_after(&self, id: Uuid, attempt: u32) -> TimeDelta {
        let millis = self.retry.backoff.delta().num_milliseconds().saturating_mul(1 << attempt.min(16));
        let share = jitter(id, attempt) * f64::from(self.retry.jitter.get()) / 100.0;
        // Whole milliseconds, and at least one: a wait is never nothing.
        let millis = (millis as f64 * (1.0 + share)).round().max(1.0);
        TimeDelta::try_milliseconds(millis as i64).unwrap_or(TimeDelta::MAX)
    }
}
