//! A segment that is `exactly_once`, on a server of Apache Kafka: whoever reads committed records sees each output once, whatever is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use schemas::Origin;
use serde_json::Value;

use super::groups::{Group, Worker};
use super::harness::record_lines;
use super::kafka_server::KafkaServer;
use super::sample_profiles::{expected, matches, sample};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The topic between the two stages, and how many partitions it has.
const BETWEEN: (&str, i32) = ("profile.events", 3);
/// How often a worker is killed, or stands still.
const BLOWS: usize = 6;
/// How long to wait for a transaction that is open.
const OPENING: Duration = Duration::from_millis(500);
/// How long it stands still: a lease lasts 2 s, and the group misses a worker after 3.
const STILL: Duration = Duration::from_secs(4);

/// The shipped file as two segments, the first of them with these keys, too.
fn split(text: &str, keys: &str) -> String {
    let from = "    from: [\"admin.customer.*\"]\n";
    let split = text
        .replace(
            "profile.events:             {internal: true, key: customerId}",
            "profile.events: {partitions: 3, key: customerId}",
        )
        .replace("{internal: true, key: customerId}", "{partitions: 3, key: customerId}")
        .replace(from, &format!("{from}{keys}"));
    assert!(!split.contains("internal: true,") && split.contains(keys), "{split}");
    split
}

async fn group(server: &KafkaServer, keys: &str) -> Group {
    Group::with(server, |text| split(&text, keys)).await
}

/// Small transactions, so that there are many.
const EXACTLY_ONCE: &str = "    exactly_once: true\n    batch: {records: 20, linger: 5ms}\n";
const AT_LEAST_ONCE: &str = "    batch: {records: 20, linger: 5ms}\n";

/// A record between the stages: which event it is, and which record it was made of.
type Passed = (String, Origin);

/// Where the topic between ends, for who reads committed records, and for who reads all.
struct Ends([BaseConsumer; 2]);

impl Ends {
    fn of(server: &KafkaServer) -> Self {
        let asking = |isolation: &str| {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", server.address()).set("isolation.level", isolation).create().unwrap()
        };
        Self(["read_committed", "read_uncommitted"].map(asking))
    }

    /// Waits until a transaction is open there, or until it is too late.
    async fn until_open(&self, deadline: Instant) {
        let (topic, partitions) = BETWEEN;
        let end = |asking: &BaseConsumer, partition| asking.fetch_watermarks(topic, partition, PATIENCE).map(|(_, end)| end);
        let open = |partition| {
            let [committed, all] = self.0.each_ref().map(|asking| end(asking, partition).unwrap());
            committed < all
        };
        while Instant::now() < deadline && !(0..partitions).any(open) {
            tokio::task::yield_now().await;
        }
    }
}

/// How often each is seen by who reads so, to the ends that the topic has now.
fn seen(server: &KafkaServer, isolation: &str) -> BTreeMap<Passed, usize> {
    let (topic, partitions) = BETWEEN;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", server.address()).set("group.id", "whoever reads").set("isolation.level", isolation);
    config.set("enable.partition.eof", "true").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        all.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let mut seen: BTreeMap<Passed, usize> = BTreeMap::new();
    let (mut ended, begun) = (BTreeSet::new(), Instant::now());
    while ended.len() < BETWEEN.1 as usize {
        assert!(begun.elapsed() < PATIENCE, "{topic} has no end");
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => {
                let event: Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
                let origin = serde_json::from_value(event["origin"].clone()).unwrap();
                *seen.entry((event["id"].as_str().unwrap().to_owned(), origin)).or_default() += 1;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(ended.insert(partition)),
            Some(Err(error)) => panic!("{error}"),
            None => {}
        }
    }
    seen
}

fn assert_once(seen: &BTreeMap<Passed, usize>, records: usize) {
    let repeated: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(repeated.is_empty(), "seen more than once: {repeated:?}");
    assert_eq!(seen.len(), records, "records that are seen");
}

fn ended(mut worker: Worker) -> ExitStatus {
    worker.0.wait().unwrap()
}

