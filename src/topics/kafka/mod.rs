//! Topics on an Apache Kafka cluster, or on what speaks its protocol, through librdkafka.
//!
//! Partitions are read from the positions that the sink keeps: a group only says whose they are. Transactions alone commit positions to a
//! group, for segments that are `exactly_once`.
//!
//! * `options` and `security`: what the file says; `settings`: what librdkafka is told; `token`: who we are, where a file says it;
//!   `fault`: librdkafka's errors; `aside`: its calls that block.
//! * `questions`: what topics and offsets there are; `reader`; `writer`; `membership`: of a group; `offsets`: that a group has
//!   committed; `transactions`.

mod aside;
mod fault;
mod membership;
mod offsets;
mod options;
mod questions;
mod reader;
mod security;
mod settings;
mod token;
mod transactions;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode as Code;
use schemas::{Clock, Fault, FaultKind, Outgoing, Reaction, TopicName};
use tokio::task::JoinSet;

pub use self::options::{Compression, Group, Options, Others, TOPIC_RULE, is_topic};
pub use self::security::{Sasl, Security, Tls};
pub use self::settings::{accepted, refusal};

use self::fault::Heard;
use self::membership::KafkaMember;
use self::offsets::Offsets;
use self::questions::Questions;
use self::reader::KafkaReader;
use self::transactions::KafkaTransactions;
use self::writer::Writer;
use super::{Bounds, Membership, Reader, TopicPartition, TopicSpec, Topics, Transactions, no_partitions};

/// How long the cluster may take to create topics, and then to tell of them.
const CREATION: Duration = Duration::from_secs(20);
/// How often one asks whether it tells of them.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The topics of a cluster.
pub struct Kafka {
    options: Arc<Options>,
    questions: Questions,
    /// The cluster's own name for itself; `None` where it has none.
    cluster: Option<Arc<str>>,
    writer: Writer,
    /// Made when it is needed.
    offsets: Mutex<Option<Offsets>>,
    heard: Heard,
    clock: Arc<dyn Clock>,
}

impl Kafka {
    /// Connects. `clock` gives the timestamp of records that carry none.
    ///
    /// # Errors
    ///
    /// `Refused` for settings that librdkafka does not take, and for a wrong name or password; `Unavailable` while no broker answers.
    pub async fn open(options: &Options, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let (options, heard) = (Arc::new(options.clone()), Heard::with_token_of(options.security.token_file()));
        let questions = Questions::new(&options, &heard)?;
        questions.ping().await?;
        let cluster = questions.cluster().await?;
        let writer = Writer::new(Arc::clone(&options), options.of_writer(), heard.clone(), questions.clone(), Arc::clone(&clock));
        Ok(Self { options, questions, cluster, writer, offsets: Mutex::default(), heard, clock })
    }

