//! How far each partition is resolved, without gaps (`architecture.md`, rule 2).
//!
//! A record is registered when it is read, and resolved when its effects, or its dead letter, are durable. The position of a
//! partition is the offset below which every record is resolved; it never passes one that is not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::{Fault, FaultKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::topics::TopicPartition;

/// A read record on its way: resolved when every output that it has is. Holds the memory of its batch until the last of the batch is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    partition: TopicPartition,
    offset: u64,
    pending: AtomicUsize,
    _memory: Option<Arc<OwnedSemaphorePermit>>,
}

impl Ticket {
    /// Announces how many outputs the record has, before any of them is resolved.
    pub(super) fn expect(&self, outputs: usize) {
        self.pending.store(outputs, Ordering::Release);
    }

    /// How many outputs are not resolved yet: all that the record has, once they are announced.
    pub(super) fn outputs(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }
}

#[derive(Debug, Default)]
struct Window {
    /// Offsets read and not yet below the position, ascending; gaps are offsets that the log no longer has.
    read: VecDeque<(u64, bool)>,
    /// The offset below which all is resolved.
    position: u64,
}

impl Window {
    /// The offset below which nothing is left to read.
    fn known(&self) -> u64 {
        self.read.back().map_or(self.position, |(last, _)| last + 1)
    }

    fn settle(&mut self) {
        while let Some(&(offset, true)) = self.read.front() {
            self.read.pop_front();
            self.position = offset + 1;
        }
    }
}

/// The windows of all partitions that a segment reads.
#[derive(Debug, Default)]
pub(super) struct Tracker(Mutex<BTreeMap<TopicPartition, Window>>);

impl Tracker {
    /// Starts at these positions.
    pub(super) fn starting_at(positions: &[(TopicPartition, u64)]) -> Self {
        let window = |position| Window { read: VecDeque::new(), position };
        Self(Mutex::new(positions.iter().map(|(partition, position)| (partition.clone(), window(*position))).collect()))
    }

    fn windows(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a record that was read. Offsets of a partition come in ascending order.
    ///
    /// # Errors
    ///
    /// `Bug` for an offset below which nothing was left to read: it may count as resolved already.
    pub(super) fn read(
        &self,
        partition: TopicPartition,
        offset: u64,
        memory: Option<Arc<OwnedSemaphorePermit>>,
    ) -> Result<Arc<Ticket>, Fault> {
        let mut windows = self.windows();
        let window = windows.entry(partition.clone()).or_default();
        let known = window.known();
        if offset < known {
            let message = format!("{partition}: a record at offset {offset}, after nothing was left to read below {known}");
            return Err(Fault::new(FaultKind::Bug, message));
        }
        window.read.push_back((offset, false));
        drop(windows);
        Ok(Arc::new(Ticket { partition, offset, pending: AtomicUsize::new(1), _memory: memory }))
    }

    /// Notes that nothing is left to read below an offset, where the log goes on behind the last record with what is none.
    pub(super) fn reached(&self, partition: &TopicPartition, offset: u64) {
        let mut windows = self.windows();
        let Some(window) = windows.get_mut(partition) else { return };
        if offset > window.known() {
            // As if a record stood before it that is resolved.
            window.read.push_back((offset - 1, true));
            window.settle();
        }
    }

    /// Resolves one output of each ticket (a ticket may stand here once for each of its outputs). Returns how many records are
    /// resolved by that.
    pub(super) fn resolve<'t>(&self, tickets: impl IntoIterator<Item = &'t Arc<Ticket>>) -> usize {
        let mut windows = self.windows();
        let mut touched = Vec::new();
        let mut resolved = 0;
        for ticket in tickets {
            if ticket.pending.fetch_sub(1, Ordering::AcqRel) > 1 {
                continue;
            }
            resolved += 1;
            if let Some(window) = windows.get_mut(&ticket.partition) {
                if let Ok(at) = window.read.binary_search_by_key(&ticket.offset, |(offset, _)| *offset) {
                    window.read[at].1 = true;
                }
                touched.push(&ticket.partition);
            }
        }
        touched.dedup();
        for partition in touched {
            if let Some(window) = windows.get_mut(partition) {
                window.settle();
            }
        }
        resolved
    }

