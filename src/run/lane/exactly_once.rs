//! The lane of a segment that is exactly once: a batch's outputs and positions are one transaction of the broker
//! (`docs/adr/0017-exactly-once.md`).
//!
//! ```text
//! prepare: outputs, positions -> the sink: dead letters, under the leases -> commit
//! ```
//!
//! The order is the proof. Whoever takes the partitions over claims their leases first, and asks for their positions then. A claim before the
//! sink's transaction makes that fail, and nothing is committed. A claim after it finds positions that are about to change, and waits for
//! them: however late the commit is, or if it never comes.

use std::sync::Arc;

use schemas::store::{Batch, DeadLetter, Position};
use schemas::{Fault, FaultKind, Outgoing, Reaction};
use tokio::time::Instant;

use super::super::backoff::Backoff;
use super::super::item::{Item, Work};
use super::super::segment::Segment;
use super::Lane;
use crate::topics::{TopicPartition, Topics, Transactions};

/// The transactions of a segment.
pub(in super::super) struct ExactlyOnce {
    broker: Arc<dyn Topics>,
    transactions: Box<dyn Transactions>,
    /// Whether the last commit's answer was lost.
    in_doubt: bool,
    /// Positions that are committed, and that the sink has not been told: with the next batch: of records that have
    /// outputs the sink never is ahead.
    untold: Vec<Position>,
}

impl ExactlyOnce {
    /// Opens transactions for these partitions, whose leases are held; `None` where the segment has none.
    ///
    /// They are named after the first of the partitions: one worker has it at a time, and the next one that has it ends what was left open.
    ///
    /// # Errors
    ///
    /// `Refused` where the broker has no transactions; a fault of it that retrying cannot mend.
    pub(in super::super) async fn open(segment: &Segment, inputs: &[TopicPartition]) -> Result<Option<Self>, Fault> {
        let Some(first) = inputs.iter().min().filter(|_| segment.segment().exactly_once()) else { return Ok(None) };
        let broker = Arc::clone(segment.broker(segment.broker_of(&first.topic))?);
        let name = format!("{}.{}.{}.{}", segment.pipeline(), segment.segment().name, first.topic, first.partition);
        let Some(transactions) = segment.patiently(|| broker.transactions(&name)).await? else {
            let what = format!("the segment `{}` is `exactly_once`, and its broker has no transactions", segment.segment().name);
            return Err(Fault::new(FaultKind::Refused, what).advise("`syncline check` says what it needs"));
        };
        segment.patiently(|| transactions.open()).await?;
        Ok(Some(Self { broker, transactions, in_doubt: false, untold: Vec::new() }))
    }
}

/// What a group of items comes to.
struct Prepared {
    outputs: Vec<Outgoing>,
    offsets: Vec<(TopicPartition, u64)>,
    /// For the sink.
    batch: Batch,
}

impl Lane {
    /// Waits for the other outputs of the last record: a transaction holds all of a record, as its position cannot pass half of one.
    pub(super) async fn whole(&mut self, mut items: Vec<Item>) -> Vec<Item> {
        let Some(last) = items.last().map(|item| Arc::clone(&item.ticket)) else { return items };
        let mut there = items.iter().rev().take_while(|item| Arc::ptr_eq(&item.ticket, &last)).count();
        while there < last.outputs() {
            let Some(item) = self.items.recv().await else {
                // They never come, so none of them goes.
                items.truncate(items.len() - there);
                break;
            };
            items.push(item);
            there += 1;
        }
        items
    }

