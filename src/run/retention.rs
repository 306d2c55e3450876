//! What is kept for a time only: the events whose effects must not happen twice, for 30 days (`architecture.md`, rule 7).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use schemas::Clock;
use sinks::Sink;

/// How long a seen event is remembered.
const SEEN_EVENTS: TimeDelta = TimeDelta::days(30);
/// How long to leave it at that once nothing is too old.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Rows deleted by one transaction: so few that nobody notices, and that a slow disk, too, ends it well before the publisher's lease does.
const AT_ONCE: u32 = 250;
/// Transactions of one step: what waits to be published waits for no more.
const A_STEP: usize = 4;

/// Forgets step by step, beside other work.
pub(super) struct Retention {
    sink: Arc<dyn Sink>,
    clock: Arc<dyn Clock>,
    /// When to look next.
    due: DateTime<Utc>,
}

impl Retention {
    /// Looks for the first time now.
    pub(super) fn new(sink: Arc<dyn Sink>, clock: Arc<dyn Clock>) -> Self {
        let due = clock.now();
        Self { sink, clock, due }
    }

    /// Forgets a few of what is too old, if it is time to. A fault is no harm: there is more to forget next time.
    pub(super) async fn step(&mut self) {
        let now = self.clock.now();
        if now < self.due {
            return;
        }
        for _ in 0..A_STEP {
            let forgotten = self.sink.forget_events(now - SEEN_EVENTS, AT_ONCE).await;
            match &forgotten {
                Ok(0) => {}
                Ok(events) => tracing::debug!(events, "forgot what was seen long ago"),
                Err(fault) => tracing::debug!(%fault, "nothing forgotten; trying again later"),
            }
            if !forgotten.is_ok_and(|forgotten| forgotten == u64::from(AT_ONCE)) {
                self.due = now + LOOK_AGAIN;
                return;
            }
        }
    }
}
