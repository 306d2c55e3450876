//! What a cluster is asked: which topics there are, and what their partitions hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::RDKafkaErrorCode as Code;
use schemas::{Fault, FaultKind, Reaction, TopicName};

use super::aside;
use super::fault::{Heard, of_code};
use super::options::Options;
use crate::topics::{Bounds, TopicPartition, no_such_partition, no_such_topic};

/// How long to ask for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one call may block: a process that is told to stop waits for it.
pub(super) const CALL: Duration = Duration::from_secs(2);
/// How long news may take from one node to all others: a new topic.
const HEARSAY: Duration = Duration::from_secs(3);
/// How long to wait before asking again.
const AGAIN: Duration = Duration::from_millis(50);

/// How many events are served before a question.
const EVENTS: usize = 16;

/// A client for questions. Clones share it.
#[derive(Clone)]
pub(super) struct Questions {
    /// `None` only while it is dropped.
    client: Option<Arc<BaseConsumer<Heard>>>,
    heard: Heard,
    servers: Arc<str>,
    /// When each topic was told of last.
    seen: Arc<Mutex<HashMap<TopicName, Instant>>>,
}

impl Questions {
    /// Makes the client; nothing is connected to yet.
    pub(super) fn new(options: &Options, heard: &Heard) -> Result<Self, Fault> {
        Self::by(&options.of_questions(), options, heard)
    }

    /// The same with settings for questions of another kind.
    pub(super) fn by(config: &ClientConfig, options: &Options, heard: &Heard) -> Result<Self, Fault> {
        let servers: Arc<str> = options.servers.as_str().into();
        let client = config.create_with_context(heard.clone());
        let client = client.map_err(|error| heard.fault(format!("a client for Kafka at {servers} cannot be made"), error))?;
        Ok(Self { client: Some(Arc::new(client)), heard: heard.clone(), servers, seen: Arc::default() })
    }

    /// How many partitions a topic has; `None` where it does not exist.
    pub(super) async fn partitions(&self, topic: &TopicName) -> Result<Option<u32>, Fault> {
        let topic = topic.clone();
        self.ask(move |this, client| this.count(client, &topic)).await
    }

    /// What a partition holds.
    pub(super) async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        let partition = partition.clone();
        self.ask(move |this, client| {
            match this.count(client, &partition.topic)? {
                None => return Err(no_such_topic(&partition.topic)),
                Some(count) if partition.partition >= count => return Err(no_such_partition(&partition, count as usize)),
                Some(_) => {}
            }
            let number = partition.partition.cast_signed();
            let watermarks = client.fetch_watermarks(partition.topic.as_str(), number, CALL);
            let (first, end) = watermarks.map_err(|error| match error.rdkafka_error_code() {
                // The cluster says that it is there: so its leader has not heard of it yet, or it has another one by now.
                Some(code @ (Code::UnknownTopicOrPartition | Code::UnknownPartition)) => {
                    Fault::caused(FaultKind::Unavailable, format!("{partition}: its leader does not know it"), code)
                }
                _ => this.fault(client, &format!("{partition}: asking for its ends"), error),
            })?;
            Ok(Bounds { first: first.max(0).cast_unsigned(), end: end.max(0).cast_unsigned() })
        })
        .await
    }

    /// The id that the cluster drew for itself when it was made; `None` where it tells none. To be asked once: each answer is memory that
    /// the library does not free.
    pub(super) async fn cluster(&self) -> Result<Option<Arc<str>>, Fault> {
        self.ask(|_, client| Ok(client.client().fetch_cluster_id(CALL).filter(|id| !id.is_empty()).map(Into::into))).await
    }

    /// Whether the cluster answers.
    pub(super) async fn ping(&self) -> Result<(), Fault> {
        self.ask(|this, client| {
            // Any name serves: that there is no such topic is an answer, too. This one costs the cluster next to nothing.
            let answer = client.fetch_metadata(Some("__consumer_offsets"), CALL);
            answer.map(drop).map_err(|error| this.fault(client, "asking for an answer", error))
        })
        .await
    }

    fn count(&self, client: &BaseConsumer<Heard>, topic: &TopicName) -> Result<Option<u32>, Fault> {
        let answer = client.fetch_metadata(Some(topic.as_str()), CALL);
        let metadata = answer.map_err(|error| self.fault(client, &format!("asking for the topic \"{topic}\""), error))?;
        let Some(found) = metadata.topics().first() else { return Ok(None) };
        match found.error().map(Code::from) {
            // The names that Kafka refuses are names of no topic.
            Some(Code::InvalidTopic) => Ok(None),
            Some(code @ (Code::UnknownTopic | Code::UnknownTopicOrPartition)) if self.was_just_there(topic) => {
                Err(Fault::caused(FaultKind::Unavailable, format!("the topic \"{topic}\" was there a moment ago"), code))
            }
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => Ok(None),
            Some(code) if found.partitions().is_empty() => Err(of_code(format!("the topic \"{topic}\""), code)),
            _ => {
                let count = u32::try_from(found.partitions().len()).ok().filter(|count| *count > 0);
                if count.is_some() {
                    self.seen().insert(topic.clone(), Instant::now());
                }
                Ok(count)
            }
        }
    }

    /// Whether some node has told of the topic so lately that another may not have heard of it. (Nodes are asked in turn.)
    fn was_just_there(&self, topic: &TopicName) -> bool {
        self.seen().get(topic).is_some_and(|at| at.elapsed() < HEARSAY)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<TopicName, Instant>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fault(&self, client: &BaseConsumer<Heard>, what: &str, error: rdkafka::error::KafkaError) -> Fault {
        // Why a connection failed waits in the client's queue. (Not without a timeout: a poll ends at the first line of the log.)
        while client.poll(Duration::from_millis(5)).is_some() {}
        self.heard.fault(format!("Kafka at {}: {what}", self.servers), error)
    }

    /// Asks until there is an answer, or none in [`PATIENCE`].
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&Self, &BaseConsumer<Heard>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Result<T, Fault> {
        let question = Arc::new(question);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (this, question) = (self.clone(), Arc::clone(&question));
            let call = move || {
                let client = this.client.as_deref().expect("only dropping takes the client");
                serve(client);
                question(&this, client)
            };
            match aside::run(call).await {
                Err(fault) if fault.reaction() == Reaction::Retry && Instant::now() < deadline => tokio::time::sleep(AGAIN).await,
                answer => return answer,
            }
        }
    }
}

/// Serves what the client has to be told since it was asked last: above all a new token.
fn serve(client: &BaseConsumer<Heard>) {
    for _ in 0..EVENTS {
        drop(client.poll(Duration::ZERO));
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        if let Some(client) = self.client.take().and_then(Arc::into_inner) {
            aside::end(client);
        }
    }
}
