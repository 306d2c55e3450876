//! Records as Fluvio frames them: batches, each with a first timestamp and a first offset that its records count from.

use chrono::{DateTime, Utc};
use fluvio::dataplane::Encoder;
use fluvio::dataplane::record::{
    BATCH_PREAMBLE_SIZE, Batch, MemoryRecords, NO_TIMESTAMP, ProducerBatchHeader, RawRecords, Record, RecordData, RecordSet,
};
use schemas::{Clock, Fault, FaultKind, Origin, Outgoing, Raw};

use super::options::Compression;
use crate::topics::TopicPartition;

/// A batch is closed once it holds this much before compression, in bytes: half of what an SPU takes by default. A larger record
/// is a batch of its own.
const BATCH: usize = 1 << 20;

/// How far apart the timestamps of a batch may be, in ms (24 days): the crate writes a larger distance wrong.
const SPAN_MS: i64 = i32::MAX as i64;

/// What frames a record in a batch, in bytes, at most: its length, timestamp, offset, and the lengths of key and value.
const FRAME: usize = 48;

/// About how many bytes a record takes in a batch.
pub(super) fn size_bytes(record: &Outgoing) -> usize {
    FRAME + record.key.as_ref().map_or(0, Vec::len) + record.value.len()
}

/// The records as batches, in their order. A record without a timestamp gets `now`; headers do not exist on Fluvio.
pub(super) fn pack(
    records: Vec<Outgoing>,
    compression: Compression,
    now: DateTime<Utc>,
) -> Result<Vec<Batch<RawRecords>>, Fault> {
    let mut batches = Vec::new();
    let mut open = Open::default();
    for record in records {
        // What is older than 1970 becomes its first moment: -1 means that there is none.
        let time_ms = record.timestamp.unwrap_or(now).timestamp_millis().max(0);
        let bytes = size_bytes(&record);
        if !open.takes(bytes, time_ms) {
            batches.push(std::mem::take(&mut open).close(compression)?);
        }
        open.push(record, bytes, time_ms);
    }
    if !open.records.is_empty() {
        batches.push(open.close(compression)?);
    }
    Ok(batches)
}

/// A batch that takes more.
#[derive(Default)]
struct Open {
    records: Vec<(Outgoing, i64)>,
    bytes: usize,
    first_ms: i64,
    last_ms: i64,
}

impl Open {
    fn takes(&self, bytes: usize, time_ms: i64) -> bool {
        let span_ms = self.last_ms.max(time_ms) - self.first_ms.min(time_ms);
        self.records.is_empty() || (self.bytes + bytes <= BATCH && span_ms <= SPAN_MS)
    }

    fn push(&mut self, record: Outgoing, bytes: usize, time_ms: i64) {
        let only = self.records.is_empty();
        self.first_ms = if only { time_ms } else { self.first_ms.min(time_ms) };
        self.last_ms = self.last_ms.max(time_ms);
        self.bytes += bytes;
        self.records.push((record, time_ms));
    }

    fn close(self, compression: Compression) -> Result<Batch<RawRecords>, Fault> {
        let framed = self.records.into_iter().map(|(record, time_ms)| {
            let (key, value) = (record.key.map(RecordData::from), RecordData::from(record.value.into_bytes()));
            let mut framed = Record { key, value, ..Record::default() };
            framed.preamble.set_timestamp_delta(time_ms - self.first_ms);
            framed
        });
        // Numbers the records, and counts their bytes.
        let mut batch = Batch::<MemoryRecords>::from(framed.collect::<MemoryRecords>());
        let header = batch.get_mut_header();
        header.set_first_timestamp(self.first_ms);
        header.set_max_time_stamp(self.last_ms);
        header.set_compression(compression.codec());
        Batch::<RawRecords>::try_from(batch).map_err(|error| Fault::caused(FaultKind::Bug, "records cannot be compressed", error))
    }
}

/// How many bytes a batch takes in a request.
pub(super) fn request_bytes(batch: &Batch<RawRecords>) -> usize {
    batch.write_size(0)
}

