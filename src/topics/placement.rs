//! Which partition a record goes to: the rule of Kafka's default producer.

use std::collections::BTreeMap;

use schemas::{Fault, Outgoing, TopicName};

use super::{TopicPartition, no_such_partition, no_such_topic};

/// Keyless records stay on one partition for this many bytes of values, so that they form batches (Kafka's `batch.size`).
const STICKY_BYTES: usize = 16 * 1024;

/// Where a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The partition.
    pub(super) partition: u32,
    /// The offset in it.
    pub(super) offset: u64,
}

/// Places records in several topics.
#[derive(Debug, Default)]
pub(super) struct Placements(BTreeMap<TopicName, Placement>);

impl Placements {
    /// Adds a topic that exists.
    pub(super) fn insert(&mut self, topic: TopicName, placement: Placement) {
        self.0.insert(topic, placement);
    }

    /// Whether the topic was added.
    pub(super) fn knows(&self, topic: &TopicName) -> bool {
        self.0.contains_key(topic)
    }

    /// Takes a topic out, as it may have changed.
    pub(super) fn forget(&mut self, topic: &TopicName) {
        self.0.remove(topic);
    }

    /// Where each record goes: all of them, or none when one is refused.
    ///
    /// # Errors
    ///
    /// `Refused` for a topic or a named partition that does not exist.
    pub(super) fn place_all(&mut self, records: &[Outgoing]) -> Result<Vec<Place>, Fault> {
        let before = self.0.clone();
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            let placed = match self.0.get_mut(&record.topic) {
                Some(placement) => placement.place(record),
                None => Err(no_such_topic(&record.topic)),
            };
            match placed {
                Ok(place) => places.push(place),
                Err(fault) => {
                    self.0 = before;
                    return Err(fault);
                }
            }
        }
        Ok(places)
    }
}

/// Places records in one topic, in the order in which they are written.
///
/// A record without a key goes to the partition that holds the least, and so do those after it until [`STICKY_BYTES`] are there.
/// So load evens out over any number of processes and restarts, without a state to share.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    /// The offset that the next record of each partition will get; at least one partition.
    ends: Vec<u64>,
    sticky: Option<Sticky>,
}

#[derive(Debug, Clone)]
struct Sticky {
    partition: u32,
    bytes_left: usize,
}

impl Placement {
    /// Placement in a topic whose partitions end at these offsets, by partition.
    pub(super) fn new(ends: Vec<u64>) -> Self {
        debug_assert!(!ends.is_empty(), "a topic has at least one partition");
        Self { ends, sticky: None }
    }

    fn place(&mut self, record: &Outgoing) -> Result<Place, Fault> {
        let partition = match (record.partition, &record.key) {
            (Some(named), _) => named,
            (None, Some(key)) => of_key(key, self.ends.len()),
            (None, None) => self.of_keyless(record.value.len()),
        };
        let partitions = self.ends.len();
        let Some(end) = self.ends.get_mut(partition as usize) else {
            return Err(no_such_partition(&TopicPartition { topic: record.topic.clone(), partition }, partitions));
        };
        let offset = *end;
        *end += 1;
        Ok(Place { partition, offset })
    }

    fn of_keyless(&mut self, value_bytes: usize) -> u32 {
        let mut sticky = match self.sticky.take() {
            Some(sticky) if sticky.bytes_left > 0 => sticky,
            Some(_) | None => Sticky { partition: self.emptiest(), bytes_left: STICKY_BYTES },
        };
        sticky.bytes_left = sticky.bytes_left.saturating_sub(value_bytes.max(1));
        self.sticky.insert(sticky).partition
    }

    fn emptiest(&self) -> u32 {
        (0_u32..).zip(&self.ends).min_by_key(|&(_, end)| end).map_or(0, |(partition, _)| partition)
    }
}

