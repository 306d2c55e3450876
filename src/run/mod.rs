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
mod health;
mod keyed;
mod lane;
mod publisher;
mod reading;
mod segment;
mod tracker;
mod wire;

use std::sync::Arc;

use schemas::{Fault, FaultKind};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use build::{Options, Pipeline, connect_brokers, sink_settings};
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
        let (end, ended) = watch::channel(false);
        let publishing = tokio::spawn(self.publisher(false).run(ended));
        let mut segments = JoinSet::new();
        for segment in self.segments(&stop) {
            segments.spawn(async move { segment.run(Until::Stopped).await });
        }
        let worked = join(&mut segments).await;
        self.finish(worked, end, publishing).await
    }

    /// Runs until every input topic is read to the end that it had at the start, and every effect is durable; or until `stop`.
    ///
    /// Segments run in the order in which records flow, so that what one writes to a topic is read by the next.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn run_until_caught_up(&self, stop: watch::Receiver<bool>) -> Result<(), Fault> {
        let (end, ended) = watch::channel(false);
        let publishing = tokio::spawn(self.publisher(true).run(ended));
        let mut worked = Ok(());
        for segment in self.segments(&stop) {
            worked = segment.run(Until::CaughtUp).await;
            if worked.is_err() || *stop.borrow() {
                break;
            }
        }
        self.finish(worked, end, publishing).await
    }

    fn segments(&self, stop: &watch::Receiver<bool>) -> Vec<Arc<Segment>> {
        (0..self.plan().segments.len()).map(|at| Arc::new(self.segment(at, stop.clone()))).collect()
    }

    /// Lets the publisher send what is left, and reports the first fault.
    async fn finish(
        &self,
        worked: Result<(), Fault>,
        end: watch::Sender<bool>,
        publishing: tokio::task::JoinHandle<Result<(), Fault>>,
    ) -> Result<(), Fault> {
        if worked.is_err() {
            publishing.abort();
            return worked;
        }
        // Its receiver lives in the publisher's task.
        let _ = end.send(true);
        publishing.await.map_err(|error| Fault::caused(FaultKind::Bug, "the publisher panicked", error))?
    }
}

async fn join(tasks: &mut JoinSet<Result<(), Fault>>) -> Result<(), Fault> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| Fault::caused(FaultKind::Bug, "a segment panicked", error))??;
    }
    Ok(())
}
