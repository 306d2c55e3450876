//! What it says, and how it ends.

use std::process::Output;

use rdkafka::mocking::MockCluster;
use serde_json::Value;
use syncline::topics::TopicPartition;

use super::super::harness::topic;
use super::{Brokers, TOPIC, record};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_before_anything_is_done() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    let brokers = Brokers::new(&[("KAFKA_BROKERS", cluster.bootstrap_servers())]).await;
    for (arguments, code, told) in [
        (["mirror", "kafak", "local", "--topics", TOPIC], 2, "no broker `kafak`"),
        (["mirror", "kafak", "local", "--topics", TOPIC], 2, "did you mean `kafka`?"),
        (["mirror", "local", "local", "--topics", TOPIC], 2, "`local` is not copied to itself"),
        (["mirror", "kafka", "local", "--topics", "orders.*"], 2, "`orders.*` matches no topic"),
        (["mirror", "kafka", "local", "--topics", "orders"], 4, "the broker `kafka` has no topic orders"),
    ] {
        let (ended, said) = brokers.ended(&arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    assert!(
        !brokers.bench.dir.path().join("topics.db").exists()
            || brokers.open("local").await.partitions(&[topic(TOPIC)]).await.unwrap().is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_is_left_and_makes_nothing() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    let brokers = Brokers::new(&[("KAFKA_BROKERS", cluster.bootstrap_servers())]).await;
    brokers.write("kafka", 2, (0..10).map(|number| record(None, number.to_string())).collect()).await;
    let left = || {
        let arguments = ["mirror", "kafka", "local", "--topics", TOPIC, "--dry-run", "--format", "json"];
        let Output { status, stdout, stderr } = brokers.command(&arguments).output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let told: Value = serde_json::from_slice(&stdout).unwrap();
        told["partitions"].as_array().unwrap().iter().map(|span| span["records"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(left(), 10);
    let made: Vec<_> =
        ["profiles.db", "topics.db"].into_iter().filter(|file| brokers.bench.dir.path().join(file).exists()).collect();
    assert!(made.is_empty(), "{made:?}");
    brokers.mirror("kafka", "local");
    brokers.write("kafka", 2, vec![record(None, "more")]).await;
    assert_eq!(left(), 1);
    let partition = |number| TopicPartition { topic: topic(TOPIC), partition: number };
    let local = brokers.open("local").await;
    assert_eq!(local.bounds(&partition(0)).await.unwrap().end + local.bounds(&partition(1)).await.unwrap().end, 10);
}
