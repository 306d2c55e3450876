//! A mirror that is killed at work, and one beside a pipeline at work.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::mocking::MockCluster;
use schemas::Raw;

use super::super::fluvio_cluster::FluvioCluster;
use super::{Brokers, PATIENCE, TOPIC, record};

/// Killed five times at work; then it ends by itself.
async fn loses_nothing(brokers: &Brokers, to: &str) {
    const RECORDS: u32 = 30_000;
    let numbered = |number: u32| record(Some(format!("k{}", number % 50).as_bytes()), number.to_string());
    brokers.write("local", 4, (0..RECORDS).map(numbered).collect()).await;
    let mut kills = 0;
    while kills < 5 {
        let before = brokers.copied().await;
        if before == u64::from(RECORDS) {
            break;
        }
        let mut child = brokers.command(&["mirror", "local", to, "--topics", "admin.customer.stocks.*"]).spawn().unwrap();
        let begun = Instant::now();
        while brokers.copied().await <= before {
            assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "nothing is mirrored");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 2, "it was too quick to be killed twice");
    brokers.mirror("local", to);

    let (copies, originals) = (brokers.held(to).await, brokers.held("local").await);
    for partition in 0..4 {
        let of = |records: &[Raw]| -> Vec<Vec<u8>> {
            let here = records.iter().filter(|record| record.origin.partition == partition);
            here.map(|record| record.value.to_vec()).collect()
        };
        let mut seen = BTreeSet::new();
        let once: Vec<_> = of(&copies).into_iter().filter(|value| seen.insert(value.clone())).collect();
        assert!(once == of(&originals), "partition {partition}: all of it, in its order, and nothing else");
    }
    // What is under way is a batch; a kill can hit it between its acknowledgement and the store's.
    let again = copies.len() - originals.len();
    assert!(again <= kills * 2_000, "{again} records are there twice after {kills} kills");
    eprintln!("{to}: {kills} kills, {again} records of {RECORDS} are there twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_to_kafka_that_is_killed_loses_nothing() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 4, 1).unwrap();
    let brokers = Brokers::new(&[("KAFKA_BROKERS", cluster.bootstrap_servers())]).await;
    loses_nothing(&brokers, "kafka").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_to_fluvio_that_is_killed_loses_nothing() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    let brokers = Brokers::new(&[("FLUVIO_ENDPOINT", cluster.endpoint.clone())]).await;
    loses_nothing(&brokers, "fluvio").await;
    cluster.clear().await;
}

/// A pipeline that runs keeps its leases and its store, and a mirror beside it has its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_works_beside_the_pipeline_on_one_store() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    let brokers = Brokers::new(&[("KAFKA_BROKERS", cluster.bootstrap_servers())]).await;
    brokers.write("kafka", 1, vec![record(Some(b"k"), "{}")]).await;
    let mut running = brokers.command(&["run"]).env("BROKER", "local").env("HTTP_ADDR", "off").spawn().unwrap();
    let begun = Instant::now();
    while !brokers.has("leases").await || brokers.bench.rows("leases", &["owner"], "owner").await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the pipeline does not start");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    brokers.mirror("kafka", "local");
    // What is mirrored to the topics of the pipeline is processed: this is no event, and becomes a dead letter.
    while brokers.bench.rows("dead_letters", &["reason"], "reason").await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the pipeline does not read what was mirrored");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(running.try_wait().unwrap().is_none(), "it goes on");
    running.kill().unwrap();
    running.wait().unwrap();
}
