//! Brokers: the [`Topics`] trait, and what implements it.
//!
//! * [`fluvio`]: on a Fluvio cluster.
//! * [`kafka`]: on an Apache Kafka cluster.
//! * [`local`]: in a directory, for any number of processes on one machine, without a server.
//! * [`memory`]: in this process only, for tests.
//! * [`routed`]: several of these as one, each topic on its own.
//!
//! Which partition a record goes to is one rule for all, that of Kafka's own producer, so that a move to Kafka keeps placement.

pub mod fluvio;
pub mod kafka;
pub mod local;
mod membership;
pub mod memory;
mod placement;
mod read_ahead;
pub mod routed;
mod transactions;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{Clock, Fault, FaultKind, Outgoing, Raw, TopicName};
use tokio::time::Instant;

pub use self::membership::Membership;
pub use self::transactions::Transactions;

/// Which broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broker {
    /// Topics on a Fluvio cluster.
    Fluvio(Box<fluvio::Options>),
    /// Topics on an Apache Kafka cluster.
    Kafka(Box<kafka::Options>),
    /// Topics in a directory.
    Local {
        /// The directory; created where it is missing.
        dir: PathBuf,
    },
    /// Topics in this process only, gone with it.
    Memory,
}

impl Broker {
    /// Opens it. `clock` gives the timestamp of records that carry none, where the broker does not stamp them itself.
    ///
    /// # Errors
    ///
    /// `Refused` when what is configured cannot be used; any [`Fault`] of the broker.
    pub async fn open(&self, clock: Arc<dyn Clock>) -> Result<Arc<dyn Topics>, Fault> {
        match self {
            Self::Fluvio(options) => Ok(Arc::new(fluvio::Fluvio::open(options, clock).await?)),
            Self::Kafka(options) => Ok(Arc::new(kafka::Kafka::open(options, clock).await?)),
            Self::Local { dir } => Ok(Arc::new(local::Local::open(dir, clock).await?)),
            Self::Memory => Ok(Arc::new(memory::Memory::new(clock))),
        }
    }
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition, from 0.
    pub partition: u32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
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

/// What is advised where records were forgotten before they were read.
const FORGOTTEN_ADVICE: &str =
    "whether to go on without what is missing is yours to say: see \"A position outside the log\" in docs/guide.md";

impl Bounds {
    /// Checks that a reader may begin at `offset`: the end is allowed, and is where the next record will be.
    fn admit(&self, partition: &TopicPartition, offset: u64) -> Result<(), Fault> {
        if (self.first..=self.end).contains(&offset) {
            return Ok(());
        }
        let Self { first, end } = self;
        Err(Fault::new(
            FaultKind::Lost,
            format!("{partition}: offset {offset} is outside the log, which begins at {first} and ends at {end}"),
        )
        .advise(FORGOTTEN_ADVICE))
    }
}

/// How much a read may return.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// At most this many records.
    pub records: usize,
    /// About this many bytes, as [`Raw::size_bytes`] counts them: the record that passes it is the last. One record is
    /// returned whatever its size.
    pub bytes: usize,
    /// How long to wait for a first record.
    pub wait: Duration,
}

impl ReadLimits {
    /// When the wait is over, counted from now.
    fn deadline(&self) -> Instant {
        const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
        Instant::now() + self.wait.min(LONGEST)
    }
}

/// A broker.
#[async_trait]
pub trait Topics: Send + Sync {
    /// Creates the topics that do not exist. Those that do are left as they are, whatever the number of their partitions.
    ///
    /// # Errors
    ///
    /// `Refused` for a topic without partitions; a [`Fault`] of the broker.
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault>;

    /// Each of these topics that exists, with the number of its partitions.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault>;

    /// What tells this topic from others of its name, elsewhere, before it or after it: a position in one of them is none in another.
    /// `None` where the broker cannot tell, and for a topic that does not exist. On Kafka it tells clusters apart, and not a topic from
    /// one that had its name in the same cluster.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn incarnation(&self, _topic: &TopicName) -> Result<Option<Arc<str>>, Fault> {
        Ok(None)
    }

    /// What the partition holds.
    ///
    /// # Errors
    ///
    /// `Refused` for a partition that does not exist.
    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault>;

    /// A reader of these partitions, each named once, each from its offset. The end is an offset to read from.
    ///
    /// # Errors
    ///
    /// `Refused` for a partition that does not exist; `Lost` when an offset is outside the partition's bounds, naming both.
    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault>;

    /// Joins the group that shares the partitions of these topics out to its workers. `worker` tells the members of one process apart.
    /// `None` where there is no group: then somebody else says which partitions are whose.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn join(&self, _worker: &str, _topics: &[TopicName]) -> Result<Option<Box<dyn Membership>>, Fault> {
        Ok(None)
    }

    /// The positions that the group's transactions committed, of these partitions; those without one are left out, and where there is no
    /// group, all are. A position that a transaction is about to change is waited for: it is told as that left it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn committed(&self, _partitions: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        Ok(BTreeMap::new())
    }

    /// Transactions of this name, which one at a time may use: opening it elsewhere ends them here. `None` where the broker has none, or no
    /// group whose positions they could commit.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn transactions(&self, _name: &str) -> Result<Option<Box<dyn Transactions>>, Fault> {
        Ok(None)
    }

    /// Writes records, in order within each partition. When it returns, all of them are durable.
    ///
    /// A partition that a record names is taken; else the key's hash chooses; where there is no key, the broker does.
    ///
    /// # Errors
    ///
    /// `Refused` when a topic or a named partition does not exist, naming it. `Oversized` when a record has more bytes than its topic takes;
    /// of the others, some may be written. `Full` when there is no space, and nothing is written.
    /// Any other [`Fault`] means that it is not known that all are durable; the same records may be written again.
    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault>;

    /// Answers when the broker does.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the broker.
    async fn ping(&self) -> Result<(), Fault>;

    /// Whether it keeps the headers of records.
    fn keeps_headers(&self) -> bool {
        true
    }

    /// How many connections to it were lost, or could not be made, since it was opened. It may only grow.
    fn lost_connections(&self) -> u64 {
        0
    }
}

/// The fault of asking for a topic that is not there.
fn no_such_topic(topic: &TopicName) -> Fault {
    Fault::new(FaultKind::Refused, format!("topic \"{topic}\" does not exist"))
        .advise("declare it in the pipeline file, or write to it first")
}

/// The fault of asking for a partition that is not there, in a topic of `partitions`.
fn no_such_partition(partition: &TopicPartition, partitions: usize) -> Fault {
    Fault::new(FaultKind::Refused, format!("{partition} does not exist: the topic has {partitions} partition(s), counted from 0"))
}

/// The fault of creating a topic that could hold nothing.
fn no_partitions(topic: &TopicName) -> Fault {
    Fault::new(FaultKind::Refused, format!("topic \"{topic}\" needs at least 1 partition"))
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
    /// `Unavailable` when the connection is lost: the caller opens a new reader at its own positions. `Lost` when the records that
    /// were next have been removed meanwhile: nothing is skipped in silence.
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault>;

    /// How far it has read: for each of its partitions the offset below which nothing is left to return. Greater than that behind the
    /// last record where the log goes on with what is no record: the marks of transactions, what compaction took away.
    fn positions(&self) -> Vec<(TopicPartition, u64)>;

    /// Its partitions that cannot be read now, with why. They are tried again by themselves, and the others are read meanwhile; where
    /// none can be read, [`Reader::read`] says so.
    fn troubles(&self) -> BTreeMap<TopicPartition, String> {
        BTreeMap::new()
    }
}
