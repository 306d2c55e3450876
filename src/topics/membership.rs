//! Groups: a broker that shares the partitions of topics out to the workers that are there, and anew when one comes or goes.

use async_trait::async_trait;
use schemas::Fault;

use super::TopicPartition;

/// One worker's place in a group. Each partition is at most one member's at a time, as far as the broker knows: a member that it has
/// lost sight of may go on for a while, so who reads still claims leases.
#[async_trait]
pub trait Membership: Send + Sync {
    /// This worker's partitions; there may be none. Those told before and no longer among them are let go by this call, and only by it:
    /// until then the broker gives them to nobody else, as long as it sees this worker.
    ///
    /// Waits for the group's first answer. Safe to cancel.
    ///
    /// # Errors
    ///
    /// A [`Fault`] that keeps this worker from being a member.
    async fn assignment(&mut self) -> Result<Vec<TopicPartition>, Fault>;

    /// Completes once the partitions told last are no longer, or will not stay, this worker's only and all: it is to make durable what it
    /// has in hand, or to drop it, and to ask for the [`Membership::assignment`] again. Safe to cancel.
    async fn change(&self);

    /// Tells the broker's tools how far partitions are processed: a hint for people, which nothing reads back.
    async fn tell(&self, positions: &[(TopicPartition, u64)]);

    /// Leaves, so that the others need not find out by themselves. Waits a moment for the broker to know.
    async fn leave(self: Box<Self>);
}
