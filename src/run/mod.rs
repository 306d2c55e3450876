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
mod health;
mod keyed;
mod lane;
mod publisher;
mod reading;
mod segment;
mod tracker;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, FaultKind};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

pub use build::{Options, Pipeline, patiently, sink_settings};
pub use counters::{Counters, Counts};
pub use health::Health;
use segment::{Segment, Until};

impl Pipeline {
    /// Runs until `stop` says so; drains and commits first.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn run(&self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        let mut segments = JoinSet::new();
        for segment in self.segments(&stop) {
            segments.spawn(async move { segment.run(Until::Stopped).await });
        }
        let worked = async {
            while let Some(ended) = segments.join_next().await {
                ended.map_err(|error| Fault::caused(FaultKind::Bug, "a segment panicked", error))??;
            }
            Ok(())
        };
        self.beside_publisher(false, worked).await
    }

    /// Runs until every input topic is read to the end that it had at the start, and every effect is durable; or until `stop`.
    ///
    /// Segments run in the order in which records flow, so that what one writes to a topic is read by the next.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn run_until_caught_up(&self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        let worked = async {
            for segment in self.segments(&stop) {
                segment.run(Until::CaughtUp).await?;
                if *stop.borrow() {
                    break;
                }
            }
            Ok(())
        };
        self.beside_publisher(true, worked).await
    }

    fn segments(&self, stop: &watch::Receiver<bool>) -> Vec<Arc<Segment>> {
        (0..self.plan().segments.len()).map(|at| Arc::new(self.segment(at, stop.clone()))).collect()
    }

    /// Works with a publisher beside; then lets it send what is left. Whichever of the two fails ends the other.
    async fn beside_publisher(&self, insists: bool, work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
        let (end, ended) = watch::channel(false);
        let mut publishing = tokio::spawn(self.publisher(insists).run(ended));
        let worked = tokio::select! {
            worked = work => worked,
            ended = &mut publishing => return published(ended),
        };
        // Its receiver lives in the publisher's task.
        let _ = end.send(true);
        match worked {
            Ok(()) => published(publishing.await),
            Err(fault) => {
                // It may be what the publisher needs that failed: it gets a moment to give its lease back.
                if tokio::time::timeout(LAST_WORDS, &mut publishing).await.is_err() {
                    publishing.abort();
                }
                Err(fault)
            }
        }
    }
}

/// How long the publisher may take to end after a segment failed.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn published(ended: Result<Result<(), Fault>, JoinError>) -> Result<(), Fault> {
    ended.map_err(|error| Fault::caused(FaultKind::Bug, "the publisher panicked", error))?
}
