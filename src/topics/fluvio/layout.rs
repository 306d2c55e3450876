//! Where everything is in a cluster, as the SC told it.

use std::collections::{BTreeMap, HashMap};

use fluvio::metadata::objects::Metadata;
use fluvio::metadata::partition::PartitionSpec;
use fluvio::metadata::spu::SpuSpec;
use fluvio::metadata::topic::TopicSpec;
use schemas::{Fault, FaultKind, TopicName};

use super::names::on_fluvio;
use crate::topics::{TopicPartition, no_such_partition, no_such_topic};

/// Where everything is.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The topics by their names on Fluvio.
    topics: HashMap<String, Topic>,
    spus: HashMap<i32, Spu>,
}

/// A topic.
#[derive(Debug)]
struct Topic {
    partitions: u32,
    /// By their numbers, of those that the SC has placed.
    placed: BTreeMap<u32, Partition>,
}

/// A partition of a topic.
#[derive(Debug, Clone, Copy)]
struct Partition {
    /// The SPU that leads it.
    leader: i32,
    /// On how many SPUs it is.
    replicas: usize,
    /// The offset below which all is written at its leader, as that has told the SC.
    written: u64,
}

/// A streaming unit.
#[derive(Debug, Clone)]
pub(super) struct Spu {
    /// Its number in the cluster.
    pub(super) id: i32,
    /// As certificates call it.
    pub(super) name: String,
    /// `host:port`
    pub(super) address: String,
}

impl Layout {
    /// What the SC answered. The partition 3 of the topic `a-b` is called `a-b-3`.
    pub(super) fn new(
        topics: Vec<Metadata<TopicSpec>>,
        partitions: Vec<Metadata<PartitionSpec>>,
        spus: Vec<Metadata<SpuSpec>>,
    ) -> Self {
        let mut layout = Self::default();
        for topic in topics {
            layout.topics.insert(topic.name, Topic { partitions: topic.spec.partitions(), placed: BTreeMap::new() });
        }
        for partition in partitions {
            let Some((topic, number)) = partition.name.rsplit_once('-') else { continue };
            if let (Some(topic), Ok(number)) = (layout.topics.get_mut(topic), number.parse()) {
                let (leader, replicas) = (partition.spec.leader, partition.spec.replicas.len());
                let written = partition.status.leader.leo.max(0).cast_unsigned();
                topic.placed.insert(number, Partition { leader, replicas, written });
            }
        }
        for spu in spus {
            let address = spu.spec.public_endpoint.addr();
            layout.spus.insert(spu.spec.id, Spu { id: spu.spec.id, name: spu.name, address });
        }
        layout
    }

    /// How many partitions a topic has; `None` where it does not exist.
    pub(super) fn partitions(&self, topic: &TopicName) -> Option<u32> {
        Some(self.topics.get(&on_fluvio(topic)?)?.partitions)
    }

    /// Who leads a partition.
    pub(super) fn leader(&self, partition: &TopicPartition) -> Result<Spu, Fault> {
        let found = on_fluvio(&partition.topic).and_then(|name| self.topics.get(&name));
        let Some(topic) = found else { return Err(no_such_topic(&partition.topic)) };
        if partition.partition >= topic.partitions {
            return Err(no_such_partition(partition, topic.partitions as usize));
        }
        let leader = topic.placed.get(&partition.partition).and_then(|placed| self.spus.get(&placed.leader));
        leader.cloned().ok_or_else(|| Fault::new(FaultKind::Unavailable, format!("{partition} has no leader yet")))
    }

    /// Whether a partition has one replica only.
    pub(super) fn is_alone(&self, partition: &TopicPartition) -> bool {
        self.placed(partition).is_some_and(|placed| placed.replicas == 1)
    }

    /// The offset below which all is written at the leader of a partition, though it may not be committed; 0 where that is not known.
    pub(super) fn written(&self, partition: &TopicPartition) -> u64 {
        self.placed(partition).map_or(0, |placed| placed.written)
    }

    fn placed(&self, partition: &TopicPartition) -> Option<&Partition> {
        self.topics.get(&on_fluvio(&partition.topic)?)?.placed.get(&partition.partition)
    }
}
