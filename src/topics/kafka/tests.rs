#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use schemas::SystemClock;

use super::*;
use crate::topics::ReadLimits;

type Mock = MockCluster<'static, DefaultProducerContext>;

fn options(mock: &Mock) -> Options {
    Options {
        servers: mock.bootstrap_servers(),
        client_id: "test".into(),
        group: None,
        compression: Compression::None,
        replication: 0,
        max_record_bytes: 1 << 20,
        read_ahead_bytes: 16 << 20,
        security: Security::default(),
        // The mock cluster does not wake who waits for records.
        others: Others(BTreeMap::from([("fetch.wait.max.ms".into(), "10".into())])),
    }
}

fn record(topic: &TopicName) -> Outgoing {
    Outgoing {
        topic: topic.clone(),
        partition: Some(0),
        key: None,
        value: b"x".to_vec().into(),
        headers: Vec::new(),
        timestamp: None,
    }
}

/// A cluster with a topic of one partition that holds so many records.
async fn holding(topic: &TopicName, records: usize) -> (Mock, Kafka) {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic(topic.as_str(), 1, 1).unwrap();
    let kafka = Kafka::open(&options(&mock), Arc::new(SystemClock)).await.unwrap();
    kafka.write(vec![record(topic); records]).await.unwrap();
    (mock, kafka)
}

/// A leader that was elected a moment ago may not know yet that all of its log is committed: it tells of an end that lies before the one that
/// the leader before it has told. Here they are two clusters: one that is asked, and one that is read.
#[tokio::test]
async fn what_a_new_leader_does_not_tell_of_yet_is_not_passed_over() {
    let topic = TopicName::try_from("t").unwrap();
    let of = TopicPartition { topic: topic.clone(), partition: 0 };
    let (_before, asked) = holding(&topic, 10).await;
    let (_now, led) = holding(&topic, 4).await;
    let kafka = Kafka { questions: asked.questions.clone(), ..led };
    let mut reader = kafka.reader(&[(of.clone(), 0)]).await.unwrap();
    let a_while = ReadLimits { records: 100, bytes: usize::MAX, wait: Duration::from_millis(500) };
    let mut read = 0;
    loop {
        match reader.read(&a_while).await.unwrap().len() {
            0 if read == 4 => break,
            more => read += more,
        }
    }
    assert_eq!(reader.positions(), [(of.clone(), 4)], "what was told of the end before says nothing of what is read");
    // It has caught up with its log.
    kafka.write(vec![record(&topic); 6]).await.unwrap();
    while read < 10 {
        read += reader.read(&a_while).await.unwrap().len();
    }
    assert_eq!(reader.positions(), [(of, 10)]);
}

#[tokio::test]
async fn a_topic_of_another_cluster_is_another_one() {
    let topic = TopicName::try_from("t").unwrap();
    let (here, kafka) = holding(&topic, 0).await;
    let (_there, elsewhere) = holding(&topic, 0).await;
    let incarnation = kafka.incarnation(&topic).await.unwrap().expect("the cluster has an id");
    assert_ne!(elsewhere.incarnation(&topic).await.unwrap().expect("it has one, too"), incarnation);
    let again = Kafka::open(&options(&here), Arc::new(SystemClock)).await.unwrap();
    assert_eq!(again.incarnation(&topic).await.unwrap().as_ref(), Some(&incarnation));
    assert_eq!(again.incarnation(&TopicName::try_from("other").unwrap()).await.unwrap(), None);
}