/// What a fetch brought of a partition.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// The records from the wanted offset on, without holes.
    pub(super) records: Vec<Raw>,
    /// The bytes of the batch that the fetch cut off, in which nothing was looked at; `None`: all were whole.
    pub(super) cut_bytes: Option<u32>,
    /// The first offset of a batch that does not follow on the one before; nothing from there on is in `records`.
    pub(super) hole_at: Option<u64>,
}

/// The records of a fetch, from `next` on.
///
/// A fetch is cut at its limit of bytes, wherever that falls. The batch that it falls into announces all of its records and holds
/// some: it is left for the next fetch, whole.
///
/// # Errors
///
/// `Lost` for a batch that cannot be read.
pub(super) fn unpack(
    fetched: &RecordSet<RawRecords>,
    partition: &TopicPartition,
    mut next: u64,
    clock: &dyn Clock,
) -> Result<Unpacked, Fault> {
    let mut unpacked = Unpacked { records: Vec::new(), cut_bytes: None, hole_at: None };
    for batch in &fetched.batches {
        let first = batch.get_base_offset().max(0).cast_unsigned();
        if !batch.validate_decoding() {
            let bytes = u32::try_from(batch.batch_len()).unwrap_or(0);
            unpacked.cut_bytes = Some(bytes.saturating_add(BATCH_PREAMBLE_SIZE as u32));
            break;
        }
        if first > next {
            unpacked.hole_at = Some(first);
            break;
        }
        let broken =
            |why: String| Fault::caused(FaultKind::Lost, format!("{partition}: the batch at offset {first} cannot be read"), why);
        let records = batch.memory_records().map_err(|error| broken(error.to_string()))?;
        if records.len() != batch.records_len() {
            return Err(broken(format!("it holds {} records, and says {}", records.len(), batch.records_len())));
        }
        let base_ms = batch.get_base_timestamp();
        for (offset, record) in (first..).zip(records) {
            // A fetch begins with a batch, which may begin before what is wanted.
            if offset == next {
                unpacked.records.push(raw(record, base_ms, partition, offset, clock));
                next += 1;
            }
        }
    }
    Ok(unpacked)
}

