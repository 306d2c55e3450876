//! A broker under test, and short ways to write to it and read from it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{Outgoing, Raw, TopicName};
use syncline::topics::{ReadLimits, Reader, TopicPartition, TopicSpec, Topics};

/// A broker under test.
#[async_trait]
pub(crate) trait Subject: Send + Sync {
    /// A handle; each further one is what another process would have.
    async fn open(&self) -> Arc<dyn Topics>;

    /// Makes a topic, through a handle where the broker can.
    async fn create(&self, topics: &dyn Topics, topic: &str, partitions: u32) {
        create(topics, topic, partitions).await;
    }

    /// Names of topics that the broker takes besides `a.1`.
    fn names(&self) -> &'static [&'static str] {
        &["données.société", "顧客", "Topic.1", "-", "a;DROP_TABLE_topics--", "%_$", "🚚"]
    }

    /// How many characters a topic's name may have.
    fn longest_name(&self) -> usize {
        249
    }

    /// Whether a record may have no value.
    fn keeps_tombstones(&self) -> bool {
        true
    }

    /// Whether a record may have headers.
    fn keeps_headers(&self) -> bool {
        true
    }

    /// Whether a record may be older than 1970.
    fn keeps_old_times(&self) -> bool {
        true
    }

    /// Gives a reader that fetches ahead the time to do so.
    async fn settle(&self) {}
}

/// A handle, and in it a topic "t" of so many partitions.
pub(crate) async fn with_topic(subject: &dyn Subject, partitions: u32) -> Arc<dyn Topics> {
    let topics = subject.open().await;
    subject.create(&*topics, "t", partitions).await;
    topics
}

pub(crate) async fn create(topics: &dyn Topics, topic: &str, partitions: u32) {
    topics.create(&[TopicSpec { name: name(topic), partitions }]).await.unwrap();
}

pub(crate) fn name(topic: &str) -> TopicName {
    TopicName::try_from(topic).unwrap()
}

pub(crate) fn at(topic: &str, partition: u32) -> TopicPartition {
    TopicPartition { topic: name(topic), partition }
}

/// A record for partition 0 of "t", without key.
pub(crate) fn record(value: impl Into<Vec<u8>>) -> Outgoing {
    to("t", Some(0), value)
}

pub(crate) fn to(topic: &str, partition: Option<u32>, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing { topic: name(topic), partition, key: None, value: value.into().into(), headers: Vec::new(), timestamp: None }
}

/// Values "0", "1", ... for partition 0 of "t".
pub(crate) fn numbered(numbers: std::ops::Range<u64>) -> Vec<Outgoing> {
    numbers.map(|number| record(number.to_string())).collect()
}

/// At most so many records, of any size, and no waiting.
pub(crate) fn now(records: usize) -> ReadLimits {
    ReadLimits { records, bytes: usize::MAX, wait: Duration::ZERO }
}

/// Any number of records; waits for the first one for as long as a hung test should take.
pub(crate) fn patient() -> ReadLimits {
    ReadLimits { records: 1_000_000, bytes: usize::MAX, wait: Duration::from_secs(30) }
}

pub(crate) async fn reader(topics: &dyn Topics, topic: &str, partitions: u32) -> Box<dyn Reader> {
    let from: Vec<_> = (0..partitions).map(|partition| (at(topic, partition), 0)).collect();
    topics.reader(&from).await.unwrap()
}

/// All records of a topic from the beginning, in the order in which they are read.
pub(crate) async fn read_all(topics: &dyn Topics, topic: &str, partitions: u32) -> Vec<Raw> {
    let mut held = 0;
    for partition in 0..partitions {
        held += topics.bounds(&at(topic, partition)).await.unwrap().end;
    }
    let mut reader = reader(topics, topic, partitions).await;
    drain(&mut *reader, usize::try_from(held).unwrap(), 1000).await
}

/// Reads what is left, which is so much, so many at a time.
pub(crate) async fn drain(reader: &mut dyn Reader, left: usize, records: usize) -> Vec<Raw> {
    let mut all = Vec::with_capacity(left);
    while all.len() < left {
        let read = reader.read(&ReadLimits { records, ..patient() }).await.unwrap();
        assert!(read.len() <= records, "{} records, {records} at most were asked for", read.len());
        assert!(!read.is_empty(), "{left} records are left, and after {} nothing came", all.len());
        all.extend(read);
    }
    assert_eq!((all.len(), reader.read(&now(records)).await.unwrap().len()), (left, 0), "there is more than is left");
    all
}

pub(crate) fn values(records: &[Raw]) -> Vec<String> {
    records.iter().map(|raw| String::from_utf8(raw.value.to_vec()).unwrap()).collect()
}

/// Panics unless each partition's offsets are 0, 1, 2, ... in this order.
pub(crate) fn assert_dense(records: &[Raw], partitions: u32) {
    for partition in 0..partitions {
        let offsets = records.iter().filter(|raw| raw.origin.partition == partition).map(|raw| raw.origin.offset);
        assert!(offsets.enumerate().all(|(place, offset)| place as u64 == offset), "partition {partition} has gaps");
    }
}
