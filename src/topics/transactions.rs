//! Transactions: records and the positions of what they were made of, visible together or not at all.

use async_trait::async_trait;
use schemas::{Fault, Outgoing};

use super::TopicPartition;

/// Writes one transaction after the other, under a name: whoever opens that name ends what was left open under it.
///
/// `open`, then `prepare` and `commit` for each transaction; `abort` when one of them fails, or instead of `commit`. Then `open` again.
#[async_trait]
pub trait Transactions: Send + Sync {
    /// Makes ready, and waits until what was begun under this name before, here or elsewhere, is aborted or committed for good. Does
    /// nothing where it is ready.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn open(&self) -> Result<(), Fault>;

    /// Begins a transaction with these records, in order within each partition, and these positions of the group: all of it is durable,
    /// and nothing of it visible. From now on whoever asks for the group's positions waits for the end of this transaction.
    ///
    /// # Errors
    ///
    /// `Refused` as for [`super::Topics::write`]; another [`Fault`] of the broker.
    async fn prepare(&self, records: &[Outgoing], positions: &[(TopicPartition, u64)]) -> Result<(), Fault>;

    /// Makes visible what was prepared.
    ///
    /// # Errors
    ///
    /// A [`Fault`]: it is not known whether it is visible. The group's positions tell, once it is open again.
    async fn commit(&self) -> Result<(), Fault>;

    /// Takes back what was prepared, as far as the broker answers: the next `open` does so in any case.
    async fn abort(&self);
}
