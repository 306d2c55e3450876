//! How records are kept: many in one row, so that a row's cost is shared.
//!
//! A batch is its records one after the other. Numbers are little-endian, and a text or bytes stand behind their length:
//!
//! ```text
//! record := timestamp: i64, microseconds since 1970
//!           key length: u32, or ff ff ff ff where there is no key;  key
//!           value length: u32, or ff ff ff ff of a tombstone;       value
//!           number of headers: u32;  (name length: u32; name in UTF-8; value length: u32; value)...
//! ```
//!
//! The offsets are in the row beside it: the first record's, and the last's.

use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind, Header, Origin, Outgoing, Raw, ValueBytes};

use crate::topics::TopicPartition;

/// A batch that has this many bytes takes no further record.
const FULL_BYTES: usize = 128 * 1024;

/// The largest record that is taken: SQLite holds no more than 1 GB in a row.
const MAX_RECORD_BYTES: usize = 256 * 1024 * 1024;

/// The length that says that there is no key, or no value.
const NOTHING: u32 = u32::MAX;

/// Records on their way into a row.
#[derive(Debug)]
pub(super) struct Batch {
    /// The first record's offset.
    pub(super) first_offset: u64,
    /// The last record's offset.
    pub(super) last_offset: u64,
    /// The records, as in the module's description.
    pub(super) records: Vec<u8>,
}

impl Batch {
    /// A batch of one record. `now` is the timestamp of a record that has none.
    pub(super) fn of(offset: u64, record: &Outgoing, now: DateTime<Utc>) -> Self {
        let mut batch = Self { first_offset: offset, last_offset: offset, records: Vec::new() };
        batch.append(record, now);
        batch
    }

    /// Whether the next record has to go into a batch of its own.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= FULL_BYTES
    }

    /// Adds the record that follows the last one.
    pub(super) fn push(&mut self, record: &Outgoing, now: DateTime<Utc>) {
        self.last_offset += 1;
        self.append(record, now);
    }

    fn append(&mut self, record: &Outgoing, now: DateTime<Utc>) {
        self.records.reserve(size_bytes(record));
        self.records.extend_from_slice(&record.timestamp.unwrap_or(now).timestamp_micros().to_le_bytes());
        self.append_given(record.key.as_deref());
        self.append_given(record.value.given());
        self.append_number(length(record.headers.len()));
        for header in &record.headers {
            self.append_bytes(header.name.as_bytes());
            self.append_bytes(&header.value);
        }
    }

    fn append_given(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.append_bytes(bytes),
            None => self.append_number(NOTHING),
        }
    }

    fn append_bytes(&mut self, bytes: &[u8]) {
        self.append_number(length(bytes.len()));
        self.records.extend_from_slice(bytes);
    }

    fn append_number(&mut self, number: u32) {
        self.records.extend_from_slice(&number.to_le_bytes());
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("`check_size` refused what is larger")
}

/// How many bytes the record takes in a batch.
pub(super) fn size_bytes(record: &Outgoing) -> usize {
    let headers: usize = record.headers.iter().map(|header| 8 + header.name.len() + header.value.len()).sum();
    20 + record.key.as_ref().map_or(0, Vec::len) + record.value.len() + headers
}

/// Checks that the record can be kept.
///
/// # Errors
///
/// `Oversized` for one over 256 MiB.
pub(super) fn check_size(record: &Outgoing) -> Result<(), Fault> {
    match size_bytes(record) {
        ..=MAX_RECORD_BYTES => Ok(()),
        size => Err(Fault::new(
            FaultKind::Oversized,
            format!(
                "topic \"{}\": a record of {size} bytes is more than the {MAX_RECORD_BYTES} that local topics take",
                record.topic
            ),
        )),
    }
}

/// The records of a row, from offset `from` on.
///
/// # Errors
///
/// `Lost` when the bytes are not what [`Batch`] writes: the file was damaged.
pub(super) fn decode(partition: &TopicPartition, offsets: (u64, u64), records: &[u8], from: u64) -> Result<Vec<Raw>, Fault> {
    let damaged = || {
        let (first, last) = offsets;
        Fault::new(
            FaultKind::Lost,
            format!("{partition}: the batch of offsets {first} to {last} cannot be read: the file is damaged"),
        )
    };
    let mut rest = Rest(records);
    let mut decoded = Vec::new();
    for offset in offsets.0..=offsets.1 {
        let (timestamp_us, key, value, headers) = rest.record().ok_or_else(damaged)?;
        if offset < from {
            continue;
        }
        decoded.push(Raw {
            origin: Origin { topic: partition.topic.clone(), partition: partition.partition, offset },
            key: key.map(Into::into),
            value: value.map_or(ValueBytes::TOMBSTONE, Into::into),
            headers,
            timestamp: DateTime::from_timestamp_micros(timestamp_us).ok_or_else(damaged)?,
        });
    }
    if rest.0.is_empty() { Ok(decoded) } else { Err(damaged()) }
}

