//! Reading: partitions at explicit offsets, without a group.
//!
//! librdkafka fetches ahead into one queue a partition, bounded by `read_ahead`. A read takes from the queues without waiting, and
//! waits only while it has nothing: so what it takes it returns, and a cancelled one has taken nothing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::types::RDKafkaErrorCode as Code;
use rdkafka::{Offset, TopicPartitionList};
use schemas::{Clock, Fault, FaultKind, Header, Origin, Raw, ValueBytes};
use tokio::sync::Notify;

use super::aside;
use super::fault::{Heard, kind_of};
use super::options::Options;
use super::questions::Questions;
use crate::topics::{ReadLimits, Reader, TopicPartition};

/// How many events of the connection a read looks at.
const EVENTS: usize = 16;

/// A reader with a consumer of its own.
pub(super) struct KafkaReader {
    /// `None` only while it is dropped.
    consumer: Option<Arc<BaseConsumer<Heard>>>,
    queues: Vec<Queue>,
    /// The queue that is served first next time.
    turn: usize,
    /// What is wrong, to be told once the records before it are returned.
    failed: Option<Failure>,
    /// Told when a queue that was empty is no longer so.
    filled: Arc<Notify>,
    questions: Questions,
    heard: Heard,
    clock: Arc<dyn Clock>,
}

/// A partition, and what was fetched of it.
struct Queue {
    partition: TopicPartition,
    /// At least the offset of the next record: logs may have holes.
    next: u64,
    fetched: PartitionQueue<Heard>,
}

/// Why a reader cannot go on.
enum Failure {
    /// The log no longer holds what was next in the queue of this index.
    OutOfRange(usize),
    Other(String, KafkaError),
}

impl KafkaReader {
    /// Begins to fetch. The offsets have been checked.
    pub(super) fn open(
        options: &Options,
        from: &[(TopicPartition, u64)],
        questions: Questions,
        heard: Heard,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        let fault = |error| heard.fault(format!("a reader of Kafka at {} cannot be made", options.servers), error);
        let mut consumer: BaseConsumer<Heard> =
            options.of_reader(from.len()).create_with_context(heard.clone()).map_err(fault)?;
        let filled = Arc::new(Notify::new());
        consumer.set_nonempty_callback(notify(&filled));
        let consumer = Arc::new(consumer);
        let mut assignment = TopicPartitionList::with_capacity(from.len());
        let mut queues = Vec::with_capacity(from.len());
        for (partition, offset) in from.iter().cloned() {
            let (topic, number) = (partition.topic.as_str(), partition.partition.cast_signed());
            assignment.add_partition_offset(topic, number, Offset::Offset(offset.cast_signed())).map_err(fault)?;
            // Before they are assigned: what is fetched meanwhile would go to the consumer's own queue.
            let Some(mut fetched) = consumer.split_partition_queue(topic, number) else {
                return Err(Fault::new(FaultKind::Bug, format!("{partition} has no queue")));
            };
            fetched.set_nonempty_callback(notify(&filled));
            queues.push(Queue { partition, next: offset, fetched });
        }
        consumer.assign(&assignment).map_err(fault)?;
        Ok(Self { consumer: Some(consumer), queues, turn: 0, failed: None, filled, questions, heard, clock })
    }

    /// Takes what is fetched and the limits allow: the same number from each partition that has any.
    fn take(&mut self, limits: &ReadLimits) -> Vec<Raw> {
        self.look_after_the_connection();
        let wanted = limits.records.max(1);
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let mut waiting: Vec<usize> = (0..self.queues.len()).map(|at| (self.turn + at) % self.queues.len()).collect();
        while !waiting.is_empty() && self.failed.is_none() && taken.len() < wanted {
            let share = ((wanted - taken.len()) / waiting.len()).max(1);
            let mut still = Vec::with_capacity(waiting.len());
            for at in waiting {
                self.turn = at + 1;
                let mut left = share.min(wanted - taken.len());
                while left > 0 {
                    let Some(record) = self.pop(at) else { break };
                    bytes += record.size_bytes();
                    taken.push(record);
                    left -= 1;
                    if bytes >= limits.bytes {
                        return taken;
                    }
                }
                if taken.len() == wanted || self.failed.is_some() {
                    return taken;
                }
                if left == 0 {
                    still.push(at);
                }
            }
            waiting = still;
        }
        taken
    }

    /// The next record of a queue, if it was fetched.
    fn pop(&mut self, at: usize) -> Option<Raw> {
        let queue = &mut self.queues[at];
        loop {
            match queue.fetched.poll(Duration::ZERO)? {
                Ok(message) => {
                    let record = raw(&message, &queue.partition, self.clock.as_ref());
                    queue.next = record.origin.offset + 1;
                    return Some(record);
                }
                Err(error) => {
                    self.failed = failure(error, &queue.partition, at);
                    if self.failed.is_some() {
                        return None;
                    }
                }
            }
        }
    }

