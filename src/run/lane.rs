//! A lane: the customers whose keys hash to it, one transaction after the other.
//!
//! Order per key holds through retries: a batch is written whole, again from the read, before the next one begins.

mod exactly_once;
mod outputs;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Batch, DeadLetter, Lease, Loaded, Position, Written};
use schemas::{Fault, FaultKind, Reaction, Record, Reject, TopicName};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::backoff::Backoff;
use super::cache::{Cache, as_stored};
use super::health::Part;
use super::inputs::Incarnations;
use super::item::{Item, Work, halves, keys, waits};
use super::keyed::{Given, Merged};
use super::letter;
use super::segment::Segment;
use super::tracker::Tracker;
use crate::topics::TopicPartition;

pub(super) use self::exactly_once::ExactlyOnce;

/// How often an idle lane looks whether positions moved.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Lane {
    pub(super) index: usize,
    pub(super) part: Part,
    pub(super) segment: Arc<Segment>,
    pub(super) tracker: Arc<Tracker>,
    pub(super) leases: Arc<Vec<Lease>>,
    pub(super) items: mpsc::Receiver<Item>,
    pub(super) cache: Cache,
    /// The positions that are stored, as far as this lane knows: those that have moved since are to be written.
    pub(super) stored: HashMap<TopicPartition, u64>,
    /// Which topics they are positions in.
    pub(super) incarnations: Arc<Incarnations>,
    /// What the outputs and positions go through together, in place of two writes, where the segment is exactly once.
    pub(super) exactly_once: Option<ExactlyOnce>,
}

