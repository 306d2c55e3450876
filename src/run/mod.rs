//! The engine: runs a checked plan (`architecture.md`, "Rules of the flow").
//!
//! ```text
//! reader -> chain (stateless steps) -> lane 0..n (fold, derive, one transaction a batch) -> outbox -> publisher
//! ```
//!
//! Bounded channels and a memory budget join them, so a slow database slows the reader down instead of filling memory.

mod backoff;
mod build;
mod cache;
mod chain;
mod counters;
mod dispatch;
#[cfg(test)]
mod faulty;
mod group;
mod health;
mod inputs;
mod item;
mod keyed;
mod lag;
mod lane;
mod letter;
pub mod mirror;
mod ownership;
mod presence;
mod publisher;
mod reading;
mod retention;
mod retries;
mod rounds;
mod segment;
mod share;
mod stop;
mod tracker;
mod troubled;
mod unread;
mod wire;
mod workflow;

use std::ops::Range;
use std::sync::Arc;

use schemas::{Fault, FaultKind};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

pub use build::{Options, Pipeline, sink_settings};
pub use counters::{Counters, Counts};
pub use health::Health;
use publisher::Publisher;
pub use retries::patiently;
use segment::{Segment, Until};
pub use share::{Share, ShareError};
use stop::Stop;
use workflow::Timers;
pub use workflow::{Asked, BackfillPlan, BackfillReport, Desk, Judged};

impl Pipeline {
    /// Runs until `stop` turns true: finishes the transactions in hand, commits positions, sends what is to be sent, and ends within
    /// about 5 s, whatever is away. What was read and not begun is read again by the next run.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend. The other segments are told to stop, and end in order.
    pub async fn run(&self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        self.connected(0..self.plan().segments.len());
        self.until(stop, async |stop| self.segments(0..self.plan().segments.len(), Until::Stopped, stop).await).await
    }

    /// Runs until every input topic is read to the end that it had at the start, and every effect is durable; or until `stop`, as
    /// [`Pipeline::run`] does.
    ///
    /// Segments run in the order in which records flow, so that what one writes to a topic is read by the next.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn run_until_caught_up(&self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        let worked = async |stop: &Stop| {
            for at in 0..self.plan().segments.len() {
                self.connected(at..at + 1);
                self.segments(at..at + 1, Until::CaughtUp, stop).await?;
                if stop.is_told() {
                    break;
                }
            }
            Ok(())
        };
        self.until(stop, worked).await
    }

    fn connected(&self, segments: Range<usize>) {
        self.health().connected(self.plan().segments[segments].iter().map(|segment| segment.name.as_str()));
    }

    /// Works beside a publisher, until `asked` turns true at the latest.
    async fn until(
        &self,
        mut asked: watch::Receiver<bool>,
        work: impl AsyncFnOnce(&Stop) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let stop = Stop::new();
        let forwarding = async {
            if asked.wait_for(|stop| *stop).await.is_ok() {
                stop.tell();
            }
            std::future::pending().await
        };
        tokio::select! {
            worked = self.beside_publisher(&stop, work(&stop)) => worked,
            ended = forwarding => ended,
            never = self.watch_brokers() => match never {},
        }
    }

    /// Runs segments beside each other until all have ended. One that fails stops the others.
    async fn segments(&self, which: Range<usize>, until: Until, stop: &Stop) -> Result<(), Fault> {
        let mut running = JoinSet::new();
        for at in which {
            let segment = Arc::new(self.segment(at, stop));
            running.spawn(async move { with_timers(&segment, until).await });
        }
        let mut worked = Ok(());
        loop {
            let ended = tokio::select! {
                ended = running.join_next() => ended,
                () = stop.overdue() => {
                    tracing::warn!("what still works does not end in time and is dropped; the next run reads it again");
                    return worked;
                }
            };
            let Some(ended) = ended else { return worked };
            let ended = ended.map_err(|error| Fault::caused(FaultKind::Bug, "a segment panicked", error)).flatten();
            if ended.is_err() {
                stop.tell();
            }
            worked = worked.and(ended);
        }
    }

    /// Works with a publisher beside; then lets it send what is left. Whichever of the two fails stops the other.
    async fn beside_publisher(&self, stop: &Stop, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
        let (end, ended) = watch::channel(false);
        let mut publishing = tokio::spawn(published(self.publishers(stop), ended));
        let mut work = std::pin::pin!(work);
        let worked = tokio::select! {
            worked = &mut work => worked,
            ended = &mut publishing => {
                stop.tell();
                let worked = work.await;
                return joined(ended).and(worked);
            }
        };
        // Its receiver lives in the publisher's task.
        let _ = end.send(true);
        let ended = tokio::select! {
            ended = &mut publishing => joined(ended),
            () = stop.overdue() => {
                publishing.abort();
                Ok(())
            }
        };
        worked.and(ended)
    }
}

/// Runs a segment with its timers beside it, where it has a workflow. One that runs until it has caught up does what is due then, and
/// leaves what is not.
async fn with_timers(segment: &Arc<Segment>, until: Until) -> Result<(), Fault> {
    let Some(timers) = Timers::of(segment) else { return segment.run(until).await };
    let (end, ended) = watch::channel(false);
    let working = async {
        let worked = segment.run(until).await;
        // Its receiver lives as long as this function. Timers that were taken are not left in the middle.
        let _ = end.send(true);
        worked
    };
    let timing = async {
        let timed = timers.run(ended, until).await;
        if timed.is_err() {
            segment.stop.tell();
        }
        timed
    };
    let (worked, timed) = tokio::join!(working, timing);
    worked.and(timed)
}

/// Publishes to all brokers beside each other, until all have ended. One that fails ends the others.
async fn published(publishers: Vec<Publisher>, ended: watch::Receiver<bool>) -> Result<(), Fault> {
    let mut publishing: JoinSet<_> = publishers.into_iter().map(|publisher| publisher.run(ended.clone())).collect();
    while let Some(ended) = publishing.join_next().await {
        joined(ended)?;
    }
    Ok(())
}

fn joined(ended: Result<Result<(), Fault>, JoinError>) -> Result<(), Fault> {
    ended.map_err(|error| Fault::caused(FaultKind::Bug, "a publisher panicked", error))?
}
