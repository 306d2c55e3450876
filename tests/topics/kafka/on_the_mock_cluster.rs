//! On librdkafka's mock cluster, which needs nothing, and can lose its brokers.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use rdkafka::error::KafkaResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use schemas::{FaultKind, SystemClock};
use syncline::topics::kafka::{Group, Options, Others};
use syncline::topics::{Broker, Topics};

use super::{Cluster, open, options};
use crate::subject::{at, patient, read_all, reader, record, values};

/// librdkafka's mock cluster: it creates no topics when it is asked to, and keeps 5 MiB of a partition at most.
///
/// Its handle may not leave its thread, so it gets one, which ends with this.
struct Mock {
    servers: String,
    orders: mpsc::Sender<Order>,
}

type Handle = MockCluster<'static, DefaultProducerContext>;
type Order = Box<dyn FnOnce(&Handle) + Send>;

impl Mock {
    fn new() -> Self {
        let (told, servers) = mpsc::channel();
        let (orders, given) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            let cluster = MockCluster::new(1).unwrap();
            told.send(cluster.bootstrap_servers()).unwrap();
            given.iter().for_each(|order| order(&cluster));
        });
        Self { servers: servers.recv().unwrap(), orders }
    }

    /// Does something to the cluster, and returns when it is done.
    fn order(&self, order: impl FnOnce(&Handle) -> KafkaResult<()> + Send + 'static) {
        let (told, done) = mpsc::channel();
        self.orders.send(Box::new(move |cluster| told.send(order(cluster)).unwrap())).unwrap();
        done.recv().unwrap().unwrap();
    }

    fn create_topic(&self, topic: &str, partitions: u32) {
        let topic = topic.to_owned();
        self.order(move |cluster| cluster.create_topic(&topic, partitions.cast_signed(), 1));
    }
}

impl Cluster for Mock {
    fn options(&self) -> Options {
        // It does not wake who waits for records: a fetch waits out its time.
        let others = Others(BTreeMap::from([("fetch.wait.max.ms".into(), "10".into())]));
        Options { others, ..options(self.servers.clone()) }
    }

    fn prepare(&self, topic: &str, partitions: u32) {
        self.create_topic(topic, partitions);
    }
}

crate::contract::contract!(Mock::new(); without_large_records);

fn impatient(servers: String) -> Options {
    Options { others: Others(BTreeMap::from([("delivery.timeout.ms".into(), "1500".into())])), ..options(servers) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_without_a_broker_may_be_retried_and_succeeds_once_it_is_back() {
    let mock = Mock::new();
    mock.create_topic("t", 1);
    let topics = open(impatient(mock.servers.clone())).await;
    topics.write(vec![record("before")]).await.unwrap();
    mock.order(|cluster| cluster.broker_down(-1));
    let fault = topics.write(vec![record("during")]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    assert!(fault.to_string().contains("\"t\""), "{fault}");
    mock.order(|cluster| cluster.broker_up(-1));
    topics.write(vec![record("after")]).await.unwrap();
    // The client that wrote is impatient; a machine under load may be slow.
    let topics = open(options(mock.servers.clone())).await;
    assert_eq!(values(&read_all(&*topics, "t", 1).await), ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_a_broker_says_so() {
    let mock = Mock::new();
    mock.create_topic("t", 1);
    let topics = open(impatient(mock.servers.clone())).await;
    topics.write(vec![record("before")]).await.unwrap();
    let mut reader = reader(&*topics, "t", 1).await;
    assert_eq!(values(&reader.read(&patient()).await.unwrap()), ["before"]);
    mock.order(|cluster| cluster.broker_down(-1));
    let fault = reader.read(&patient()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cluster_at_the_address_is_unavailable_and_the_address_is_told() {
    let nowhere = "127.0.0.1:1";
    let Err(fault) = Broker::Kafka(Box::new(options(nowhere.into()))).open(Arc::new(SystemClock)).await else {
        panic!("nothing listens there")
    };
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    assert!(fault.to_string().contains(nowhere) && fault.to_string().contains("refused"), "{fault}");
    assert!(fault.advice().contains("KAFKA_BROKERS"), "{}", fault.advice());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_too_large_is_refused_before_anything_is_written() {
    let mock = Mock::new();
    mock.create_topic("t", 1);
    let topics = open(Options { max_record_bytes: 2000, ..options(mock.servers.clone()) }).await;
    let fault = topics.write(vec![record("small"), record(vec![b'x'; 2001])]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Oversized, "{fault}");
    assert!(fault.to_string().contains("2000") && fault.advice().contains("max_record"), "{fault}: {}", fault.advice());
    assert_eq!(topics.bounds(&at("t", 0)).await.unwrap().end, 0);
}

/// The mock cluster in a group, with a topic "t".
async fn in_a_group(mock: &Mock) -> Arc<dyn Topics> {
    mock.create_topic("t", 1);
    mock.create_topic("in", 1);
    let group = Some(Group { id: "group".into(), instance_id: None });
    open(Options { group, ..mock.options() }).await
}

fn fails(mock: &Mock, key: RDKafkaApiKey, error: RDKafkaRespErr) {
    mock.order(move |cluster| {
        cluster.request_errors(key, &[error]);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_transactions_that_is_not_allowed_is_refused_with_what_to_allow() {
    let mock = Mock::new();
    let topics = in_a_group(&mock).await;
    let transactions = topics.transactions("n").await.unwrap().unwrap();
    fails(&mock, RDKafkaApiKey::InitProducerId, RDKafkaRespErr::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    let fault = transactions.open().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.to_string().contains("\"group.n\"") && fault.advice().contains("kafka-acls"), "{fault}; {}", fault.advice());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_cluster_ends_in_a_transaction_can_be_done_again() {
    let mock = Mock::new();
    let topics = in_a_group(&mock).await;
    let transactions = topics.transactions("n").await.unwrap().unwrap();
    let positions = |offset| [(at("in", 0), offset)];
    // One that can be aborted, one after which the client is good for nothing, one whose end is not answered as it should be.
    let ends = [
        (RDKafkaApiKey::TxnOffsetCommit, RDKafkaRespErr::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION),
        (RDKafkaApiKey::AddPartitionsToTxn, RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
        (RDKafkaApiKey::EndTxn, RDKafkaRespErr::RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
    ];
    for (number, (key, error)) in (1..).zip(ends) {
        transactions.open().await.unwrap();
        fails(&mock, key, error);
        let ended = match transactions.prepare(&[record("again")], &positions(number)).await {
            Ok(()) => transactions.commit().await,
            prepared => prepared,
        };
        let fault = ended.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        transactions.abort().await;
        let before = topics.bounds(&at("t", 0)).await.unwrap().end;
        transactions.open().await.unwrap();
        transactions.prepare(&[record("again")], &positions(number)).await.unwrap();
        transactions.commit().await.unwrap();
        // The mock cluster takes positions, and keeps none; nor does it take records back.
        assert!(topics.bounds(&at("t", 0)).await.unwrap().end > before, "{key:?}");
    }
}