    /// The positions as they would be once these outputs, too, were resolved: what their own transaction writes.
    pub(super) fn positions_with<'t>(&self, tickets: impl IntoIterator<Item = &'t Arc<Ticket>>) -> Vec<(TopicPartition, u64)> {
        let mut outputs: BTreeMap<(&TopicPartition, u64), (usize, usize)> = BTreeMap::new();
        for ticket in tickets {
            let pending = ticket.pending.load(Ordering::Acquire);
            outputs.entry((&ticket.partition, ticket.offset)).or_insert((0, pending)).0 += 1;
        }
        let windows = self.windows();
        let positions = windows.iter().map(|(partition, window)| {
            let mut position = window.position;
            for &(offset, resolved) in &window.read {
                let here = outputs.get(&(partition, offset)).is_some_and(|(here, pending)| here == pending);
                if !resolved && !here {
                    break;
                }
                position = offset + 1;
            }
            (partition.clone(), position)
        });
        positions.collect()
    }

    /// The position of a partition now; `None` where it is not read.
    pub(super) fn position(&self, of: &TopicPartition) -> Option<u64> {
        self.windows().get(of).map(|window| window.position)
    }

    /// The positions now.
    pub(super) fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.windows().iter().map(|(partition, window)| (partition.clone(), window.position)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn partition(name: &str) -> TopicPartition {
        TopicPartition { topic: schemas::TopicName::try_from(name).unwrap(), partition: 0 }
    }

    fn position(tracker: &Tracker, name: &str) -> u64 {
        tracker.positions().into_iter().find(|(of, _)| *of == partition(name)).unwrap().1
    }

    #[test]
    fn a_position_never_passes_an_unresolved_record() {
        let tracker = Tracker::starting_at(&[(partition("a"), 5)]);
        let tickets: Vec<_> = (5..9).map(|offset| tracker.read(partition("a"), offset, None).unwrap()).collect();
        tracker.resolve([&tickets[1], &tickets[2]]);
        assert_eq!(position(&tracker, "a"), 5);
        tracker.resolve([&tickets[0]]);
        assert_eq!(position(&tracker, "a"), 8);
        tracker.resolve([&tickets[3]]);
        assert_eq!(position(&tracker, "a"), 9);
    }

    #[test]
    fn a_record_is_resolved_with_its_last_output() {
        let tracker = Tracker::default();
        let ticket = tracker.read(partition("a"), 0, None).unwrap();
        ticket.expect(2);
        tracker.resolve([&ticket]);
        assert_eq!(position(&tracker, "a"), 0);
        assert_eq!(tracker.positions_with([&ticket]), [(partition("a"), 1)]);
        tracker.resolve([&ticket]);
        assert_eq!(position(&tracker, "a"), 1);
    }

    #[test]
    fn what_a_transaction_writes_counts_its_own_records_alone() {
        let tracker = Tracker::default();
        let tickets: Vec<_> = (0..4).map(|offset| tracker.read(partition("a"), offset, None).unwrap()).collect();
        assert_eq!(tracker.positions_with([&tickets[0], &tickets[2]]), [(partition("a"), 1)]);
        assert_eq!(position(&tracker, "a"), 0, "looking changes nothing");
        tracker.resolve([&tickets[1]]);
        assert_eq!(tracker.positions_with([&tickets[0], &tickets[2]]), [(partition("a"), 3)]);
    }

    #[test]
    fn a_log_that_ends_with_no_record_is_passed_once_its_records_are_resolved() {
        let tracker = Tracker::starting_at(&[(partition("a"), 0)]);
        let ticket = tracker.read(partition("a"), 4, None).unwrap();
        tracker.reached(&partition("a"), 5);
        tracker.reached(&partition("a"), 7);
        tracker.reached(&partition("a"), 7);
        assert_eq!(position(&tracker, "a"), 0);
        assert_eq!(tracker.positions_with([&ticket]), [(partition("a"), 7)]);
        tracker.resolve([&ticket]);
        assert_eq!(position(&tracker, "a"), 7);
        let next = tracker.read(partition("a"), 7, None).unwrap();
        tracker.reached(&partition("a"), 3);
        assert_eq!(position(&tracker, "a"), 7);
        tracker.resolve([&next]);
        assert_eq!(position(&tracker, "a"), 8);
    }

    #[test]
    fn offsets_that_the_log_no_longer_has_are_passed() {
        let tracker = Tracker::starting_at(&[(partition("a"), 0)]);
        let [first, second] = [3, 10].map(|offset| tracker.read(partition("a"), offset, None).unwrap());
        tracker.resolve([&second]);
        assert_eq!(position(&tracker, "a"), 0);
        tracker.resolve([&first]);
        assert_eq!(position(&tracker, "a"), 11);
    }

    #[test]
    fn a_record_below_what_was_read_is_not_swallowed() {
        let tracker = Tracker::starting_at(&[(partition("a"), 3)]);
        let below = |offset| tracker.read(partition("a"), offset, None).unwrap_err();
        assert_eq!(below(2).kind(), FaultKind::Bug);
        let ticket = tracker.read(partition("a"), 3, None).unwrap();
        assert_eq!(below(3).kind(), FaultKind::Bug, "twice");
        tracker.reached(&partition("a"), 9);
        let fault = below(6);
        assert!(fault.to_string().contains("a[0]: a record at offset 6") && fault.to_string().contains('9'), "{fault}");
        tracker.resolve([&ticket]);
        assert_eq!(position(&tracker, "a"), 9);
        assert_eq!(below(8).kind(), FaultKind::Bug);
        tracker.read(partition("a"), 9, None).unwrap();
    }
}
