//! On a server of Apache Kafka, where Java and Maven are.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use schemas::{FaultKind, Outgoing, Raw};
use syncline::topics::ReadLimits;
use syncline::topics::kafka::{Compression, Options};

use super::{Cluster, open, options};
use crate::kafka_server::KafkaServer;
use crate::subject::{Subject, at, create, name, numbered, patient, read_all, reader, record, to, values, with_topic};

struct Server(KafkaServer);

impl Cluster for Server {
    fn options(&self) -> Options {
        options(self.0.address())
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

    /// Waits until every node is among the replicas in sync of every partition.
    async fn until_replicas_have_caught_up(&self, topic: &str) {
        let asking: BaseConsumer = self.config().create().unwrap();
        for _ in 0..600 {
            let known = asking.fetch_metadata(Some(topic), Duration::from_secs(10)).unwrap();
            if known.topics()[0].partitions().iter().all(|partition| partition.isr().len() == self.0.nodes()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the replicas of {topic} do not catch up within a minute");
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
    if server.0.nodes() > 2 {
        nodes_that_are_lost_one_after_the_other_lose_nothing(&mut server).await;
        server.clear().await;
    }
    a_server_that_was_killed_is_found_again(&mut server).await;
}

/// Whichever of them led a partition: another one has all that was acknowledged, and what is written meanwhile is there once.
async fn nodes_that_are_lost_one_after_the_other_lose_nothing(server: &mut Server) {
    let topics = with_topic(server, 3).await;
    let mut written = 0;
    for lost in 0..server.0.nodes() {
        server.0.stop_node(lost);
        for _ in 0..20 {
            let batch = (written..written + 50).map(|number| to("t", Some(number % 3), number.to_string())).collect::<Vec<_>>();
            let mut tries = 0;
            // A write is tried again as the engine does.
            while let Err(fault) = topics.write(batch.clone()).await {
                tries += 1;
                assert!(fault.kind() == FaultKind::Unavailable && tries < 10, "{fault}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            written += 50;
        }
        server.0.start_node(lost);
        // Before the next one takes the others' majority away.
        server.until_replicas_have_caught_up("t").await;
    }
    let read = read_all(&*topics, "t", 3).await;
    for partition in 0..3 {
        let of = |record: &&Raw| record.origin.partition == partition;
        let numbers: Vec<u32> =
            read.iter().filter(of).map(|record| String::from_utf8(record.value.to_vec()).unwrap().parse().unwrap()).collect();
        let expected: Vec<u32> = (0..written).filter(|number| number % 3 == partition).collect();
        assert_eq!(numbers, expected, "each once, in order");
    }
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
    // The server makes its log of transactions for the first of them, and says that it has none meanwhile.
    let begun = Instant::now();
    while let Err(error) = producer.init_transactions(patience) {
        assert!(begun.elapsed() < patience, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    in_turn("1", true);
    in_turn("never", false);
    // The mark of a transaction may be written after it was answered.
    while topics.bounds(&at("t", 0)).await.unwrap().end < 5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
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
    assert_eq!(reader.positions(), [(at("t", 0), 6)]);
    // Behind the last record stand the marks of transactions only: a reader that waits passes them, and so does a new one.
    in_turn("6", true);
    in_turn("never", false);
    assert_eq!(values(&reader.read(&patient()).await.unwrap()), ["6"]);
    // Two records and a mark, a mark in place of a record. The last one is written after its transaction was answered.
    let end = vec![(at("t", 0), 10)];
    while topics.bounds(&at("t", 0)).await.unwrap().end < 10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let a_while = ReadLimits { wait: Duration::from_millis(50), ..patient() };
    for mut reader in [reader, topics.reader(&[(at("t", 0), 7)]).await.unwrap()] {
        while reader.positions() != end {
            assert!(reader.read(&a_while).await.unwrap().is_empty());
        }
    }
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
    let parts: Vec<_> = read.iter().map(|raw| (raw.key.as_deref(), raw.value.given())).collect();
    assert_eq!(parts, [(Some(&b"deleted"[..]), None), (Some(b""), Some(&b""[..])), (None, Some(b"x"))]);
    assert_eq!(read[2].timestamp.timestamp_millis(), 1_000);
}

async fn what_the_topic_takes_for_too_large_is_refused_with_its_size(server: &Server) {
    let small = NewTopic::new("t", 1, TopicReplication::Fixed(1)).set("max.message.bytes", "5000");
    server.admin().create_topics([&small], &AdminOptions::new()).await.unwrap();
    let topics = server.open().await;
    // The server says that it made the topic before all of it knows.
    while topics.partitions(&[name("t")]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let noise = (0..9_000).map(|_| rand::random::<u8>()).collect::<Vec<_>>();
    let fault = topics.write(vec![record(noise)]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Oversized, "{fault}");
    assert!(fault.to_string().contains("\"t\": a record of 90") && fault.advice().contains("max.message.bytes"), "{fault}");
}

async fn topics_that_cannot_be_created_are_all_named(server: &Server) {
    let more_than_there_are = u32::try_from(server.0.nodes()).unwrap() + 1;
    let topics = open(Options { replication: more_than_there_are, ..options(server.0.address()) }).await;
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
