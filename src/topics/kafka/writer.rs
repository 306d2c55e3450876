//! Writing: each record once, in order in its partition, acknowledged by every replica in sync.
//!
//! But for one case, which no client can mend: a broker that was killed forgets the producers of records that are older than
//! `producer.id.expiration.ms` (a day, by the records' own times). What was under way then is sent again and may stand twice, as after a
//! write that failed. Records of a transaction that is open are not forgotten.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::types::RDKafkaErrorCode as Code;
use schemas::{Clock, Fault, FaultKind, Outgoing, TopicName};

use super::aside;
use super::fault::{Heard, of_code};
use super::options::Options;
use super::questions::Questions;
use crate::topics::placement::{Place, Placement, Placements};

/// How long to wait for room in the producer's queue before looking again.
const FULL: Duration = Duration::from_millis(5);

/// Writes records.
pub(super) struct Writer {
    options: Arc<Options>,
    /// How its producer is made.
    config: ClientConfig,
    heard: Heard,
    questions: Questions,
    clock: Arc<dyn Clock>,
    /// Made when it is needed; dropped when it can write no more.
    producer: Mutex<Option<Arc<FutureProducer<Heard>>>>,
    /// Of every topic that was written to. Offsets count what was written here, so that keyless records even out.
    placements: tokio::sync::Mutex<Placements>,
}

impl Writer {
    pub(super) fn new(
        options: Arc<Options>,
        config: ClientConfig,
        heard: Heard,
        questions: Questions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, config, heard, questions, clock, producer: Mutex::default(), placements: tokio::sync::Mutex::default() }
    }

    /// Writes records; see [`crate::topics::Topics::write`].
    pub(super) async fn write(&self, records: &[Outgoing]) -> Result<(), Fault> {
        records.iter().try_for_each(|record| self.check_size(record))?;
        let places = self.place(records).await?;
        let producer = self.producer()?;
        let mut deliveries = Vec::with_capacity(records.len());
        let mut first = None;
        for (record, place) in records.iter().zip(places) {
            match self.send(&producer, record, place).await {
                Ok(delivery) => deliveries.push((record, delivery)),
                Err(error) => {
                    first = Some((record, error));
                    break;
                }
            }
        }
        // All that is under way is waited for, whatever became of the others: the caller may write again.
        for (record, delivery) in deliveries {
            let error = match delivery.await {
                Ok(Ok(_)) => continue,
                Ok(Err((error, _))) => error,
                Err(_) => KafkaError::Canceled,
            };
            first.get_or_insert((record, error));
        }
        match first {
            None => Ok(()),
            Some((record, error)) => Err(self.fault(record, error).await),
        }
    }

    /// Where each record goes. A topic is asked for when it is written to first.
    async fn place(&self, records: &[Outgoing]) -> Result<Vec<Place>, Fault> {
        let mut placements = self.placements.lock().await;
        for topic in records.iter().map(|record| &record.topic).collect::<BTreeSet<_>>() {
            if placements.knows(topic) {
                continue;
            }
            if let Some(count) = self.questions.partitions(topic).await? {
                // So that processes which write little do not all begin with the same partition.
                let begin = (0..count).map(|_| u64::from(rand::random::<bool>())).collect();
                placements.insert(topic.clone(), Placement::new(begin));
            }
        }
        placements.place_all(records)
    }

    /// Hands a record to librdkafka, once there is room for it.
    async fn send(
        &self,
        producer: &FutureProducer<Heard>,
        record: &Outgoing,
        place: Place,
    ) -> Result<DeliveryFuture, KafkaError> {
        let at = record.timestamp.unwrap_or_else(|| self.clock.now());
        let mut outgoing = FutureRecord::to(record.topic.as_str())
            .partition(place.partition.cast_signed())
            // To librdkafka 0 is now and -1 is no time: what is older than 1970 becomes its first millisecond.
            .timestamp(at.timestamp_millis().max(1));
        if let Some(value) = record.value.given() {
            outgoing = outgoing.payload(value);
        }
        if let Some(key) = &record.key {
            outgoing = outgoing.key(key);
        }
        if !record.headers.is_empty() {
            let insert = |headers: OwnedHeaders, header: &schemas::Header| {
                headers.insert(Header { key: &header.name, value: Some(&header.value) })
            };
            outgoing =
                outgoing.headers(record.headers.iter().fold(OwnedHeaders::new_with_capacity(record.headers.len()), insert));
        }
        loop {
            match producer.send_result(outgoing) {
                Ok(delivery) => return Ok(delivery),
                Err((error, again)) if error.rdkafka_error_code() == Some(Code::QueueFull) => outgoing = again,
                Err((error, _)) => return Err(error),
            }
            tokio::time::sleep(FULL).await;
        }
    }

    fn check_size(&self, record: &Outgoing) -> Result<(), Fault> {
        let limit = self.options.max_record_bytes;
        match size_bytes(record) {
            size if size <= limit => Ok(()),
            size => {
                let what =
                    format!("topic \"{}\": a record of {size} bytes is more than the {limit} that may be written", record.topic);
                Err(Fault::new(FaultKind::Oversized, what)
                    .advise("raise `max_record` of the broker `kafka`, and `max.message.bytes` of the topic"))
            }
        }
    }

    /// What it writes by.
    pub(super) fn producer(&self) -> Result<Arc<FutureProducer<Heard>>, Fault> {
        let mut slot = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = &*slot {
            return Ok(Arc::clone(producer));
        }
        let made = self.config.create_with_context(self.heard.clone());
        let what = || format!("a writer to Kafka at {} cannot be made", self.options.servers);
        let producer: FutureProducer<Heard> = made.map_err(|error| self.heard.fault(what(), error))?;
        Ok(Arc::clone(slot.insert(Arc::new(producer))))
    }

    /// Lets its producer go: the next write begins with a new one.
    pub(super) fn discard(&self) {
        if let Some(producer) = self.producer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            aside::end(producer);
        }
    }

    /// The fault of a record that was not delivered; forgets what it shows to be out of date.
    async fn fault(&self, record: &Outgoing, error: KafkaError) -> Fault {
        let what = format!("Kafka at {}: writing to topic \"{}\"", self.options.servers, record.topic);
        match error.rdkafka_error_code() {
            Some(code @ (Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition)) => {
                self.forget(&record.topic).await;
                return of_code(what, code);
            }
            Some(code @ (Code::MessageSizeTooLarge | Code::MessageBatchTooLarge)) => {
                return of_code(format!("{what}: a record of {} bytes", size_bytes(record)), code);
            }
            _ => {}
        }
        let producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fatal = producer.and_then(|producer| producer.client().fatal_error());
        let Some((_, reason)) = fatal else { return self.heard.fault(what, error) };
        // Its sequence is broken.
        self.discard();
        Fault::caused(FaultKind::Unavailable, what, reason)
    }

    async fn forget(&self, topic: &TopicName) {
        self.placements.lock().await.forget(topic);
    }
}

/// What librdkafka counts against `message.max.bytes`, or a little more: value, key, headers, and what frames them.
fn size_bytes(record: &Outgoing) -> u64 {
    let headers: usize = record.headers.iter().map(|header| 10 + header.name.len() + header.value.len()).sum();
    (record.value.len() + record.key.as_ref().map_or(0, Vec::len) + headers + 70) as u64
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.discard();
    }
}
