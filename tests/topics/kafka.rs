//! The broker Kafka keeps the contract, on librdkafka's mock cluster and on a server of Apache Kafka.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::error::KafkaResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use schemas::{FaultKind, Outgoing, SystemClock};
use syncline::topics::kafka::{Compression, Options, Others, Security};
use syncline::topics::{Broker, ReadLimits, Topics};

use crate::subject::{Subject, at, create, name, patient, read_all, reader, record, to, values, with_topic};

fn options(servers: String) -> Options {
    Options {
        servers,
        client_id: "test".into(),
        compression: Compression::Lz4,
        replication: 0,
        max_record_bytes: 8 << 20,
        read_ahead_bytes: 16 << 20,
        security: Security::default(),
        others: Others::default(),
    }
}

async fn open(options: Options) -> Arc<dyn Topics> {
    Broker::Kafka(Box::new(options)).open(Arc::new(SystemClock)).await.unwrap()
}

/// Names that Kafka takes.
const NAMES: &[&str] = &["Topic.1", "-", "a_b-c.D"];

/// librdkafka's mock cluster: it creates no topics when it is asked to, and keeps 5 MiB of a partition at most.
///
/// Its handle may not leave its thread, so it gets one, which ends with this.
struct Mock {
    servers: String,
    orders: mpsc::Sender<Order>,
}

type Cluster = MockCluster<'static, DefaultProducerContext>;
type Order = Box<dyn FnOnce(&Cluster) + Send>;

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
    fn order(&self, order: impl FnOnce(&Cluster) -> KafkaResult<()> + Send + 'static) {
        let (told, done) = mpsc::channel();
        self.orders.send(Box::new(move |cluster| told.send(order(cluster)).unwrap())).unwrap();
        done.recv().unwrap().unwrap();
    }

    fn create_topic(&self, topic: &str, partitions: u32) {
        let topic = topic.to_owned();
        self.order(move |cluster| cluster.create_topic(&topic, partitions.cast_signed(), 1));
    }
}

#[async_trait]
impl Subject for Mock {
    async fn open(&self) -> Arc<dyn Topics> {
        // It does not wake who waits for records: a fetch waits out its time.
        let others = Others(BTreeMap::from([("fetch.wait.max.ms".into(), "10".into())]));
        open(Options { others, ..options(self.servers.clone()) }).await
    }

    async fn create(&self, topics: &dyn Topics, topic: &str, partitions: u32) {
        self.create_topic(topic, partitions);
        create(topics, topic, partitions).await;
    }

    fn names(&self) -> &'static [&'static str] {
        NAMES
    }

    fn keeps_old_times(&self) -> bool {
        false
    }

    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

mod on_the_mock_cluster {
    use super::*;

    crate::contract::contract! { Mock::new();
        records_of_a_partition_keep_their_order
        every_part_of_a_record_is_kept
        what_is_asked_for_limits_a_read
        partitions_are_served_fairly
        keys_choose_the_partition
        keyless_records_spread_over_the_partitions
        reading_begins_at_any_offset
        an_offset_outside_the_log_is_lost
        what_does_not_exist_is_refused
        a_refused_write_leaves_nothing
        creating_again_changes_nothing
        many_topics_with_every_name_that_it_takes
        a_read_without_records_waits_and_returns
        a_waiting_reader_gets_the_record_of_another_handle_at_once
        a_cancelled_read_loses_nothing
        writers_of_several_handles_lose_and_double_nothing
        one_writes_while_another_reads
        it_answers
    }

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
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains("2000") && fault.advice().contains("max_record"), "{fault}: {}", fault.advice());
        assert_eq!(topics.bounds(&at("t", 0)).await.unwrap().end, 0);
    }
}

mod on_a_server {
    use rdkafka::ClientConfig;
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    use rdkafka::{Offset, TopicPartitionList};

    use super::*;
    use crate::kafka_server::KafkaServer;
    use crate::subject::numbered;

    struct Server(KafkaServer);

    #[async_trait]
    impl Subject for Server {
        async fn open(&self) -> Arc<dyn Topics> {
            open(options(self.0.address())).await
        }

        fn names(&self) -> &'static [&'static str] {
            NAMES
        }

        fn keeps_old_times(&self) -> bool {
            false
        }

