#![allow(clippy::unwrap_used, clippy::panic)]

use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::*;

const ASSIGNED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

/// A member of which the test is the group.
struct Rig {
    rebalancing: Rebalancing,
    consumer: BaseConsumer<Rebalancing>,
    member: KafkaMember,
    _cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Rig {
    fn new() -> Self {
        let cluster: MockCluster<'static, _> = MockCluster::new(1).unwrap();
        cluster.create_topic("t", 2, 1).unwrap();
        let known = watch::Sender::new(Known::default());
        let callbacks = || Rebalancing { heard: Heard::with_token_of(None), known: known.clone(), runtime: Handle::current() };
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers()).set("group.id", "group");
        let consumer = config.create_with_context(callbacks()).unwrap();
        let rebalancing = callbacks();
        Self { rebalancing, consumer, member: KafkaMember { consumer: None, known, told: BTreeSet::new() }, _cluster: cluster }
    }

    /// The group gives these partitions of "t" to the member.
    fn assign(&self, partitions: &[i32]) {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition("t", *partition);
        }
        self.rebalancing.rebalance(&self.consumer, ASSIGNED, &mut list);
    }
}

#[tokio::test]
async fn what_is_assigned_is_read() {
    let mut rig = Rig::new();
    rig.assign(&[0, 1]);
    assert_eq!(rig.member.assignment().await.unwrap().len(), 2);
}

/// Otherwise nobody would read it, and nobody would know.
#[tokio::test]
async fn a_partition_that_cannot_be_taken_ends_the_work() {
    let mut rig = Rig::new();
    rig.assign(&[0]);
    assert_eq!(rig.member.assignment().await.unwrap().len(), 1);
    // The library takes a partition once.
    rig.assign(&[0, 1]);
    rig.member.change().await;
    let fault = rig.member.assignment().await.unwrap_err();
    assert!(fault.to_string().contains("the group's partitions cannot be changed"), "{fault}");
}