/// The partition of a key: as Kafka's default partitioner, the positive murmur2 of its bytes, modulo the number of partitions.
fn of_key(key: &[u8], partitions: usize) -> u32 {
    let partitions = u32::try_from(partitions).unwrap_or(u32::MAX).max(1);
    (murmur2(key) & 0x7fff_ffff) % partitions
}

/// MurmurHash2, 32 bits, with Kafka's seed.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const MIX: u32 = 0x5bd1_e995;
    // A key is far below 4 GiB; the hash takes its length modulo 2^32.
    #[allow(clippy::cast_possible_truncation)]
    let mut hash = SEED ^ (bytes.len() as u32);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(MIX);
        k ^= k >> 24;
        hash = hash.wrapping_mul(MIX) ^ k.wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use schemas::{FaultKind, TopicName};

    fn record(partition: Option<u32>, key: Option<&[u8]>, value_bytes: usize) -> Outgoing {
        Outgoing {
            topic: TopicName::try_from("t").unwrap(),
            partition,
            key: key.map(Into::into),
            value: vec![b'x'; value_bytes].into(),
            headers: Vec::new(),
            timestamp: None,
        }
    }

    /// The values that Kafka's own tests of `Utils.murmur2` expect.
    #[test]
    fn murmur2_is_that_of_kafka() {
        let cases: [(&[u8], i32); 7] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
            (b"", 275_646_681),
        ];
        for (key, expected) in cases {
            assert_eq!(murmur2(key).cast_signed(), expected, "{key:?}");
        }
    }

    fn places<const N: usize>(placed: [(u32, u64); N]) -> [Place; N] {
        placed.map(|(partition, offset)| Place { partition, offset })
    }

    #[test]
    fn offsets_count_up_in_each_partition() {
        let mut placement = Placement::new(vec![7, 0]);
        let placed: Vec<_> = [0, 1, 0, 1].map(|p| placement.place(&record(Some(p), None, 1)).unwrap()).into();
        assert_eq!(placed, places([(0, 7), (1, 0), (0, 8), (1, 1)]));
    }

    #[test]
    fn a_key_keeps_its_partition_and_an_empty_key_is_a_key() {
        let mut placement = Placement::new(vec![0; 5]);
        let empty = placement.place(&record(None, Some(b""), 1)).unwrap().partition;
        assert_eq!(empty, 275_646_681 % 5);
        for _ in 0..10 {
            assert_eq!(placement.place(&record(None, Some(b""), 99_999)).unwrap().partition, empty);
        }
    }

    #[test]
    fn keyless_records_stay_for_a_batch_then_move_to_the_emptiest_partition() {
        let mut placement = Placement::new(vec![9, 0, 5]);
        let placed: Vec<_> = (0..4).map(|_| placement.place(&record(None, None, STICKY_BYTES / 2)).unwrap()).collect();
        assert_eq!(placed, places([(1, 0), (1, 1), (1, 2), (1, 3)]));
        let mut placement = Placement::new(vec![0, 0]);
        let placed: Vec<_> = (0..4).map(|_| placement.place(&record(None, None, STICKY_BYTES)).unwrap()).collect();
        assert_eq!(placed, places([(0, 0), (1, 0), (0, 1), (1, 1)]));
    }

    #[test]
    fn a_named_partition_that_does_not_exist_is_refused() {
        let fault = Placement::new(vec![0, 0]).place(&record(Some(2), None, 1)).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Refused);
        assert!(fault.to_string().contains("t[2]"), "{fault}");
    }

    #[test]
    fn records_are_placed_all_or_none() {
        let topic = record(None, None, 1).topic;
        let mut placements = Placements::default();
        placements.insert(topic, Placement::new(vec![0, 0]));
        let mut elsewhere = record(None, None, 1);
        elsewhere.topic = TopicName::try_from("missing").unwrap();
        let fault = placements.place_all(&[record(Some(0), None, 1), elsewhere]).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Refused);
        assert!(fault.to_string().contains("\"missing\""), "{fault}");
        assert_eq!(placements.place_all(&[record(Some(0), None, 1)]).unwrap(), places([(0, 0)]));
    }
}