        async fn settle(&self) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    impl Server {
        fn config(&self) -> ClientConfig {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", self.0.address());
            config
        }

        fn admin(&self) -> AdminClient<DefaultClientContext> {
            self.config().create().unwrap()
        }

        /// Deletes every topic, and waits until none is left.
        async fn clear(&self) {
            let asking: BaseConsumer = self.config().create().unwrap();
            loop {
                let metadata = asking.fetch_metadata(None, Duration::from_secs(10)).unwrap();
                let names: Vec<_> = metadata.topics().iter().map(|topic| topic.name()).collect();
                if names.is_empty() {
                    return;
                }
                self.admin().delete_topics(&names, &AdminOptions::new()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }

        /// Removes the records of "t"[0] below an offset.
        async fn trim(&self, offset: i64) {
            let mut below = TopicPartitionList::new();
            below.add_partition_offset("t", 0, Offset::Offset(offset)).unwrap();
            self.admin().delete_records(&below, &AdminOptions::new()).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_server_keeps_the_contract_and_more() {
        let Some(server) = KafkaServer::start() else { return };
        let mut server = Server(server);
        crate::contract::contract!(in_turn & server);
        what_is_removed_while_it_is_read_is_lost(&server).await;
        server.clear().await;
        holes_of_transactions_are_passed_over(&server).await;
        server.clear().await;
        absent_keys_values_and_headers_are_told_apart_as_far_as_a_record_can(&server).await;
        server.clear().await;
        what_the_topic_takes_for_too_large_is_refused_with_its_size(&server).await;
        server.clear().await;
        topics_that_cannot_be_created_are_all_named(&server).await;
        server.clear().await;
        a_server_that_was_killed_is_found_again(&mut server).await;
    }

    async fn what_is_removed_while_it_is_read_is_lost(server: &Server) {
        let topics =
            open(Options { read_ahead_bytes: 64 << 10, compression: Compression::None, ..options(server.0.address()) }).await;
        create(&*topics, "t", 1).await;
        for _ in 0..30 {
            topics.write((0..10).map(|_| record(vec![b'x'; 10_000])).collect()).await.unwrap();
        }
        let mut reader = reader(&*topics, "t", 1).await;
        reader.read(&ReadLimits { records: 1, ..patient() }).await.unwrap();
        server.trim(290).await;
        let fault = loop {
            match reader.read(&ReadLimits { records: 10, ..patient() }).await {
                Ok(records) => assert!(records.last().unwrap().origin.offset < 290, "it was trimmed before it was fetched"),
                Err(fault) => break fault,
            }
        };
        assert_eq!(fault.kind(), FaultKind::Lost, "{fault}");
        assert!(fault.to_string().contains("290") && fault.to_string().contains("300"), "both bounds are named: {fault}");
        let Err(fault) = topics.reader(&[(at("t", 0), 5)]).await else { panic!("5 was removed") };
        assert_eq!(fault.kind(), FaultKind::Lost, "{fault}");
    }

    async fn holes_of_transactions_are_passed_over(server: &Server) {
        let topics = with_topic(server, 1).await;
        topics.write(vec![record("0")]).await.unwrap();
        let (patience, t) = (Duration::from_secs(20), || BaseRecord::<(), str>::to("t").partition(0));
        let producer: BaseProducer = server.config().set("transactional.id", "holes").create().unwrap();
        let in_turn = |value: &str, commit: bool| {
            producer.begin_transaction().unwrap();
            producer.send(t().payload(value)).map_err(|(error, _)| error).unwrap();
            producer.flush(patience).unwrap();
            if commit { producer.commit_transaction(patience) } else { producer.abort_transaction(patience) }.unwrap();
        };
        producer.init_transactions(patience).unwrap();
        in_turn("1", true);
        in_turn("never", false);
        topics.write(vec![record("5")]).await.unwrap();
        let mut reader = reader(&*topics, "t", 1).await;
        let mut read = Vec::new();
        while read.len() < 3 {
            read.extend(reader.read(&patient()).await.unwrap());
        }
        assert_eq!(values(&read), ["0", "1", "5"]);
        assert_eq!(read.iter().map(|raw| raw.origin.offset).collect::<Vec<_>>(), [0, 1, 5]);
        // A hole is a place to begin at.
        let mut reader = topics.reader(&[(at("t", 0), 3)]).await.unwrap();
        assert_eq!(values(&reader.read(&patient()).await.unwrap()), ["5"]);
    }

    async fn absent_keys_values_and_headers_are_told_apart_as_far_as_a_record_can(server: &Server) {
        let topics = with_topic(server, 1).await;
        let producer: BaseProducer = server.config().create().unwrap();
        producer.send(BaseRecord::<str, str>::to("t").partition(0).key("deleted")).map_err(|(error, _)| error).unwrap();
        producer.send(BaseRecord::<str, str>::to("t").partition(0).key("").payload("")).map_err(|(error, _)| error).unwrap();
        producer
            .send(BaseRecord::<str, str>::to("t").partition(0).payload("x").timestamp(1_000))
            .map_err(|(error, _)| error)
            .unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
        let read = read_all(&*topics, "t", 1).await;
        let parts: Vec<_> = read.iter().map(|raw| (raw.key.as_deref(), raw.value.as_slice())).collect();
        assert_eq!(parts, [(Some(&b"deleted"[..]), &b""[..]), (Some(b""), b""), (None, b"x")]);
        assert_eq!(read[2].timestamp.timestamp_millis(), 1_000);
    }

    async fn what_the_topic_takes_for_too_large_is_refused_with_its_size(server: &Server) {
        let small = NewTopic::new("t", 1, TopicReplication::Fixed(1)).set("max.message.bytes", "5000");
        server.admin().create_topics([&small], &AdminOptions::new()).await.unwrap();
        let topics = server.open().await;
        let noise = (0..9_000).map(|_| rand::random::<u8>()).collect::<Vec<_>>();
        let fault = topics.write(vec![record(noise)]).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains("\"t\": a record of 90") && fault.advice().contains("max.message.bytes"), "{fault}");
    }

    async fn topics_that_cannot_be_created_are_all_named(server: &Server) {
        let topics = open(Options { replication: 3, ..options(server.0.address()) }).await;
        let specs = ["a", "b"].map(|topic| syncline::topics::TopicSpec { name: name(topic), partitions: 1 });
        let fault = topics.create(&specs).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains("\"a\"") && fault.to_string().contains("\"b\""), "{fault}");
        assert!(fault.advice().contains("replication"), "{}", fault.advice());
    }

    async fn a_server_that_was_killed_is_found_again(server: &mut Server) {
        let topics = with_topic(server, 1).await;
        topics.write(numbered(0..100)).await.unwrap();
        let mut waiting = topics.reader(&[(at("t", 0), 100)]).await.unwrap();
        server.0.stop();
        let fault = waiting.read(&patient()).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        server.0.start_again();
        topics.write(vec![Outgoing { key: Some(b"k".into()), ..to("t", None, "100") }]).await.unwrap();
        assert_eq!(read_all(&*topics, "t", 1).await.len(), 101);
    }
}