    /// Serves what concerns no partition: above all, that no broker is left.
    fn look_after_the_connection(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        for _ in 0..EVENTS {
            // A line of the log is nothing, and more may stand behind it.
            let Some(event) = consumer.poll(Duration::ZERO) else { continue };
            let failed = match event {
                // librdkafka connects again by itself while it has another broker; without any, the caller should know.
                Err(error) if error.rdkafka_error_code().is_some_and(is_passing) => None,
                Err(error) => Some(Failure::Other("reading".to_owned(), error)),
                Ok(message) => {
                    Some(Failure::Other(format!("{}[{}]", message.topic(), message.partition()), KafkaError::NoMessageReceived))
                }
            };
            self.failed = self.failed.take().or(failed);
        }
    }

    async fn fault(&self, failure: &Failure) -> Fault {
        match failure {
            Failure::Other(what, error) => self.heard.fault(format!("Kafka: {what}"), error.clone()),
            Failure::OutOfRange(at) => {
                let Queue { partition, next, .. } = &self.queues[*at];
                match self.questions.bounds(partition).await.map(|bounds| bounds.admit(partition, *next)) {
                    Ok(Err(lost)) | Err(lost) => lost,
                    Ok(Ok(())) => {
                        Fault::new(FaultKind::Unavailable, format!("{partition}: offset {next} was not there for a moment"))
                    }
                }
            }
        }
    }
}

fn notify(filled: &Arc<Notify>) -> impl Fn() + Send + Sync + 'static {
    let filled = Arc::clone(filled);
    move || filled.notify_one()
}

/// Whether an error of one connection is mended by librdkafka itself.
fn is_passing(code: Code) -> bool {
    code != Code::AllBrokersDown && kind_of(code) == FaultKind::Unavailable
}

fn failure(error: KafkaError, partition: &TopicPartition, at: usize) -> Option<Failure> {
    match error.rdkafka_error_code() {
        Some(Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::LogTruncation) => Some(Failure::OutOfRange(at)),
        Some(code) if is_passing(code) => None,
        _ => Some(Failure::Other(partition.to_string(), error)),
    }
}

/// A record.
fn raw(message: &BorrowedMessage<'_>, partition: &TopicPartition, clock: &dyn Clock) -> Raw {
    let timestamp: Option<DateTime<Utc>> = message.timestamp().to_millis().and_then(DateTime::from_timestamp_millis);
    Raw {
        origin: Origin {
            topic: partition.topic.clone(),
            partition: partition.partition,
            offset: message.offset().max(0).cast_unsigned(),
        },
        key: message.key().map(Into::into),
        value: message.payload().map_or(ValueBytes::TOMBSTONE, Into::into),
        headers: message.headers().map(headers).unwrap_or_default(),
        // Only clients of before 2016 write none.
        timestamp: timestamp.unwrap_or_else(|| clock.now()),
    }
}

fn headers(headers: &impl Headers) -> Vec<Header> {
    let read = |at| {
        // The library panics on a name that is not UTF-8, which Kafka's protocol forbids and its brokers do not check: such a
        // header is left out.
        let header = std::panic::catch_unwind(AssertUnwindSafe(|| headers.try_get(at))).ok()??;
        Some(Header { name: header.key.to_owned(), value: header.value.unwrap_or_default().into() })
    };
    (0..headers.count()).filter_map(read).collect()
}

#[async_trait]
impl Reader for KafkaReader {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        let deadline = limits.deadline();
        loop {
            let taken = self.take(limits);
            if !taken.is_empty() {
                return Ok(taken);
            }
            if let Some(failure) = &self.failed {
                return Err(self.fault(failure).await);
            }
            // A queue that is filled after it was found empty leaves a permit: no wake-up is lost.
            if tokio::time::timeout_at(deadline, self.filled.notified()).await.is_err() {
                return Ok(taken);
            }
        }
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        // librdkafka's own positions go over the marks of transactions, too, as the queues are emptied. And no further: the end of a
        // partition, as it was told before, may be more than its leader of the moment has, and what lies between comes yet.
        let passed = self.consumer.as_ref().and_then(|consumer| consumer.position().ok());
        let position = |queue: &Queue| {
            let Queue { partition, next, .. } = queue;
            let passed = passed.as_ref().and_then(|passed| {
                match passed.find_partition(partition.topic.as_str(), partition.partition.cast_signed())?.offset() {
                    Offset::Offset(offset) => u64::try_from(offset).ok(),
                    _ => None,
                }
            });
            (partition.clone(), passed.map_or(*next, |passed| passed.max(*next)))
        };
        self.queues.iter().map(position).collect()
    }
}

impl Drop for KafkaReader {
    fn drop(&mut self) {
        let queues = std::mem::take(&mut self.queues);
        aside::end((queues, self.consumer.take()));
    }
}