/// What the worker's segments have read and made durable so far, as their store knows it: a little less than is committed.
async fn progress(group: &Group) -> u64 {
    let rows = group.bench.rows("pipeline_positions", &["segment", "offset"], "segment").await;
    rows.iter().filter(|row| row["segment"] == "intake").filter_map(|row| row["offset"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_output_is_seen_once_whoever_is_killed_or_stands_still() {
    let Some(server) = KafkaServer::start() else { return };
    let group = group(&server, EXACTLY_ONCE).await;
    let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = Box::pin(group.bench.pipeline(&more)).await;
    let events = record_lines(&sample("events.jsonl"));
    let seed = rand::random();
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let ends = Ends::of(&server);
    let mut workers = vec![group.worker(), group.worker()];
    let mut parts = events.chunks(events.len().div_ceil(BLOWS));
    for blow in 0..BLOWS {
        let before = progress(&group).await;
        let part = parts.next().unwrap_or_default();
        let writing = async {
            for chunk in part.chunks(10) {
                pipeline.produce(chunk.to_vec()).await.unwrap();
            }
        };
        let hit = async {
            let begun = Instant::now();
            while progress(&group).await == before {
                assert!(begun.elapsed() < PATIENCE, "nothing is processed, seed {seed}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..60))).await;
            // Between two transactions a worker waits, and what hits it then proves little.
            ends.until_open(Instant::now() + OPENING).await;
            if blow % 3 == 2 {
                // It stands still in the midst of what it has in hand, longer than its lease lasts, and goes on as if nothing had happened.
                workers[0].signal("STOP");
                workers.push(group.worker());
                tokio::time::sleep(STILL).await;
                workers[0].signal("CONT");
            } else {
                // Killed as a lost machine would be; another one comes.
                drop(workers.remove(blow % 2));
                workers.push(group.worker());
            }
        };
        tokio::join!(writing, hit);
    }
    drop(workers);
    pipeline.sink().close().await;
    assert!(ended(group.run(&["--until-caught-up"])).success(), "seed {seed}");

    let aborted: usize = seen(&server, "read_uncommitted").values().sum();
    eprintln!("{} records were written and taken back, seed {seed}", aborted - events.len());
    assert!(aborted > events.len(), "nobody was killed within a transaction: this proves nothing, seed {seed}");
    assert_once(&seen(&server, "read_committed"), events.len());
    matches(&group.bench, &expected(&sample("expected.jsonl"))).await;
}

/// From at least once to exactly once, in two workers, and back: nothing is read again, and nothing is left out.
#[tokio::test(flavor = "multi_thread")]
async fn a_segment_changes_over_and_back_without_reading_anything_again() {
    let Some(server) = KafkaServer::start() else { return };
    let group = group(&server, AT_LEAST_ONCE).await;
    let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = Box::pin(group.bench.pipeline(&more)).await;
    let text = std::fs::read_to_string(&group.file).unwrap();
    let events = record_lines(&sample("hard-events.jsonl"));
    let mut parts = events.chunks(events.len().div_ceil(3));
    let mut next = async || pipeline.produce(parts.next().unwrap().to_vec()).await.unwrap();

    next().await;
    assert!(ended(group.run(&["--until-caught-up"])).success());

    next().await;
    std::fs::write(&group.file, text.replace(AT_LEAST_ONCE, EXACTLY_ONCE)).unwrap();
    let both = ["1/2", "2/2"].map(|share| group.run(&["--until-caught-up", "--worker", share]));
    assert!(both.map(ended).iter().all(ExitStatus::success));
    assert!(ended(group.run(&["--until-caught-up"])).success(), "what one of them passed to the other's share");

    next().await;
    std::fs::write(&group.file, text).unwrap();
    assert!(ended(group.run(&["--until-caught-up"])).success());

    let refused = group.bench.rows("dead_letters", &["reason"], "reason").await.len();
    assert_eq!(refused, 20);
    assert_once(&seen(&server, "read_committed"), events.len() - refused);
    matches(&group.bench, &expected(&sample("hard-expected.jsonl"))).await;
    pipeline.sink().close().await;
}