impl Lane {
    /// Works until the channel is closed and empty, or until told to stop: then it finishes the batch in hand and leaves the others, which
    /// stay unresolved and are read again.
    ///
    /// # Errors
    ///
    /// The fault that stops the segment: `Fenced`, or one that retrying cannot mend.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        let stop = self.segment.stop.clone();
        let mut exactly_once = self.exactly_once.take();
        loop {
            let received = tokio::select! {
                biased;
                () = stop.told() => break,
                received = timeout(IDLE, self.items.recv()) => received,
            };
            match received {
                Ok(None) => break,
                Ok(Some(first)) => {
                    let items = self.collect(first).await;
                    match &mut exactly_once {
                        None => self.commit(items).await?,
                        Some(exactly_once) => {
                            let items = self.whole(items).await;
                            self.transact_all(exactly_once, items).await?;
                        }
                    }
                }
                Err(_) => {
                    // Lane 0 writes what the other lanes resolved, so that an idle pipeline's positions are current.
                    match &mut exactly_once {
                        None if self.moved(&[]).is_empty() => {}
                        None => drop(self.write(&[]).await?),
                        Some(exactly_once) => self.transact(exactly_once, &[]).await?,
                    }
                }
            }
        }
        match &mut exactly_once {
            None => Ok(()),
            // What had no outputs, and the ends of logs that are no records.
            Some(exactly_once) => self.transact(exactly_once, &[]).await,
        }
    }

    /// As many items as a batch may have, in number and in bytes; those at least that come before it has lingered.
    async fn collect(&mut self, first: Item) -> Vec<Item> {
        let batch = self.segment.store_stage().batch;
        let stop = self.segment.stop.clone();
        let mut size_bytes = first.raw.size_bytes();
        let mut items = vec![first];
        let deadline = Instant::now() + batch.linger;
        let lingering = async {
            while items.len() < batch.records && size_bytes < batch.size_bytes {
                let Ok(Some(item)) = timeout_at(deadline, self.items.recv()).await else { break };
                size_bytes += item.raw.size_bytes();
                items.push(item);
            }
        };
        tokio::select! {
            biased;
            () = stop.told() => {}
            () = lingering => {}
        }
        items
    }

    /// Makes a batch durable. Where its stored profiles are large, it takes several transactions, a customer in one of them.
    ///
    /// A batch whose data the database refuses is halved, by customer, then by record, until the record is found whose fault it is; that
    /// one becomes a dead letter, the rest commits.
    async fn commit(&mut self, items: Vec<Item>) -> Result<(), Fault> {
        // Once, before anything is committed: what halves the batch is never a record on its way to a topic.
        let mut groups = vec![self.write_outputs(items).await?];
        while let Some(group) = groups.pop() {
            match self.write(&group).await {
                Ok(left) => {
                    let (later, done): (Vec<_>, Vec<_>) = group.into_iter().partition(|item| waits(item, &left));
                    let resolved = self.tracker.resolve(done.iter().map(|item| &item.ticket));
                    self.segment.counters.count_resolved(resolved);
                    if !later.is_empty() {
                        groups.push(later);
                    }
                }
                // Twice too slow for the database: less at a time may be fast enough.
                Err(fault) if fault.kind() == FaultKind::Overlong => groups.extend(halves(group)),
                Err(fault) if fault.reaction() == Reaction::Bisect => match <[Item; 1]>::try_from(group) {
                    Ok([item]) => groups.push(vec![self.refused(item, &fault)?]),
                    Err(group) => groups.extend(halves(group)),
                },
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Writes a group in one transaction, again from the read until it is durable; but for the customers that it answers, whose profiles
    /// had no place beside the others.
    ///
    /// # Errors
    ///
    /// A fault that the same again does not mend; `Overlong` of more than one record, the second time.
    async fn write(&mut self, group: &[Item]) -> Result<HashSet<String>, Fault> {
        let mut backoff = Backoff::new();
        let (mut stale, mut overlong) = (0, 0);
        loop {
            let fault = match self.attempt(group).await {
                Ok((Written::Durable, left)) => {
                    self.segment.retries(self.part.name()).works();
                    return Ok(left);
                }
                Ok((Written::Stale(customers), _)) => {
                    customers.iter().for_each(|customer| self.cache.forget(customer));
                    stale += 1;
                    if stale == 1 {
                        self.segment.counters.count_retry();
                        continue;
                    }
                    Fault::new(FaultKind::Conflict, format!("{} profiles were changed while they were merged", customers.len()))
                }
                Err(fault) => fault,
            };
            // Whether it was written is not known: what is stored now is read again.
            keys(group).for_each(|customer| self.cache.forget(customer));
            if fault.reaction() != Reaction::Retry {
                return Err(fault);
            }
            if fault.kind() == FaultKind::Overlong {
                overlong += 1;
                if overlong > 1 && group.len() > 1 {
                    return Err(fault);
                }
            }
            self.segment.retries(self.part.name()).wait_after(fault, &mut backoff).await?;
        }
    }

    async fn attempt(&mut self, group: &[Item]) -> Result<(Written, HashSet<String>), Fault> {
        let loaded = self.load(group).await?;
        let left = loaded.left.clone();
        let group: Vec<&Item> = group.iter().filter(|item| !waits(item, &left)).collect();
        let mut records = Vec::new();
        let mut places = Vec::new();
        for (at, item) in group.iter().enumerate() {
            if let Work::Keyed(record) = &item.what {
                records.push(record.clone());
                places.push(at);
            }
        }
        let merged = if records.is_empty() { Merged::default() } else { self.merge(records, loaded).await? };
        let batch = self.batch(&group, &places, merged);
        let began = Instant::now();
        let written = self.segment.sink.write(&batch).await?;
        if written == Written::Durable {
            self.segment.metrics.observe_commit(&self.segment.segment().name, began.elapsed());
            self.segment.committed(&batch);
            self.remember(batch);
        }
        Ok((written, left))
    }

    /// What is known of the group's customers, from the cache or else from the store.
    async fn load(&mut self, group: &[Item]) -> Result<Loaded, Fault> {
        let records = group.iter().filter_map(Item::record);
        let effect_ids = self.segment.keyed().effect_ids(records);
        let (cached, missing) = self.cache.take(keys(group).collect());
        let mut loaded = Loaded::default();
        if !missing.is_empty() || !effect_ids.is_empty() {
            loaded = self.segment.sink.read(&missing, &effect_ids).await?;
        }
        loaded.profiles.extend(cached);
        Ok(loaded)
    }

    async fn merge(&self, records: Vec<Record>, loaded: Loaded) -> Result<Merged, Fault> {
        let segment = Arc::clone(&self.segment);
        let merging = tokio::task::spawn_blocking(move || {
            let records: Vec<&Record> = records.iter().collect();
            let now = segment.clock.now();
            segment.keyed().merge(&Given { records: &records, wakes: &[], seen: &loaded.seen, now }, loaded.profiles)
        });
        merging.await.map_err(|error| Fault::caused(FaultKind::Bug, "merging a batch", error))
    }

    fn batch(&self, group: &[&Item], places: &[usize], merged: Merged) -> Batch {
        let rejected: HashMap<usize, &Reject> = merged.rejected.iter().map(|(at, reject)| (places[*at], reject)).collect();
        let store_stage = self.segment.store_stage_index();
        let letters = group.iter().enumerate().filter_map(|(at, item)| match (&item.what, rejected.get(&at)) {
            (Work::Dead(stage, reject), _) => Some(self.letter(item, *stage, reject)),
            (_, Some(reject)) => Some(self.letter(item, store_stage, reject)),
            _ => None,
        });
        let positions = self.moved(group);
        Batch {
            dead_letters: letters.collect(),
            rows: merged.rows,
            alerts: merged.alerts,
            history: merged.history,
            critical_changes: merged.critical_changes,
            rulings: merged.rulings,
            acts: merged.deeds,
            syncs: merged.syncs,
            seen: merged.seen.into_iter().collect(),
            effects: merged.effects,
            changelog: self.segment.changelog().cloned(),
            leases: self.leases_of(group, &positions),
            positions,
            now: self.segment.clock.now(),
        }
    }

    /// The positions that the group moves. Lane 0 writes them for all lanes.
    fn moved(&self, group: &[&Item]) -> Vec<Position> {
        if self.index > 0 {
            return Vec::new();
        }
        let mut positions = self.tracker.positions_with(group.iter().map(|item| &item.ticket));
        positions.retain(|(of, offset)| self.stored.get(of) != Some(offset));
        positions.into_iter().map(|(of, offset)| self.segment.position(&of, offset, &self.incarnations)).collect()
    }

    /// The leases under which a group is written: those of the partitions that it was read from, and of those whose positions it moves.
    /// What becomes of the others is no matter of this transaction.
    fn leases_of(&self, group: &[&Item], positions: &[Position]) -> Vec<Lease> {
        let read = group.iter().map(|item| (&item.raw.origin.topic, item.raw.origin.partition));
        let moved = positions.iter().map(|position| (&position.of.topic, position.of.partition));
        let touched: HashSet<(&TopicName, u32)> = read.chain(moved).collect();
        let leases = self.leases.iter().filter(|lease| touched.contains(&(&lease.of.topic, lease.of.partition)));
        leases.cloned().collect()
    }

    fn letter(&self, item: &Item, stage: usize, reject: &Reject) -> DeadLetter {
        letter::of(self.segment.pipeline(), &self.segment.stages()[stage], &item.raw, reject)
    }

    /// Keeps the profiles that were written: the next batch need not load them. Nor need it write positions again.
    fn remember(&mut self, batch: Batch) {
        for Position { of, offset, .. } in batch.positions {
            self.stored.insert(TopicPartition { topic: of.topic, partition: of.partition }, offset);
        }
        let synced: HashSet<String> = batch.syncs.into_iter().map(|syncs| syncs.customer_id).collect();
        for row in batch.rows {
            let mut profile = as_stored(row, batch.now);
            profile.syncs.version += i64::from(synced.contains(&profile.customer_id));
            self.cache.keep(profile);
        }
    }
}

#[cfg(test)]
mod tests;