/// What is still to be decoded; `None` where it ends too early.
struct Rest<'a>(&'a [u8]);

/// Timestamp, key, value and headers.
type Parts<'a> = (i64, Option<&'a [u8]>, Option<&'a [u8]>, Vec<Header>);

impl<'a> Rest<'a> {
    fn record(&mut self) -> Option<Parts<'a>> {
        let timestamp_us = i64::from_le_bytes(self.array()?);
        let (key, value) = (self.given()?, self.given()?);
        let headers = self.number()?;
        let headers = (0..headers).map(|_| self.header()).collect::<Option<Vec<_>>>()?;
        Some((timestamp_us, key, value, headers))
    }

    fn header(&mut self) -> Option<Header> {
        let name = std::str::from_utf8(self.bytes()?).ok()?.to_owned();
        Some(Header { name, value: self.bytes()?.to_owned() })
    }

    fn given(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()? {
            NOTHING => Some(None),
            length => self.take(length).map(Some),
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;
    use schemas::TopicName;

    fn partition() -> TopicPartition {
        TopicPartition { topic: TopicName::try_from("t").unwrap(), partition: 3 }
    }

    fn any_record() -> impl Strategy<Value = Outgoing> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        let header = (".{0,8}", bytes()).prop_map(|(name, value)| Header { name, value });
        let headers = proptest::collection::vec(header, 0..4);
        // The years 0 to 9999.
        let timestamp = proptest::option::of(-62_167_219_200_000_000_i64..253_402_300_800_000_000);
        (proptest::option::of(bytes()), proptest::option::of(bytes()), headers, timestamp).prop_map(
            |(key, value, headers, timestamp_us)| Outgoing {
                topic: partition().topic,
                partition: None,
                key,
                value: value.map_or(ValueBytes::TOMBSTONE, Into::into),
                headers,
                timestamp: timestamp_us.and_then(DateTime::from_timestamp_micros),
            },
        )
    }

    fn batch_of(first_offset: u64, records: &[Outgoing], now: DateTime<Utc>) -> Batch {
        let mut batch = Batch::of(first_offset, &records[0], now);
        for record in &records[1..] {
            batch.push(record, now);
        }
        batch
    }

    proptest! {
        #[test]
        fn what_is_decoded_is_what_was_written(
            records in proptest::collection::vec(any_record(), 1..20),
            first in 0_u64..1_000_000,
            skipped in 0_usize..20,
        ) {
            let now = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
            let batch = batch_of(first, &records, now);
            prop_assert_eq!(batch.records.len(), records.iter().map(size_bytes).sum::<usize>());
            let offsets = (batch.first_offset, batch.last_offset);
            let decoded = decode(&partition(), offsets, &batch.records, first + skipped as u64).unwrap();
            prop_assert_eq!(decoded.len(), records.len().saturating_sub(skipped));
            for (place, raw) in (skipped..).zip(&decoded) {
                let record = &records[place];
                prop_assert_eq!(raw.origin.offset, first + place as u64);
                prop_assert_eq!((&raw.key, &raw.value, &raw.headers), (&record.key, &record.value, &record.headers));
                prop_assert_eq!(raw.timestamp, record.timestamp.unwrap_or(now));
            }
        }

        #[test]
        fn a_batch_with_missing_or_further_bytes_is_lost(records in proptest::collection::vec(any_record(), 1..5), cut in any::<usize>()) {
            let mut batch = batch_of(0, &records, DateTime::UNIX_EPOCH);
            let offsets = (0, batch.last_offset);
            let cut = cut % batch.records.len();
            let fault = decode(&partition(), offsets, &batch.records[..cut], 0).unwrap_err();
            prop_assert_eq!(fault.kind(), FaultKind::Lost);
            batch.records.push(0);
            prop_assert_eq!(decode(&partition(), offsets, &batch.records, 0).unwrap_err().kind(), FaultKind::Lost);
        }

        #[test]
        fn rubbish_is_lost_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), last in 0_u64..5) {
            if let Err(fault) = decode(&partition(), (0, last), &bytes, 0) {
                prop_assert_eq!(fault.kind(), FaultKind::Lost);
            }
        }
    }
}
