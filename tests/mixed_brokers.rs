//! A pipeline whose topics are on two brokers: events come from one, and what the pipeline makes of them goes to another.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use rdkafka::mocking::MockCluster;
use schemas::{SystemClock, TopicName};
use serde_json::Value;
use syncline::config::{self, Plan};
use syncline::topics::Topics;

use super::fluvio_cluster::FluvioCluster;
use super::harness::{Bench, Database, Variables, held, record_lines, topic};
use super::kafka_server::KafkaServer;
use super::sample_profiles::{expected, matches, sample};

const ALERTS: [&str; 8] = [
    "admin.alerts.stock.low",
    "admin.alerts.risk.high",
    "admin.alerts.sync.failed",
    "admin.alerts.compliance.critical",
    "admin.alerts.profile.asset",
    "admin.alerts.profile.stock",
    "admin.alerts.profile.solvency",
    "admin.alerts.profile.incomplete",
];
const PROFILES: &str = "customer.profiles";
const DEAD_LETTERS: &str = "dlq.failed.messages";

/// The shipped file, but for the topics that it writes: those are on a broker of their own.
struct Mixed {
    bench: Bench,
    file: PathBuf,
    more: Vec<(&'static str, String)>,
}

impl Mixed {
    /// Events from Kafka at this address, all that is written to the broker `to`.
    async fn new(to: &str, servers: String, more: &[(&'static str, String)]) -> Self {
        let bench = Bench::new(Database::Sqlite).await;
        // The mock cluster does not wake who waits for records: a fetch waits out its time.
        let file = bench
            .file(|shipped| written_to(to, &shipped.replace("    group: ", "    options: {fetch.wait.max.ms: 10}\n    group: ")));
        let mut more = more.to_vec();
        more.extend([("BROKER", "kafka".to_owned()), ("KAFKA_BROKERS", servers)]);
        Self { bench, file, more }
    }

    fn plan(&self) -> Plan {
        let mut variables = self.bench.variables();
        variables.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let checked = config::load(&self.file, &Variables(variables), transforms::CATALOGUE);
        checked.unwrap_or_else(|errors| panic!("{errors}")).plan
    }

    /// One of its brokers, as another process would open it.
    async fn open(&self, name: &str) -> Arc<dyn Topics> {
        self.plan().brokers[name].open(Arc::new(SystemClock)).await.unwrap()
    }

    /// Writes the events of a sample to Kafka.
    async fn produce(&self, events: &str) -> u64 {
        let kafka = self.open("kafka").await;
        let declared = self.plan().topics.into_values().filter(|topic| topic.broker == "kafka" && !topic.internal);
        kafka.create(&declared.map(|topic| topic.spec()).collect::<Vec<_>>()).await.unwrap();
        let records = record_lines(&sample(events));
        for batch in records.chunks(500) {
            kafka.write(batch.to_vec()).await.unwrap();
        }
        records.len() as u64
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.args(arguments).current_dir(self.bench.dir.path()).envs(self.bench.variables());
        command.envs(self.more.iter().map(|(name, value)| (name, value))).env("HTTP_ADDR", "off").env("LOG_LEVEL", "warn");
        command.output().unwrap()
    }

    /// Runs it to the ends of its topics; what it counted.
    fn run(&self) -> Value {
        let ended = self.command(&["run", "--until-caught-up", "--format", "json"]);
        assert!(ended.status.success(), "{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
        serde_json::from_slice(&ended.stdout).unwrap()
    }

    /// All of a sample is processed, from Kafka alone; what came of it is on `to` alone.
    async fn holds(&self, to: &str, records: u64, profiles: &str) {
        let profiles = expected(&sample(profiles));
        matches(&self.bench, &profiles).await;
        let positions = self.bench.rows("pipeline_positions", &["broker", "offset"], "topic").await;
        assert!(positions.iter().all(|row| row["broker"] == "kafka"), "{positions:?}");
        assert_eq!(positions.iter().filter_map(|row| row["offset"].as_u64()).sum::<u64>(), records);

        let (target, kafka) = (self.open(to).await, self.open("kafka").await);
        assert_eq!(keys(&*target, &[PROFILES]).await, profiles.into_keys().collect());
        let alerts = self.bench.rows("profile_alerts", &["customer_id"], "customer_id").await;
        let customers: BTreeSet<_> = alerts.iter().map(|row| row["customer_id"].as_str().unwrap().to_owned()).collect();
        assert!(!customers.is_empty());
        assert_eq!(keys(&*target, &ALERTS).await, customers);
        let letters = self.bench.rows("dead_letters", &["reason"], "reason").await;
        assert_eq!(held(&*target, DEAD_LETTERS).await.len(), letters.len());
        assert!(self.bench.rows("outbox", &["seq"], "seq").await.is_empty());

        let written: Vec<_> = ALERTS.into_iter().chain([PROFILES, DEAD_LETTERS]).map(topic).collect();
        assert_eq!(kafka.partitions(&written).await.unwrap().len(), 0, "nothing of it is made on Kafka");
        let read = self.plan().topics.into_values().filter(|topic| topic.broker == "kafka");
        let read: Vec<TopicName> = read.map(|topic| topic.name).collect();
        assert_eq!(target.partitions(&read).await.unwrap().len(), 0, "nothing of Kafka's is made on the other");
    }
}

/// The shipped file with the topics that the pipeline writes on this broker.
fn written_to(broker: &str, shipped: &str) -> String {
    let mut moved = 0;
    let lines = shipped.lines().map(|line| {
        let written = ["  admin.alerts.", "  customer.profiles:", "  dlq."].iter().any(|start| line.starts_with(start));
        moved += usize::from(written);
        match line.strip_suffix('}') {
            Some(rest) if written && rest.ends_with('{') => format!("{rest}broker: {broker}}}\n"),
            Some(rest) if written => format!("{rest}, broker: {broker}}}\n"),
            _ => format!("{line}\n"),
        }
    });
    let text = lines.collect();
    assert_eq!(moved, ALERTS.len() + 2);
    text
}

/// The keys of the records of topics.
async fn keys(topics: &dyn Topics, names: &[&str]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for name in names {
        let records = held(topics, name).await;
        keys.extend(records.into_iter().map(|record| String::from_utf8(record.key.unwrap()).unwrap()));
    }
    keys
}

/// Disorder and rubbish, so that there are dead letters, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_hard_sample_is_read_from_kafka_and_alerts_go_to_the_local_broker() {
    let cluster = MockCluster::new(1).unwrap();
    let mixed = Mixed::new("local", cluster.bootstrap_servers(), &[]).await;
    let plan = mixed.plan();
    // The mock cluster makes no topics when it is asked to.
    for topic in plan.topics.values().filter(|topic| topic.broker == "kafka" && !topic.internal) {
        cluster.create_topic(topic.name.as_str(), topic.partitions.cast_signed(), 1).unwrap();
    }
    let records = mixed.produce("hard-events.jsonl").await;
    let counts = mixed.run();
    assert_eq!(counts["records_read"], records, "{counts}");
    mixed.holds("local", records, "hard-expected.jsonl").await;
    assert_eq!(mixed.run()["records_read"], 0, "positions are where they were left");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_is_read_from_a_kafka_server_and_alerts_go_to_the_local_broker() {
    let Some(mut server) = KafkaServer::start() else { return };
    let mixed = Mixed::new("local", server.address(), &[]).await;
    let records = mixed.produce("events.jsonl").await;
    mixed.run();
    mixed.holds("local", records, "expected.jsonl").await;
    assert_eq!(mixed.run()["records_read"], 0, "positions are where they were left");

    let live = mixed.command(&["check", "--live", "--strict"]);
    assert!(live.status.success(), "{}", String::from_utf8_lossy(&live.stdout));
    server.stop();
    let live = mixed.command(&["check", "--live"]);
    let said = String::from_utf8_lossy(&live.stdout).into_owned();
    assert_eq!(live.status.code(), Some(3), "{said}");
    assert!(said.contains("kafka") && !said.contains("local topics"), "only what is away is named: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_is_read_from_a_kafka_server_and_alerts_go_to_fluvio() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    let Some(server) = KafkaServer::start() else { return };
    let mixed = Mixed::new("fluvio", server.address(), &[("FLUVIO_ENDPOINT", cluster.endpoint.clone())]).await;
    let records = mixed.produce("events.jsonl").await;
    mixed.run();
    mixed.holds("fluvio", records, "expected.jsonl").await;
    assert_eq!(mixed.run()["records_read"], 0, "positions are where they were left");
    cluster.clear().await;
}
