//! Brokers: the [`Topics`] trait, and what implements it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{Fault, Outgoing, Raw, TopicName};

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition, from 0.
    pub partition: u32,
}

/// What a topic should be like where it does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// The name.
    pub name: TopicName,
    /// How many partitions; at least 1.
    pub partitions: u32,
}

/// The offsets that a partition holds: from the first up to, not including, the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first offset still held.
    pub first: u64,
    /// The offset that the next record will get.
    pub end: u64,
}

/// How much a read may return.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// At most this many records.
    pub records: usize,
    /// About this many bytes of values: the record that passes it is the last. One record is returned whatever its size.
    pub bytes: usize,
    /// How long to wait for a first record.
    pub wait: Duration,
}

/// A broker.
#[async_trait]
pub trait Topics: Send + Sync {
    /// Creates the topics that do not exist. Those that do are left as they are.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault>;

    /// Each of these topics that exists, with the number of its partitions.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault>;

    /// What the partition holds.
    ///
    /// # Errors
    ///
    /// `Refused` for a partition that does not exist.
    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault>;

    /// A reader of these partitions, each from its offset.
    ///
    /// # Errors
    ///
    /// `Lost` when an offset is outside the partition's bounds, naming it.
    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault>;

    /// Writes records, in order within each partition. When it returns, all of them are durable.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when it is not known that all are; the same records may be written again.
    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault>;

    /// Answers when the broker does.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn ping(&self) -> Result<(), Fault>;
}

/// Reads partitions, each in the order of its offsets.
#[async_trait]
pub trait Reader: Send {
    /// The next records: at least one, or none when `limits.wait` passed without any. Fair among the partitions.
    ///
    /// Safe to cancel: records are lost to the reader only once returned.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the connection is lost: the caller opens a new reader at its own positions.
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault>;
}
