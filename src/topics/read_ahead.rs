//! What a reader has fetched and not yet returned, and whose turn it is.

use std::collections::VecDeque;

use schemas::Raw;

use super::{ReadLimits, TopicPartition};

/// A queue for each partition of a reader. Records leave it only in [`ReadAhead::take`], which does not wait: so a read that is
/// cancelled while it fetches loses nothing.
#[derive(Debug)]
pub(super) struct ReadAhead {
    partitions: Vec<Fetched>,
    /// The partition that is served first next time.
    turn: usize,
}

/// One partition of a reader.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Which.
    pub(super) partition: TopicPartition,
    /// The offset to fetch next.
    pub(super) next: u64,
    queue: VecDeque<Raw>,
    /// What the queue holds, as [`Raw::size_bytes`] counts.
    size_bytes: usize,
}

impl Fetched {
    /// How many records wait to be returned.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Adds the record at [`Fetched::next`].
    pub(super) fn push(&mut self, record: Raw) {
        debug_assert_eq!(record.origin.offset, self.next, "offsets are dense");
        self.next = record.origin.offset + 1;
        self.size_bytes += record.size_bytes();
        self.queue.push_back(record);
    }

    /// The record that is next in order.
    fn pop(&mut self) -> Option<Raw> {
        let record = self.queue.pop_front()?;
        self.size_bytes -= record.size_bytes();
        Some(record)
    }
}

impl ReadAhead {
    /// Nothing fetched yet; each partition begins at its offset.
    pub(super) fn new(from: &[(TopicPartition, u64)]) -> Self {
        let fetched = |(partition, next): &(TopicPartition, u64)| Fetched {
            partition: partition.clone(),
            next: *next,
            queue: VecDeque::new(),
            size_bytes: 0,
        };
        Self { partitions: from.iter().map(fetched).collect(), turn: 0 }
    }

    /// The partitions, to be filled.
    pub(super) fn partitions(&mut self) -> &mut [Fetched] {
        &mut self.partitions
    }

    /// Up to where everything was returned.
    pub(super) fn positions(&self) -> Vec<(TopicPartition, u64)> {
        let position = |fetched: &Fetched| (fetched.partition.clone(), fetched.next - fetched.len() as u64);
        self.partitions.iter().map(position).collect()
    }

    /// The places of the partitions, in the order in which they are served next.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = usize> + use<> {
        let (turn, partitions) = (self.turn, self.partitions.len());
        (0..partitions).map(move |step| (turn + step) % partitions)
    }

    /// How many bytes of records wait to be returned.
    pub(super) fn size_bytes(&self) -> usize {
        self.partitions.iter().map(|fetched| fetched.size_bytes).sum()
    }

    /// Takes what the limits allow, the same number from each partition that has any, and in the order of offsets from each.
    ///
    /// The limit of bytes may end a round early; the next call then begins with the partition after the one that it ended at.
    pub(super) fn take(&mut self, limits: &ReadLimits) -> Vec<Raw> {
        let queued: usize = self.partitions.iter().map(Fetched::len).sum();
        let mut taken = Vec::with_capacity(queued.min(limits.records));
        let mut bytes = 0;
        loop {
            let waiting = self.partitions.iter().filter(|fetched| fetched.len() > 0).count();
            let left = limits.records.max(1) - taken.len();
            if waiting == 0 || left == 0 {
                return taken;
            }
            let share = (left / waiting).max(1);
            for _ in 0..self.partitions.len() {
                let at = self.turn % self.partitions.len();
                self.turn = at + 1;
                for _ in 0..share.min(limits.records.max(1) - taken.len()) {
                    let Some(record) = self.partitions[at].pop() else { break };
                    bytes += record.size_bytes();
                    taken.push(record);
                    if bytes >= limits.bytes {
                        return taken;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::time::Duration;

    use super::*;
    use chrono::DateTime;
    use schemas::{Origin, TopicName};

    fn read_ahead(queued: &[u64], value_bytes: usize) -> ReadAhead {
        let topic = TopicName::try_from("t").unwrap();
        let partition = |number: u32| TopicPartition { topic: topic.clone(), partition: number };
        let from: Vec<_> = (0_u32..).zip(queued).map(|(number, _)| (partition(number), 0)).collect();
        let mut read_ahead = ReadAhead::new(&from);
        for (fetched, count) in read_ahead.partitions().iter_mut().zip(queued) {
            for offset in 0..*count {
                let origin = Origin { topic: topic.clone(), partition: fetched.partition.partition, offset };
                let value = vec![0; value_bytes];
                fetched.push(Raw {
                    origin,
                    key: None,
                    value: value.into(),
                    headers: Vec::new(),
                    timestamp: DateTime::UNIX_EPOCH,
                });
            }
        }
        read_ahead
    }

    fn limits(records: usize, bytes: usize) -> ReadLimits {
        ReadLimits { records, bytes, wait: Duration::ZERO }
    }

    fn of_partition(taken: &[Raw], partition: u32) -> Vec<u64> {
        taken.iter().filter(|raw| raw.origin.partition == partition).map(|raw| raw.origin.offset).collect()
    }

    #[test]
    fn every_partition_gets_its_share_and_the_rest_goes_to_who_has_more() {
        let mut read_ahead = read_ahead(&[100, 2, 100], 1);
        let taken = read_ahead.take(&limits(30, usize::MAX));
        assert_eq!(taken.len(), 30);
        assert_eq!(of_partition(&taken, 1), [0, 1]);
        assert_eq!(of_partition(&taken, 0).len(), 14);
        assert_eq!(of_partition(&taken, 2), (0..14).collect::<Vec<_>>());
    }

    #[test]
    fn a_round_cut_short_by_bytes_goes_on_with_the_next_partition() {
        let mut read_ahead = read_ahead(&[9, 9], 1_000);
        let taken = read_ahead.take(&limits(8, 2_000));
        assert_eq!((of_partition(&taken, 0).len(), of_partition(&taken, 1).len()), (2, 0));
        let taken = read_ahead.take(&limits(8, 2_000));
        assert_eq!((of_partition(&taken, 0).len(), of_partition(&taken, 1).len()), (0, 2));
    }

    #[test]
    fn one_record_is_taken_whatever_its_size() {
        assert_eq!(read_ahead(&[3], 1000).take(&limits(10, 1)).len(), 1);
        assert_eq!(read_ahead(&[3], 1000).take(&limits(0, 0)).len(), 1);
    }
}
