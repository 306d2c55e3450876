//! What a mirror reads, batch by batch.

use std::collections::BTreeMap;

use schemas::{Fault, Raw, Reaction};

use super::{Side, Span};
use crate::run::backoff::Backoff;
use crate::run::counters::Counters;
use crate::run::health::Health;
use crate::run::reading::READ;
use crate::run::retries::Retries;
use crate::run::stop::Stop;
use crate::topics::{Reader, TopicPartition};

/// The partitions of one broker, read on from where they were left.
pub(super) struct Source<'m> {
    from: &'m Side,
    stop: &'m Stop,
    health: &'m Health,
    counters: &'m Counters,
    /// The offset that each partition is to give next.
    next: BTreeMap<TopicPartition, u64>,
    /// Where to end; `None`: nowhere.
    ends: Option<BTreeMap<TopicPartition, u64>>,
    /// `None` before the first read, and once the connection is lost.
    reader: Option<Box<dyn Reader>>,
    backoff: Backoff,
}

impl<'m> Source<'m> {
    pub(super) fn new(
        from: &'m Side,
        spans: &[Span],
        until_caught_up: bool,
        stop: &'m Stop,
        health: &'m Health,
        counters: &'m Counters,
    ) -> Self {
        let next = spans.iter().map(|span| (span.of.clone(), span.next)).collect();
        let ends = until_caught_up.then(|| spans.iter().map(|span| (span.of.clone(), span.end)).collect());
        Self { from, stop, health, counters, next, ends, reader: None, backoff: Backoff::new() }
    }

    /// The next records; `None` once stopped, or at the ends.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend; one that it could once the run is told to stop.
    pub(super) async fn read(&mut self) -> Result<Option<Vec<Raw>>, Fault> {
        while !self.caught_up() {
            let stop = self.stop;
            let read = tokio::select! {
                biased;
                () = stop.told() => return Ok(None),
                read = self.attempt() => read,
            };
            match read {
                Ok(records) => {
                    self.backoff.reset();
                    self.retries().works();
                    if !records.is_empty() {
                        return Ok(Some(self.noted(records)));
                    }
                }
                Err(fault) if fault.reaction() == Reaction::Retry => {
                    self.reader = None;
                    let (stop, health, counters) = (self.stop, self.health, Some(self.counters));
                    let retries = Retries { health, part: &self.from.name, stop, counters };
                    retries.wait_after(fault, &mut self.backoff).await?;
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(None)
    }

    async fn attempt(&mut self) -> Result<Vec<Raw>, Fault> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let from: Vec<_> = self.next.iter().map(|(of, offset)| (of.clone(), *offset)).collect();
                self.reader.insert(self.from.topics.reader(&from).await?)
            }
        };
        let records = reader.read(&READ).await?;
        // Over what is no record, too.
        for (of, position) in reader.positions() {
            let next = self.next.entry(of).or_default();
            *next = position.max(*next);
        }
        Ok(records)
    }

    fn noted(&mut self, records: Vec<Raw>) -> Vec<Raw> {
        for Raw { origin, .. } in &records {
            let of = TopicPartition { topic: origin.topic.clone(), partition: origin.partition };
            self.next.insert(of, origin.offset + 1);
        }
        self.counters.count_read(records.len(), records.iter().map(|record| record.value.len()).sum());
        records
    }

    fn caught_up(&self) -> bool {
        let Some(ends) = &self.ends else { return false };
        ends.iter().all(|(of, end)| self.next.get(of).is_some_and(|next| next >= end))
    }

    fn retries(&self) -> Retries<'_> {
        Retries { health: self.health, part: &self.from.name, stop: self.stop, counters: Some(self.counters) }
    }
}
