//! Members of a consumer group on a server of Apache Kafka, where Java and Maven are.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use schemas::FaultKind;
use syncline::topics::kafka::{Group, Options};
use syncline::topics::{Membership, TopicPartition, Topics};
use tokio::time::timeout;

use super::{open, options};
use crate::kafka_server::KafkaServer;
use crate::subject::{at, create, name};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a member is given to be told what it must not be told.
const MOMENT: Duration = Duration::from_millis(500);

fn in_group(server: &KafkaServer, group: &str, instance_id: Option<&str>) -> Options {
    let group = Group { id: group.into(), instance_id: instance_id.map(str::to_owned) };
    Options { group: Some(group), ..options(server.address()) }
}

async fn join(topics: &Arc<dyn Topics>) -> Box<dyn Membership> {
    topics.join("worker", &[name("t")]).await.unwrap().expect("there is a group")
}

/// Follows the changes until the member has so many partitions.
async fn until_it_has(member: &mut dyn Membership, count: usize) -> BTreeSet<TopicPartition> {
    let following = async {
        loop {
            let given = member.assignment().await.unwrap();
            if given.len() == count {
                return given.into_iter().collect();
            }
            member.change().await;
        }
    };
    timeout(PATIENCE, following).await.expect("the group shares out in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_group() {
    let Some(server) = KafkaServer::start() else { return };
    let topics = open(options(server.address())).await;
    create(&*topics, "t", 4).await;
    assert!(topics.join("worker", &[name("t")]).await.unwrap().is_none(), "without a group there is nothing to join");
    tokio::join!(
        a_partition_is_given_away_once_it_was_let_go(&server),
        positions_are_told_to_the_tools(&server),
        who_takes_the_name_of_another_ends_it(&server),
        a_member_with_a_name_keeps_its_partitions_while_it_is_away(&server),
    );
}

async fn a_partition_is_given_away_once_it_was_let_go(server: &KafkaServer) {
    let (one, two) = (open(in_group(server, "sharing", None)).await, open(in_group(server, "sharing", None)).await);
    let mut first = join(&one).await;
    let all = until_it_has(&mut *first, 4).await;
    let mut second = join(&two).await;
    timeout(PATIENCE, first.change()).await.expect("it hears of the second one");
    // Nothing goes while the first one works.
    let early = timeout(MOMENT, until_it_has(&mut *second, 2)).await;
    assert!(early.is_err(), "given away while they were worked on: {early:?}");
    let (left, right) = tokio::join!(until_it_has(&mut *first, 2), until_it_has(&mut *second, 2));
    assert_eq!(left.union(&right).cloned().collect::<BTreeSet<_>>(), all);
    // Whoever leaves does not have to be missed first.
    second.leave().await;
    let again = timeout(Duration::from_secs(5), until_it_has(&mut *first, 4)).await.expect("it was told at once");
    assert_eq!(again, all);
    first.leave().await;
}

async fn positions_are_told_to_the_tools(server: &KafkaServer) {
    let topics = open(in_group(server, "telling", None)).await;
    let mut member = join(&topics).await;
    until_it_has(&mut *member, 4).await;
    let mut config = ClientConfig::new();
    let tool: BaseConsumer = config.set("bootstrap.servers", server.address()).set("group.id", "telling").create().unwrap();
    let told = || {
        let mut of = TopicPartitionList::new();
        of.add_partition("t", 2);
        let offsets = tool.committed_offsets(of, Duration::from_secs(10)).unwrap();
        offsets.find_partition("t", 2).unwrap().offset()
    };
    assert_eq!(told(), Offset::Invalid);
    let telling = async {
        while told() != Offset::Offset(7) {
            member.tell(&[(at("t", 2), 7), (at("another", 2), 9)]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, telling).await.expect("the group knows in time");
    member.leave().await;
}

async fn who_takes_the_name_of_another_ends_it(server: &KafkaServer) {
    let topics = open(in_group(server, "fencing", Some("same"))).await;
    let mut first = join(&topics).await;
    until_it_has(&mut *first, 4).await;
    let mut second = join(&topics).await;
    timeout(PATIENCE, first.change()).await.expect("it hears of it");
    let fault = first.assignment().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.advice().contains("instance_id"), "{}", fault.advice());
    until_it_has(&mut *second, 4).await;
    first.leave().await;
    second.leave().await;
}

async fn a_member_with_a_name_keeps_its_partitions_while_it_is_away(server: &KafkaServer) {
    let (one, two) = (open(in_group(server, "static", Some("1"))).await, open(in_group(server, "static", Some("2"))).await);
    let (mut first, mut second) = (join(&one).await, join(&two).await);
    let (before, _) = tokio::join!(until_it_has(&mut *first, 2), until_it_has(&mut *second, 2));
    first.leave().await;
    assert!(timeout(MOMENT, second.change()).await.is_err(), "a restart moves nothing");
    let mut again = join(&one).await;
    assert_eq!(until_it_has(&mut *again, 2).await, before);
    again.leave().await;
    second.leave().await;
}