    /// The group's positions; `None` where there is no group.
    fn offsets(&self) -> Result<Option<Offsets>, Fault> {
        let Some(group) = &self.options.group else { return Ok(None) };
        let mut slot = self.offsets.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(Offsets::new(&self.options, group, &self.heard)?);
        }
        Ok(slot.clone())
    }

    /// Asks the cluster for these topics, none of which existed a moment ago.
    async fn create_missing(&self, missing: &[&TopicSpec]) -> Result<(), Fault> {
        let cluster = format!("Kafka at {}", self.options.servers);
        if self.options.security.token_file().is_some() {
            // The client that creates topics is never told that librdkafka waits for a token.
            let names: Vec<_> = missing.iter().map(|spec| format!("\"{}\"", spec.name)).collect();
            let message = format!("{cluster}: topics that do not exist cannot be created with a token: {}", names.join(", "));
            return Err(Fault::new(FaultKind::Refused, message).advise("create them before it starts (kafka-topics)"));
        }
        let admin: AdminClient<Heard> = (self.options.of_questions().create_with_context(self.heard.clone()))
            .map_err(|error| self.heard.fault(format!("{cluster}: a client to create topics cannot be made"), error))?;
        let replicas = match self.options.replication {
            0 => -1,
            replicas => replicas.cast_signed(),
        };
        let mut topics = Vec::with_capacity(missing.len());
        for spec in missing {
            topics.push(NewTopic::new(spec.name.as_str(), spec.partitions.cast_signed(), TopicReplication::Fixed(replicas)));
        }
        let patience = AdminOptions::new().request_timeout(Some(CREATION)).operation_timeout(Some(CREATION));
        let answers = admin.create_topics(&topics, &patience).await;
        aside::end(admin);
        let answers = answers.map_err(|error| self.heard.fault(format!("{cluster}: creating topics"), error))?;
        let refused: Vec<_> =
            answers.into_iter().filter_map(Result::err).filter(|(_, code)| *code != Code::TopicAlreadyExists).collect();
        let Some((_, code)) = refused.first() else { return Ok(()) };
        let names: Vec<_> = refused.iter().map(|(name, code)| format!("\"{name}\" ({code})")).collect();
        Err(fault::of_code(format!("{cluster}: topics that do not exist cannot be created: {}", names.join(", ")), *code))
    }

    /// Waits until a new topic can be read: its partitions get their leaders one after the other.
    async fn appear(&self, topic: &TopicName) -> Result<(), Fault> {
        let partitions = loop {
            match self.questions.partitions(topic).await? {
                Some(partitions) => break partitions,
                None => tokio::time::sleep(ASK_AGAIN).await,
            }
        };
        for partition in 0..partitions {
            let partition = TopicPartition { topic: topic.clone(), partition };
            while let Err(fault) = self.questions.bounds(&partition).await {
                if fault.reaction() != Reaction::Retry {
                    return Err(fault);
                }
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Topics for Kafka {
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        if let Some(empty) = topics.iter().find(|spec| spec.partitions == 0) {
            return Err(no_partitions(&empty.name));
        }
        let mut missing = Vec::new();
        for spec in topics {
            if self.questions.partitions(&spec.name).await?.is_none() {
                missing.push(spec);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.create_missing(&missing).await?;
        let told = async {
            for spec in missing {
                self.appear(&spec.name).await?;
            }
            Ok(())
        };
        tokio::time::timeout(CREATION, told).await.unwrap_or_else(|_| {
            Err(Fault::new(FaultKind::Unavailable, format!("Kafka at {}: new topics do not appear", self.options.servers)))
        })
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let mut counts = BTreeMap::new();
        for topic in topics {
            if let Some(count) = self.questions.partitions(topic).await? {
                counts.insert(topic.clone(), count);
            }
        }
        Ok(counts)
    }

    // Kafka's ids of topics would tell more; librdkafka's safe interface for Rust does not have them.
    async fn incarnation(&self, topic: &TopicName) -> Result<Option<Arc<str>>, Fault> {
        let exists = self.questions.partitions(topic).await?.is_some();
        Ok(self.cluster.clone().filter(|_| exists))
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        self.questions.bounds(partition).await
    }

    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        // All at once: each takes several round trips.
        let mut asked = JoinSet::new();
        for (partition, offset) in from.iter().cloned() {
            let questions = self.questions.clone();
            asked.spawn(async move { questions.bounds(&partition).await?.admit(&partition, offset) });
        }
        while let Some(answer) = asked.join_next().await {
            answer.map_err(|error| Fault::caused(FaultKind::Bug, "asking for the ends of partitions", error))??;
        }
        let from = from.to_vec();
        let (options, questions) = (Arc::clone(&self.options), self.questions.clone());
        let (heard, clock) = (self.heard.clone(), Arc::clone(&self.clock));
        let reader = aside::run(move || KafkaReader::open(&options, &from, questions, heard, clock)).await?;
        Ok(Box::new(reader))
    }

    async fn join(&self, worker: &str, topics: &[TopicName]) -> Result<Option<Box<dyn Membership>>, Fault> {
        let Some(group) = &self.options.group else { return Ok(None) };
        let member = KafkaMember::join(&self.options, group, worker, topics, self.heard.clone())?;
        Ok(Some(Box::new(member)))
    }

    async fn committed(&self, partitions: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        match self.offsets()? {
            Some(offsets) => offsets.committed(partitions).await,
            None => Ok(BTreeMap::new()),
        }
    }

    async fn transactions(&self, name: &str) -> Result<Option<Box<dyn Transactions>>, Fault> {
        let Some((group, offsets)) = self.options.group.as_ref().zip(self.offsets()?) else { return Ok(None) };
        let id = format!("{}.{name}", group.id);
        let (options, questions) = (Arc::clone(&self.options), self.questions.clone());
        let (heard, clock) = (self.heard.clone(), Arc::clone(&self.clock));
        Ok(Some(Box::new(KafkaTransactions::new(options, &id, offsets, heard, questions, clock))))
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        self.writer.write(&records).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.questions.ping().await
    }

    fn lost_connections(&self) -> u64 {
        self.heard.lost_connections()
    }
}

#[cfg(test)]
mod tests;
