//! Topics in this process's memory: what tests run on. The semantics are those of the other brokers; only a restart loses everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemas::{Clock, Fault, Origin, Outgoing, Raw, TopicName};
use tokio::sync::watch;

use super::placement::{Place, Placement, Placements};
use super::read_ahead::ReadAhead;
use super::{Bounds, ReadLimits, Reader, TopicPartition, TopicSpec, Topics, no_partitions, no_such_partition, no_such_topic};

/// A broker in memory. Clones share the topics, so that a test can write what an engine reads.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    /// Counts writes, to wake the readers that wait.
    writes: watch::Sender<u64>,
}

/// The records by topic, partition and offset.
type Log = BTreeMap<TopicName, Vec<Vec<Raw>>>;

impl Memory {
    /// A broker without topics. `clock` gives the timestamp of records that carry none.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared { clock, log: Mutex::default(), writes: watch::Sender::new(0) }) }
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        // Every change to the log is complete before the lock is given back, so one of a panicked thread is whole as well.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn partition_of<'a>(log: &'a Log, partition: &TopicPartition) -> Result<&'a [Raw], Fault> {
    let partitions = log.get(&partition.topic).ok_or_else(|| no_such_topic(&partition.topic))?;
    let records = partitions.get(partition.partition as usize);
    records.map(Vec::as_slice).ok_or_else(|| no_such_partition(partition, partitions.len()))
}

fn bounds_of(records: &[Raw]) -> Bounds {
    Bounds { first: 0, end: records.len() as u64 }
}

/// The partitions of the topics that the records name, as far as they exist.
fn placements(log: &Log, records: &[Outgoing]) -> Placements {
    let mut placements = Placements::default();
    for topic in records.iter().map(|record| &record.topic).collect::<BTreeSet<_>>() {
        if let Some(partitions) = log.get(topic) {
            placements.insert(topic.clone(), Placement::new(partitions.iter().map(|records| records.len() as u64).collect()));
        }
    }
    placements
}

fn stored(record: Outgoing, Place { partition, offset }: Place, now: DateTime<Utc>) -> Raw {
    let timestamp = record.timestamp.unwrap_or(now);
    Raw {
        origin: Origin { topic: record.topic, partition, offset },
        key: record.key,
        value: record.value,
        headers: record.headers,
        // To the microsecond, as the local broker keeps it.
        timestamp: DateTime::from_timestamp_micros(timestamp.timestamp_micros()).unwrap_or(timestamp),
    }
}

#[async_trait]
impl Topics for Memory {
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        if let Some(empty) = topics.iter().find(|spec| spec.partitions == 0) {
            return Err(no_partitions(&empty.name));
        }
        let mut log = self.shared.log();
        for spec in topics {
            log.entry(spec.name.clone()).or_insert_with(|| vec![Vec::new(); spec.partitions as usize]);
        }
        Ok(())
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let log = self.shared.log();
        let count = |topic: &TopicName| Some((topic.clone(), u32::try_from(log.get(topic)?.len()).unwrap_or(u32::MAX)));
        Ok(topics.iter().filter_map(count).collect())
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        partition_of(&self.shared.log(), partition).map(bounds_of)
    }

    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        let log = self.shared.log();
        for (partition, offset) in from {
            bounds_of(partition_of(&log, partition)?).admit(partition, *offset)?;
        }
        let writes = self.shared.writes.subscribe();
        Ok(Box::new(MemoryReader { shared: Arc::clone(&self.shared), writes, read_ahead: ReadAhead::new(from) }))
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        let now = self.shared.clock.now();
        let mut log = self.shared.log();
        let places = placements(&log, &records).place_all(&records)?;
        for (record, place) in records.into_iter().zip(places) {
            if let Some(partition) =
                log.get_mut(&record.topic).and_then(|partitions| partitions.get_mut(place.partition as usize))
            {
                partition.push(stored(record, place, now));
            }
        }
        drop(log);
        self.shared.writes.send_modify(|count| *count += 1);
        Ok(())
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}

struct MemoryReader {
    shared: Arc<Shared>,
    writes: watch::Receiver<u64>,
    read_ahead: ReadAhead,
}

impl MemoryReader {
    /// Copies what the limits could take from the log.
    fn fetch(&mut self, limits: &ReadLimits) -> Result<(), Fault> {
        let log = self.shared.log();
        for fetched in self.read_ahead.partitions() {
            let records = partition_of(&log, &fetched.partition)?;
            let next = usize::try_from(fetched.next).unwrap_or(usize::MAX);
            let missing = limits.records.max(1).saturating_sub(fetched.len());
            for record in records.iter().skip(next).take(missing) {
                fetched.push(record.clone());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Reader for MemoryReader {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        let deadline = limits.deadline();
        loop {
            self.writes.borrow_and_update();
            self.fetch(limits)?;
            let taken = self.read_ahead.take(limits);
            if !taken.is_empty() {
                return Ok(taken);
            }
            // The sender lives in `shared`, so a change can only be a write.
            if tokio::time::timeout_at(deadline, self.writes.changed()).await.is_err() {
                return Ok(taken);
            }
        }
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.read_ahead.positions()
    }
}