fn raw(record: Record, base_ms: i64, partition: &TopicPartition, offset: u64, clock: &dyn Clock) -> Raw {
    let timestamp = match base_ms {
        NO_TIMESTAMP => None,
        base_ms => DateTime::from_timestamp_millis(base_ms.saturating_add(record.timestamp_delta())),
    };
    Raw {
        origin: Origin { topic: partition.topic.clone(), partition: partition.partition, offset },
        key: record.key.map(RecordData::into_vec),
        value: record.value.into_vec().into(),
        headers: Vec::new(),
        timestamp: timestamp.unwrap_or_else(|| clock.now()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::sync::Arc;

    use proptest::prelude::*;
    use schemas::{ManualClock, TopicName};

    use super::*;
    use fluvio::dataplane::Decoder;

    fn partition() -> TopicPartition {
        TopicPartition { topic: TopicName::try_from("t").unwrap(), partition: 3 }
    }

    fn record(key: Option<Vec<u8>>, value: Vec<u8>, time_ms: i64) -> Outgoing {
        let timestamp = DateTime::from_timestamp_millis(time_ms);
        Outgoing { topic: partition().topic, partition: None, key, value: value.into(), headers: Vec::new(), timestamp }
    }

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::at(DateTime::from_timestamp_millis(5_000).unwrap()))
    }

    /// The batches as an SPU keeps them, from offset 100 on, and what a fetch of so many bytes returns of them.
    fn fetch(mut batches: Vec<Batch<RawRecords>>, bytes: usize) -> RecordSet<RawRecords> {
        let mut offset = 100;
        let mut log = Vec::new();
        for batch in &mut batches {
            batch.set_base_offset(offset);
            offset += i64::try_from(batch.records_len()).unwrap();
            batch.encode(&mut log, 0).unwrap();
        }
        log.truncate(bytes);
        let mut answer = Vec::new();
        i32::try_from(log.len()).unwrap().encode(&mut answer, 0).unwrap();
        answer.extend(log);
        let mut fetched = RecordSet::default();
        fetched.decode(&mut answer.as_slice(), 0).unwrap();
        fetched
    }

    fn many(count: usize) -> Vec<Outgoing> {
        (0..count).map(|number| record(None, vec![b'x'; 1 + number * 7919 % 60_000], 1_000)).collect()
    }

    #[test]
    fn what_a_fetch_cut_off_is_left_for_the_next_one() {
        let batches = pack(many(100), Compression::None, Utc::now()).unwrap();
        let (sizes, counts): (Vec<_>, Vec<_>) = batches.iter().map(|batch| (request_bytes(batch), batch.records_len())).unzip();
        assert!(sizes.len() > 2);
        for (missing, whole) in [(0, 2), (1, 1), (sizes[1] - 100, 1)] {
            let unpacked = unpack(&fetch(batches.clone(), sizes[0] + sizes[1] - missing), &partition(), 100, &*clock()).unwrap();
            assert_eq!(unpacked.records.len(), counts[..whole].iter().sum::<usize>());
            assert_eq!(unpacked.cut_bytes, (missing > 0).then(|| u32::try_from(sizes[1]).unwrap()));
        }
        // Of so little that not even its size is known, nothing is said.
        let unpacked = unpack(&fetch(batches, sizes[0] + 5), &partition(), 100, &*clock()).unwrap();
        assert_eq!((unpacked.records.len(), unpacked.cut_bytes), (counts[0], None));
    }

    #[test]
    fn a_fetch_begins_before_what_is_wanted_and_a_hole_ends_it() {
        let batches = pack(many(100), Compression::Lz4, Utc::now()).unwrap();
        let unpacked = unpack(&fetch(batches.clone(), usize::MAX), &partition(), 117, &*clock()).unwrap();
        let offsets: Vec<_> = unpacked.records.iter().map(|raw| raw.origin.offset).collect();
        assert_eq!(offsets, (117..200).collect::<Vec<_>>());
        let unpacked = unpack(&fetch(batches, usize::MAX), &partition(), 99, &*clock()).unwrap();
        assert_eq!((unpacked.records.len(), unpacked.hole_at), (0, Some(100)));
    }

    #[test]
    fn a_record_larger_than_a_batch_has_one_of_its_own() {
        let records = vec![record(None, vec![1; 10], 0), record(None, vec![2; BATCH + 1], 0), record(None, vec![3; 10], 0)];
        let counts: Vec<_> = pack(records, Compression::None, Utc::now()).unwrap().iter().map(Batch::records_len).collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn a_batch_without_timestamps_is_of_now() {
        let mut batches = pack(vec![record(None, vec![], 7)], Compression::None, Utc::now()).unwrap();
        batches[0].get_mut_header().set_first_timestamp(NO_TIMESTAMP);
        let unpacked = unpack(&fetch(batches, usize::MAX), &partition(), 100, &*clock()).unwrap();
        assert_eq!(unpacked.records[0].timestamp.timestamp_millis(), 5_000);
    }

    proptest! {
        /// Whatever the timestamps and their order: the crate itself writes distances of more than 24 days wrong.
        #[test]
        fn records_are_read_as_they_were_written(
            records in prop::collection::vec((prop::option::of(prop::collection::vec(any::<u8>(), 0..9)), 0..20_usize, 0..4_000_000_000_000_i64), 1..40),
            codec in 0..5_usize,
        ) {
            let compression = Compression::named(Compression::NAMES[codec]).unwrap();
            let records: Vec<_> = records.into_iter().map(|(key, bytes, time_ms)| record(key, vec![7; bytes], time_ms)).collect();
            let batches = pack(records.clone(), compression, Utc::now()).unwrap();
            let unpacked = unpack(&fetch(batches, usize::MAX), &partition(), 100, &*clock()).unwrap();
            prop_assert_eq!((unpacked.cut_bytes, unpacked.hole_at), (None, None));
            prop_assert_eq!(unpacked.records.len(), records.len());
            for (raw, written) in unpacked.records.iter().zip(records) {
                prop_assert_eq!((&raw.key, &raw.value, Some(raw.timestamp)), (&written.key, &written.value, written.timestamp));
            }
        }
    }
}
