//! A member of a consumer group, which reads nothing: it only knows which partitions are its own (`docs/adr/0014-groups.md`).
//!
//! librdkafka tells changes on the thread that polls, and takes partitions away when its callback returns. So the member has a thread of
//! its own, whose callback waits until the worker has let go what is to go. Records are read by readers of their own, from the positions
//! in the sink; what is assigned here is paused at its end.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::{RDKafkaErrorCode as Code, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};
use schemas::{Fault, FaultKind, Reaction, TopicName};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::fault::Heard;
use super::options::{Group, Options};
use crate::topics::TopicPartition;
use crate::topics::membership::Membership;

/// How long a worker may take to let partitions go; leases fence what comes after.
const LETTING_GO: Duration = Duration::from_secs(30);
/// How long to wait for the cluster to know that a member leaves.
const LEAVING: Duration = Duration::from_secs(2);
/// How long one look for news takes at most.
const LOOK: Duration = Duration::from_millis(100);

/// What a member knows.
#[derive(Debug, Default)]
struct Known {
    /// Whether the group has answered.
    joined: bool,
    /// The partitions that are ours.
    ours: BTreeSet<TopicPartition>,
    /// Those of them that the group waits for.
    leaving: BTreeSet<TopicPartition>,
    /// What keeps us from being a member.
    failed: Option<Refusal>,
    /// Whether the worker is done with the group.
    done: bool,
    /// Whether the group was left.
    left: bool,
}

/// Why the group does not take us: a [`Fault`] that can be told more than once.
#[derive(Debug, Clone)]
struct Refusal {
    kind: FaultKind,
    what: String,
    advice: String,
}

impl Refusal {
    fn of(fault: &Fault) -> Self {
        Self { kind: fault.kind(), what: fault.to_string(), advice: fault.advice().to_owned() }
    }
}

/// librdkafka's callbacks.
struct Rebalancing {
    heard: Heard,
    known: watch::Sender<Known>,
    runtime: Handle,
}

impl ClientContext for Rebalancing {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = Heard::ENABLE_REFRESH_OAUTH_TOKEN;

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.heard.generate_oauth_token(config)
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.heard.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.error(error, reason);
    }
}

impl ConsumerContext for Rebalancing {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, told: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let changed = match told {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assigned(consumer, partitions),
            // Also where something is wrong: then none is ours.
            _ => self.revoked(consumer, partitions),
        };
        if let Err(error) = changed {
            // A partition that the group takes for ours and that we do not have would be read by nobody until the next change.
            let fault = self.heard.fault("the group's partitions cannot be changed", error);
            self.known.send_modify(|known| known.failed = Some(Refusal::of(&fault)));
        }
    }
}

impl Rebalancing {
    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: &mut TopicPartitionList) -> Result<(), KafkaError> {
        // Nothing is read here: from the end on there is next to nothing to fetch before the pause.
        partitions.set_all_offsets(Offset::End)?;
        consumer.incremental_assign(partitions)?;
        // Whatever comes of the pause: the group takes them for ours from now on.
        self.known.send_modify(|known| {
            known.joined = true;
            known.ours.extend(listed(partitions));
        });
        consumer.pause(partitions)
    }

    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        let lost = consumer.assignment_lost();
        self.known.send_modify(|known| {
            if lost || known.done {
                // They are somebody else's by now, or nobody works on them any more.
                for of in listed(partitions) {
                    known.ours.remove(&of);
                }
            } else {
                known.leaving.extend(listed(partitions));
            }
        });
        if self.known.borrow().leaving.is_empty() {
            return consumer.incremental_unassign(partitions);
        }
        let mut watching = self.known.subscribe();
        let let_go = async { timeout(LETTING_GO, watching.wait_for(|known| known.leaving.is_empty())).await.is_ok() };
        let in_time = self.runtime.block_on(let_go);
        if !in_time {
            tracing::warn!("partitions were not let go in time; their leases fence what comes after");
            self.known.send_modify(Known::let_go);
        }
        consumer.incremental_unassign(partitions)
    }
}

impl Known {
    fn let_go(&mut self) {
        for of in std::mem::take(&mut self.leaving) {
            self.ours.remove(&of);
        }
    }
}

fn listed(partitions: &TopicPartitionList) -> Vec<TopicPartition> {
    let mut listed = Vec::with_capacity(partitions.count());
    for element in partitions.elements() {
        if let (Ok(topic), Ok(partition)) = (TopicName::try_from(element.topic()), u32::try_from(element.partition())) {
            listed.push(TopicPartition { topic, partition });
        }
    }
    listed
}

/// A member of a group.
pub(super) struct KafkaMember {
    /// `None` only while it is dropped.
    consumer: Option<Arc<BaseConsumer<Rebalancing>>>,
    known: watch::Sender<Known>,
    /// What the worker was told last.
    told: BTreeSet<TopicPartition>,
}

