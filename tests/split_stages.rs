//! The two stages of the shipped file apart, in two processes each, with a topic of the broker between them: what comes out is the same.

use super::fluvio_cluster::FluvioCluster;
use super::groups::{Group, Worker};
use super::harness::record_lines;
use super::kafka_server::KafkaServer;
use super::sample_profiles::{expected, matches, sample};

fn split(text: String) -> String {
    let split = text.replace("{internal: true, key: customerId}", "{partitions: 3, key: customerId}");
    assert_ne!(split, text);
    split
}

/// A sample: its events, what they come to, and how many of them are refused, so that the second stage has none of these.
struct Sample {
    events: &'static str,
    expected: &'static str,
    refused: usize,
}

const EASY: Sample = Sample { events: "events.jsonl", expected: "expected.jsonl", refused: 0 };
const HARD: Sample = Sample { events: "hard-events.jsonl", expected: "hard-expected.jsonl", refused: 20 };

/// Four workers, two of each stage, which are there before the events; `arguments` are those of the first and of the second of a stage.
async fn matches_of(given: &Sample, group: &Group, arguments: [&[&str]; 2]) {
    let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = group.bench.pipeline(&more).await;
    let [first, second] = arguments;
    let worker = |stage: &str, arguments: &[&str]| group.run(&[&["--only", stage], arguments].concat());
    let workers = [worker("intake", first), worker("intake", second), worker("profile", first), worker("profile", second)];
    group.until_owned_by(workers.each_ref()).await;

    let events = record_lines(&sample(given.events));
    for chunk in events.chunks(200) {
        pipeline.produce(chunk.to_vec()).await.unwrap();
    }
    group.until_processed(2 * events.len() - given.refused).await;
    assert_eq!(group.bench.rows("dead_letters", &["reason"], "reason").await.len(), given.refused);
    workers.into_iter().for_each(Worker::stop);
    matches(&group.bench, &expected(&sample(given.expected))).await;
    pipeline.sink().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_of_each_stage_share_the_partitions_of_the_local_broker() {
    let group = Group::local(split).await;
    matches_of(&EASY, &group, [&["--worker", "1/2"], &["--worker", "2/2"]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_of_each_stage_are_a_group_of_kafka() {
    for sample in [EASY, HARD] {
        let Some(server) = KafkaServer::start() else { return };
        let group = Group::with(&server, split).await;
        matches_of(&sample, &group, [&[], &[]]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_of_each_stage_share_the_partitions_of_fluvio() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    for sample in [EASY, HARD] {
        let group = Group::fluvio(&cluster, split).await;
        matches_of(&sample, &group, [&["--worker", "1/2"], &["--worker", "2/2"]]).await;
        cluster.clear().await;
    }
}
