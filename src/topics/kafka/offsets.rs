//! The positions that the cluster keeps under a group's name: those that transactions commit.
//!
//! Asked by a client that is in no group: it may ask and commit for any partition. Whose a partition is, leases say.

use std::collections::BTreeMap;

use rdkafka::consumer::{Consumer, ConsumerGroupMetadata};
use rdkafka::{Offset, TopicPartitionList};
use schemas::{Fault, FaultKind, TopicName};

use super::fault::Heard;
use super::options::{Group, Options};
use super::questions::{CALL, Questions};
use crate::topics::TopicPartition;

/// A client for a group's positions. Clones share it.
#[derive(Clone)]
pub(super) struct Offsets(Questions);

impl Offsets {
    /// Makes the client; nothing is connected to yet.
    pub(super) fn new(options: &Options, group: &Group, heard: &Heard) -> Result<Self, Fault> {
        Ok(Self(Questions::by(&options.of_offsets(group), options, heard)?))
    }

    /// The positions of these partitions; those without one are left out. Where a transaction is about to change one, that is waited for.
    pub(super) async fn committed(&self, partitions: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        let wanted = listed(partitions.iter().map(|of| (of, Offset::Invalid)));
        self.0
            .ask(move |this, client| {
                let what = "asking for the positions of the group";
                let answer = wanted
                    .clone()
                    .and_then(|wanted| client.committed_offsets(wanted, CALL))
                    .map_err(|error| this.fault(client, what, error))?;
                let mut committed = BTreeMap::new();
                for element in answer.elements() {
                    element.error().map_err(|error| this.fault(client, what, error))?;
                    let known = (TopicName::try_from(element.topic()), u32::try_from(element.partition()), element.offset());
                    if let (Ok(topic), Ok(partition), Offset::Offset(offset)) = known {
                        committed.insert(TopicPartition { topic, partition }, offset.max(0).cast_unsigned());
                    }
                }
                Ok(committed)
            })
            .await
    }

    /// What tells the cluster for which group a transaction commits positions.
    pub(super) async fn metadata(&self) -> Result<ConsumerGroupMetadata, Fault> {
        self.0
            .ask(|_, client| {
                client.group_metadata().ok_or_else(|| Fault::new(FaultKind::Bug, "a client for a group's positions has no group"))
            })
            .await
    }
}

/// Partitions in librdkafka's form.
///
/// # Errors
///
/// A position that Kafka cannot hold.
pub(super) fn listed<'p>(
    partitions: impl Iterator<Item = (&'p TopicPartition, Offset)>,
) -> Result<TopicPartitionList, rdkafka::error::KafkaError> {
    let mut list = TopicPartitionList::new();
    for (of, offset) in partitions {
        list.add_partition_offset(of.topic.as_str(), of.partition.cast_signed(), offset)?;
    }
    Ok(list)
}