impl KafkaMember {
    /// Joins the group, for these topics. `worker` tells the members of one process apart.
    pub(super) fn join(
        options: &Options,
        group: &Group,
        worker: &str,
        topics: &[TopicName],
        heard: Heard,
    ) -> Result<Self, Fault> {
        let what = || format!("the group `{}` of Kafka at {} cannot be joined", group.id, options.servers);
        let known = watch::Sender::new(Known::default());
        let context = Rebalancing { heard: heard.clone(), known: known.clone(), runtime: Handle::current() };
        let made = options.of_member(group, worker).create_with_context(context);
        let consumer: BaseConsumer<Rebalancing> = made.map_err(|error| heard.fault(what(), error))?;
        let names: Vec<_> = topics.iter().map(TopicName::as_str).collect();
        consumer.subscribe(&names).map_err(|error| heard.fault(what(), error))?;
        let consumer = Arc::new(consumer);
        let (polled, telling, what) = (Arc::clone(&consumer), known.clone(), what());
        let thread = thread::Builder::new().name("kafka-group".into()).spawn(move || poll(polled, &telling, &heard, &what));
        thread.map_err(|error| Fault::caused(FaultKind::Unavailable, "a thread for the group cannot be started", error))?;
        Ok(Self { consumer: Some(consumer), known, told: BTreeSet::new() })
    }
}

/// Serves the group until the worker is done with it, then leaves it.
fn poll(consumer: Arc<BaseConsumer<Rebalancing>>, known: &watch::Sender<Known>, heard: &Heard, what: &str) {
    let mut waits = false;
    while !known.borrow().done {
        let Some(Err(error)) = consumer.poll(LOOK) else { continue };
        // A topic that was made a moment ago is not known to every broker yet.
        if matches!(error.rdkafka_error_code(), Some(Code::UnknownTopic | Code::UnknownTopicOrPartition)) {
            continue;
        }
        let fault = heard.fault(what, error);
        if fault.reaction() == Reaction::Retry {
            if waits || known.borrow().joined {
                tracing::debug!(%fault, "the group");
            } else {
                tracing::warn!(%fault, advice = fault.advice(), "waits for the group");
                waits = true;
            }
            continue;
        }
        known.send_modify(|known| known.failed = Some(Refusal::of(&fault)));
    }
    consumer.unsubscribe();
    // Dropping the last handle closes it: tells the cluster, and waits for that.
    drop(consumer);
    known.send_modify(|known| known.left = true);
}

#[async_trait]
impl Membership for KafkaMember {
    async fn assignment(&mut self) -> Result<Vec<TopicPartition>, Fault> {
        self.known.send_if_modified(|known| {
            let any = !known.leaving.is_empty();
            known.let_go();
            any
        });
        let mut watching = self.known.subscribe();
        // The sender lives in `self`.
        let known = watching.wait_for(|known| known.joined || known.failed.is_some()).await;
        let known = known.map_err(|error| Fault::caused(FaultKind::Bug, "a member of a group is gone", error))?;
        if let Some(Refusal { kind, what, advice }) = known.failed.clone() {
            return Err(Fault::new(kind, what).advise(advice));
        }
        // What is to go meanwhile is not begun with.
        self.told = known.ours.difference(&known.leaving).cloned().collect();
        Ok(self.told.iter().cloned().collect())
    }

    async fn change(&self) {
        let mut watching = self.known.subscribe();
        let told = &self.told;
        let changed = |known: &Known| known.failed.is_some() || !known.leaving.is_empty() || known.ours != *told;
        // The sender lives in `self`.
        drop(watching.wait_for(changed).await);
    }

    async fn tell(&self, positions: &[(TopicPartition, u64)]) {
        let mut offsets = TopicPartitionList::with_capacity(positions.len());
        for (of, position) in positions.iter().filter(|(of, _)| self.told.contains(of)) {
            let (topic, number) = (of.topic.as_str(), of.partition.cast_signed());
            if let Err(error) = offsets.add_partition_offset(topic, number, Offset::Offset(position.cast_signed())) {
                tracing::debug!(%error, "a position that Kafka cannot hold");
            }
        }
        let Some(consumer) = self.consumer.as_ref().filter(|_| offsets.count() > 0) else { return };
        // Sent in the background; the next one makes up for one that fails.
        if let Err(error) = consumer.commit(&offsets, CommitMode::Async) {
            tracing::debug!(%error, "positions not told to the group");
        }
    }

    async fn leave(self: Box<Self>) {
        let mut watching = self.known.subscribe();
        drop(self);
        if timeout(LEAVING, watching.wait_for(|known| known.left)).await.is_err() {
            tracing::debug!("the group does not know yet that this worker leaves; it finds out");
        }
    }
}

impl Drop for KafkaMember {
    fn drop(&mut self) {
        // First, so that the last handle is the thread's: closing blocks.
        drop(self.consumer.take());
        self.known.send_modify(|known| {
            known.let_go();
            known.done = true;
        });
    }
}

#[cfg(test)]
mod tests;
