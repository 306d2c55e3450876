//! A segment as a member of a group: the broker says which partitions are its own, and says so anew when workers come and go
//! (`docs/adr/0014-groups.md`).
//!
//! ```text
//! assignment -> round: claim, read, work -> change: finish what is in hand, write positions, give leases back -> assignment ...
//! ```

use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Assigned, Position};
use schemas::{Fault, Reaction, TopicName};
use tokio::time::timeout;

use super::segment::Segment;
use crate::topics::{Membership, TopicPartition};

/// How often the broker's tools are told how far partitions are.
const TELL: Duration = Duration::from_secs(5);
/// How long that may hold up a change.
const TELLING: Duration = Duration::from_secs(1);

impl Segment {
    /// Joins the group of the broker that it reads; `None` where that has none. A segment that reads several brokers joins none.
    pub(super) async fn join(&self) -> Result<Option<Box<dyn Membership>>, Fault> {
        let topics: Vec<TopicName> = self.topics().cloned().collect();
        let mut brokers = topics.iter().map(|topic| self.broker_of(topic));
        let Some(name) = brokers.next().filter(|first| brokers.all(|other| other == *first)) else { return Ok(None) };
        let broker = self.broker(name)?;
        self.patiently(|| broker.join(&self.segment().name, &topics)).await
    }

    /// Works as a member until stopped; then leaves, so that the others need not miss it first.
    pub(super) async fn run_as_member(self: &Arc<Self>, mut member: Box<dyn Membership>) -> Result<(), Fault> {
        let worked = self.rounds(member.as_mut()).await;
        member.leave().await;
        worked
    }

    /// One round an assignment. The next one is asked for, and what is to go is let go with that, when the round has ended, whatever became
    /// of it: positions are written and leases given back, or the leases of what was dropped fence it.
    async fn rounds(self: &Arc<Self>, member: &mut dyn Membership) -> Result<(), Fault> {
        while !self.stop.is_told() {
            let inputs = tokio::select! {
                biased;
                () = self.stop.told() => break,
                inputs = member.assignment() => inputs?,
            };
            self.metrics.count_rebalance(&self.segment().name);
            tracing::info!(segment = self.segment().name, partitions = inputs.len(), "the group has shared partitions out");
            match self.round_as_member(&inputs, member).await {
                Ok(()) => {}
                Err(fault) if matches!(fault.reaction(), Reaction::Retry | Reaction::Rejoin) => {
                    tracing::warn!(segment = self.segment().name, %fault, "a round ends early; the next one reads again what is not committed");
                }
                Err(fault) => return Err(fault),
            }
            if timeout(TELLING, self.tell(member)).await.is_err() {
                tracing::debug!("the group is not told how far this worker is: the store does not answer");
            }
        }
        Ok(())
    }

    /// A round of which the group's tools are told how far it is.
    async fn round_as_member(self: &Arc<Self>, inputs: &[TopicPartition], member: &dyn Membership) -> Result<(), Fault> {
        let telling = async {
            loop {
                tokio::time::sleep(TELL).await;
                self.tell(member).await;
            }
        };
        tokio::select! {
            worked = self.round(inputs, member.change()) => worked,
            () = telling => Ok(()),
        }
    }

    /// Tells the group's tools the positions that the store has. Those of a segment that is exactly once are the group's already, and what
    /// the store has of them is older.
    async fn tell(&self, member: &dyn Membership) {
        if self.segment().exactly_once() {
            return;
        }
        match self.sink.positions(&self.segment().name).await {
            Ok(positions) => {
                // The store may still have those of another broker, of a time before this one was chosen.
                let here = positions.into_iter().filter(|Position { of, .. }| of.broker == self.broker_of(&of.topic));
                let of = |Position { of: Assigned { topic, partition, .. }, offset, .. }| {
                    (TopicPartition { topic, partition }, offset)
                };
                member.tell(&here.map(of).collect::<Vec<_>>()).await;
            }
            Err(fault) => tracing::debug!(%fault, "positions not told to the group"),
        }
    }
}

#[cfg(test)]
mod tests;