    /// Makes a batch durable and visible, once. Where a topic does not take a record, the batch is halved until that is found; it becomes a
    /// dead letter, without any of its outputs.
    ///
    /// # Errors
    ///
    /// As [`Self::transact`].
    pub(super) async fn transact_all(&mut self, exactly_once: &mut ExactlyOnce, items: Vec<Item>) -> Result<(), Fault> {
        let mut groups = vec![items];
        while let Some(group) = groups.pop() {
            match self.transact(exactly_once, &group).await {
                Ok(()) => {}
                Err(fault) if fault.reaction() == Reaction::Bisect => match between_records(&group) {
                    Some(at) => {
                        let mut first = group;
                        let second = first.split_off(at);
                        groups.extend([second, first]);
                    }
                    None => groups.push(group.into_iter().map(|item| self.refused(item, &fault)).collect::<Result<_, _>>()?),
                },
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Makes a group durable and visible, once: again until that is known.
    ///
    /// # Errors
    ///
    /// A fault that the same again does not mend; the last one, when told to stop. Then nothing of it is visible, or all of it, and the
    /// positions say which.
    pub(super) async fn transact(&mut self, exactly_once: &mut ExactlyOnce, group: &[Item]) -> Result<(), Fault> {
        let group: Vec<&Item> = group.iter().collect();
        let positions = self.moved(&group);
        if positions.is_empty() {
            return Ok(());
        }
        let prepared = self.prepared(&group, &positions, exactly_once);
        let mut began = Instant::now();
        let mut backoff = Backoff::new();
        while let Err(fault) = self.attempt_transaction(exactly_once, &prepared).await {
            exactly_once.transactions.abort().await;
            if fault.reaction() != Reaction::Retry {
                return Err(fault);
            }
            self.segment.retries(self.part.name()).wait_after(fault, &mut backoff).await?;
            // Nothing is written anew while the store is away, nor a transaction opened that may be another worker's by now: opening ends
            // those of whoever has the first partition.
            self.segment.retries(self.part.name()).until_it_works(|| self.segment.sink.renew(&self.leases)).await?;
            began = Instant::now();
        }
        self.segment.retries(self.part.name()).works();
        self.segment.metrics.observe_commit(&self.segment.segment().name, began.elapsed());
        self.segment.committed(&prepared.batch);
        self.segment.counters.count_written_out(prepared.outputs.len());
        self.segment.metrics.count_written(prepared.outputs.iter().map(|record| &record.topic));
        self.segment.counters.count_resolved(self.tracker.resolve(group.iter().map(|item| &item.ticket)));
        self.stored.extend(prepared.offsets);
        exactly_once.untold = positions;
        Ok(())
    }

    fn prepared(&self, group: &[&Item], positions: &[Position], exactly_once: &ExactlyOnce) -> Prepared {
        let mut outputs = Vec::with_capacity(group.len());
        let mut dead_letters: Vec<DeadLetter> = Vec::new();
        for item in group {
            match &item.what {
                Work::Output(outgoing) => outputs.push(outgoing.clone()),
                Work::Dead(stage, reject) => dead_letters.push(self.letter(item, *stage, reject)),
                // `check` refuses a stage that merges in such a segment.
                Work::Keyed(_) => {}
            }
        }
        let offset = |position: &Position| {
            (TopicPartition { topic: position.of.topic.clone(), partition: position.of.partition }, position.offset)
        };
        let batch = Batch {
            dead_letters,
            positions: exactly_once.untold.clone(),
            leases: self.leases.to_vec(),
            now: self.segment.clock.now(),
            ..Batch::default()
        };
        Prepared { outputs, offsets: positions.iter().map(offset).collect(), batch }
    }

    async fn attempt_transaction(&self, exactly_once: &mut ExactlyOnce, prepared: &Prepared) -> Result<(), Fault> {
        let Prepared { outputs, offsets, batch } = prepared;
        exactly_once.transactions.open().await?;
        if exactly_once.in_doubt {
            let partitions: Vec<_> = offsets.iter().map(|(of, _)| of.clone()).collect();
            let committed = exactly_once.broker.committed(&partitions).await?;
            exactly_once.in_doubt = false;
            if offsets.iter().all(|(of, offset)| committed.get(of) == Some(offset)) {
                return Ok(());
            }
        }
        exactly_once.transactions.prepare(outputs, offsets).await?;
        self.segment.sink.write(batch).await?;
        exactly_once.in_doubt = true;
        exactly_once.transactions.commit().await?;
        exactly_once.in_doubt = false;
        Ok(())
    }
}

/// Where to cut a group between two records, as near to the middle as can be; `None` where all of it is of one record.
fn between_records(group: &[Item]) -> Option<usize> {
    let boundary = |at: &usize| !Arc::ptr_eq(&group[*at - 1].ticket, &group[*at].ticket);
    (1..group.len()).filter(boundary).min_by_key(|at| at.abs_diff(group.len() / 2))
}

#[cfg(test)]
mod tests;
