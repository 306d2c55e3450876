//! When a run is to end: told once, seen by all that it runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long what was told to end may take: for the transactions in hand, the positions, the leases. Orchestrators allow 10 s and more.
const DRAINING: Duration = Duration::from_secs(5);

/// The end of a run, once it is told: by a signal, or because a part of the run failed. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Stop(Arc<watch::Sender<Option<Instant>>>);

impl Stop {
    /// Not told yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Tells everybody. Only the first time counts.
    pub(super) fn tell(&self) {
        self.0.send_if_modified(|at| {
            let news = at.is_none();
            at.get_or_insert_with(Instant::now);
            news
        });
    }

    pub(super) fn is_told(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Whether it was told longer ago than this.
    pub(super) fn is_told_since(&self, long: Duration) -> bool {
        self.0.borrow().is_some_and(|at| at.elapsed() > long)
    }

    /// Completes once it is told.
    pub(super) async fn told(&self) {
        self.at().await;
    }

    /// Completes when everything should have ended.
    pub(super) async fn overdue(&self) {
        sleep_until(self.at().await + DRAINING).await;
    }

    async fn at(&self) -> Instant {
        let mut told = self.0.subscribe();
        // The sender lives in `self`.
        let at = told.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        at.unwrap_or_else(Instant::now)
    }
}

#[cfg(test)]
mod tests;
