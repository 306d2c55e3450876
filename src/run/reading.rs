//! Reading: the partitions of one broker, from their positions, within the segment's memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, Raw, Reaction};
use tokio::sync::{Semaphore, mpsc};

use super::backoff::Backoff;
use super::health::Part;
use super::segment::Segment;
use super::tracker::{Ticket, Tracker};
use super::troubled::Troubled;
use crate::topics::{ReadLimits, TopicPartition};

/// How many bytes of records may be under way in a segment: what bounds its memory, whatever the input does.
const UNDER_WAY_BYTES: usize = 32 << 20;
pub(super) const READ: ReadLimits = ReadLimits { records: 2_000, bytes: 4 << 20, wait: Duration::from_millis(100) };

/// A record that was read, and its ticket.
pub(super) type Registered = (Arc<Raw>, Arc<Ticket>);

/// The memory that the readings of a segment share, in KiB.
pub(super) fn memory() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(UNDER_WAY_BYTES >> 10))
}

/// The reading of one broker's partitions.
pub(super) struct Reading {
    pub(super) segment: Arc<Segment>,
    pub(super) part: Part,
    /// Its partitions that wait while the others are read.
    pub(super) troubled: Troubled,
    pub(super) broker: String,
    /// The offset that each partition is to give next.
    pub(super) next: BTreeMap<TopicPartition, u64>,
    /// Where to end; `None`: nowhere.
    pub(super) ends: Option<BTreeMap<TopicPartition, u64>>,
    pub(super) tracker: Arc<Tracker>,
    pub(super) memory: Arc<Semaphore>,
}

impl Reading {
    /// Reads until stopped or caught up. A lost connection is opened again where the last record was.
    pub(super) async fn run(mut self, out: mpsc::Sender<Vec<Registered>>) -> Result<(), Fault> {
        let segment = Arc::clone(&self.segment);
        let stop = segment.stop.clone();
        let mut backoff = Backoff::new();
        let broker = Arc::clone(segment.broker(&self.broker)?);
        'open: loop {
            let from: Vec<_> = self.next.iter().map(|(of, offset)| (of.clone(), *offset)).collect();
            let opened = tokio::select! {
                biased;
                () = stop.told() => return Ok(()),
                opened = broker.reader(&from) => opened,
            };
            let mut reader = match opened {
                Ok(reader) => reader,
                Err(fault) => {
                    self.wait_after(fault, &mut backoff).await?;
                    continue 'open;
                }
            };
            loop {
                if self.caught_up() {
                    return Ok(());
                }
                let read = tokio::select! {
                    biased;
                    () = stop.told() => return Ok(()),
                    read = reader.read(&READ) => read,
                };
                // Where nothing can be read, the reading as a whole waits, and none of its partitions goes on.
                if read.is_ok() {
                    self.troubled.tell(reader.troubles());
                }
                match read {
                    Ok(records) if records.is_empty() => {
                        self.works(&mut backoff);
                        self.reached(reader.positions());
                    }
                    Ok(records) => {
                        self.works(&mut backoff);
                        let batch = tokio::select! {
                            biased;
                            () = stop.told() => return Ok(()),
                            batch = self.register(records) => batch?,
                        };
                        self.reached(reader.positions());
                        if out.send(batch).await.is_err() {
                            return Ok(());
                        }
                    }
                    Err(fault) => {
                        self.wait_after(fault, &mut backoff).await?;
                        continue 'open;
                    }
                }
            }
        }
    }

    /// A reader that is open has read nothing yet: only what it reads says that it works.
    fn works(&self, backoff: &mut Backoff) {
        backoff.reset();
        self.segment.retries(self.part.name()).works();
    }

    async fn wait_after(&self, fault: Fault, backoff: &mut Backoff) -> Result<(), Fault> {
        match fault.reaction() {
            Reaction::Retry => self.segment.retries(self.part.name()).wait_after(fault, backoff).await,
            Reaction::Bisect | Reaction::Rejoin | Reaction::Stop => Err(fault),
        }
    }

    /// Notes how far a reader is, over what is no record, too: where one partition ends with that, another may never be quiet.
    fn reached(&mut self, positions: Vec<(TopicPartition, u64)>) {
        for (of, position) in positions {
            self.tracker.reached(&of, position);
            let next = self.next.entry(of).or_default();
            *next = position.max(*next);
        }
    }

    fn caught_up(&self) -> bool {
        let Some(ends) = &self.ends else { return false };
        ends.iter().all(|(of, end)| self.next.get(of).is_some_and(|next| next >= end))
    }

    /// Waits for memory, then registers the records with the tracker. Until then nothing of them is noted.
    ///
    /// # Errors
    ///
    /// `Bug` where the reader returns what it had read before.
    async fn register(&mut self, records: Vec<Raw>) -> Result<Vec<Registered>, Fault> {
        let bytes: usize = records.iter().map(Raw::size_bytes).sum();
        let kib = u32::try_from((bytes >> 10).clamp(1, UNDER_WAY_BYTES >> 11)).unwrap_or(u32::MAX);
        // The semaphore is never closed. The batch's share is free when the last of its tickets is dropped.
        let memory = Arc::clone(&self.memory).acquire_many_owned(kib).await.ok().map(Arc::new);
        self.count(&records);
        let mut batch = Vec::with_capacity(records.len());
        for raw in records {
            let of = TopicPartition { topic: raw.origin.topic.clone(), partition: raw.origin.partition };
            self.next.insert(of.clone(), raw.origin.offset + 1);
            let ticket = self.tracker.read(of, raw.origin.offset, memory.clone())?;
            batch.push((Arc::new(raw), ticket));
        }
        Ok(batch)
    }

    fn count(&self, records: &[Raw]) {
        let values = |records: &[Raw]| records.iter().map(|raw| raw.value.len()).sum();
        self.segment.counters.count_read(records.len(), values(records));
        // A partition's records come beside each other.
        for records in records
            .chunk_by(|left, right| left.origin.partition == right.origin.partition && left.origin.topic == right.origin.topic)
        {
            let origin = &records[0].origin;
            let of = TopicPartition { topic: origin.topic.clone(), partition: origin.partition };
            self.segment.metrics.count_read(&self.segment.segment().name, &of, records.len(), values(records));
        }
    }
}

#[cfg(test)]
mod tests;
