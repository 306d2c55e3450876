//! Two brokers in one pipeline file: events come from Kafka and what is made of them goes to the local broker; then the events move there.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use schemas::{Outgoing, SystemClock};
use serde_json::Value;
use syncline::topics::{Broker, TopicPartition};

use super::harness::{Bench, Database, record_lines, root, topic};
use super::kafka_server::KafkaServer;
use super::sample_profiles::{expected, matches, sample};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shipped file in a folder of its own, with the topics that it reads on Kafka and the others on the local broker.
struct Mixed {
    bench: Bench,
    kafka: String,
}

impl Mixed {
    async fn of(server: &KafkaServer) -> Self {
        let bench = Bench::new(Database::Sqlite).await;
        let text = fs::read_to_string(root().join("pipeline.yaml")).unwrap();
        let on_kafka = text.replace("v2_1.json, partitions: 4}", "v2_1.json, partitions: 4, broker: \"${EVENTS:-kafka}\"}");
        assert_eq!(on_kafka.matches("${EVENTS").count(), 11);
        fs::write(bench.dir.path().join("pipeline.yaml"), on_kafka).unwrap();
        std::os::unix::fs::symlink(root().join("schemas"), bench.dir.path().join("schemas")).unwrap();
        Self { bench, kafka: server.address() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.args(arguments).current_dir(self.bench.dir.path()).envs(self.bench.variables());
        command.env("KAFKA_BROKERS", &self.kafka).env("LOG_LEVEL", "warn").stdin(Stdio::null());
        command
    }

    fn run(&self, command: &mut Command) -> String {
        let Output { status, stdout, stderr } = command.output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// How many records the local broker holds of a topic; 0 where it does not exist.
    async fn held_here(&self, name: &str) -> u64 {
        let dir = self.bench.dir.path().to_owned();
        let local = Broker::Local { dir }.open(std::sync::Arc::new(SystemClock)).await.unwrap();
        let partitions = local.partitions(&[topic(name)]).await.unwrap().get(&topic(name)).copied().unwrap_or_default();
        let mut held = 0;
        for partition in 0..partitions {
            held += local.bounds(&TopicPartition { topic: topic(name), partition }).await.unwrap().end;
        }
        held
    }
}

/// The sample's events as lines of a file, so that `produce` takes them where the file says.
fn produce(mixed: &Mixed, events: &[Outgoing]) {
    let file = sample("events.jsonl");
    let made: Value =
        serde_json::from_str(&mixed.run(&mut mixed.command(&["produce", "--format", "json", "--file", file.to_str().unwrap()])))
            .unwrap();
    assert_eq!(made["records"], events.len(), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_kafka_become_alerts_elsewhere_and_move_there_whole() {
    let Some(server) = KafkaServer::start() else { return };
    let events = record_lines(&sample("events.jsonl"));
    let mixed = Mixed::of(&server).await;
    produce(&mixed, &events);
    assert_eq!(mixed.held_here("admin.customer.stocks.data").await, 0, "it is on Kafka");
    mixed.run(&mut mixed.command(&["run", "--until-caught-up"]));
    matches(&mixed.bench, &expected(&sample("expected.jsonl"))).await;
    assert!(mixed.held_here("admin.alerts.stock.low").await > 0 && mixed.held_here("customer.profiles").await >= 300);

    // A mirror that is killed wherever it is, and another that ends by itself.
    let mirror = ["mirror", "kafka", "local", "--topics", "admin.customer.*", "--format", "json"];
    let mut killed = mixed.command(&mirror).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while mixed.held_here("admin.customer.stocks.data").await == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing is mirrored");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let caught_up: Vec<&str> = mirror.into_iter().chain(["--until-caught-up"]).collect();
    mixed.run(&mut mixed.command(&caught_up));
    let left: Value = serde_json::from_str(&mixed.run(mixed.command(&mirror).arg("--dry-run"))).unwrap();
    let left: u64 = left["partitions"].as_array().unwrap().iter().map(|span| span["records"].as_u64().unwrap()).sum();
    assert_eq!(left, 0);

    // The same pipeline over the copies: every event is a repeat. Over a new store it makes the same of them.
    let repeats: Value =
        serde_json::from_str(&mixed.run(mixed.command(&["run", "--until-caught-up", "--format", "json"]).env("EVENTS", "local")))
            .unwrap();
    assert!(repeats["records_read"].as_u64().unwrap() >= events.len() as u64, "{repeats}");
    assert_eq!((&repeats["profiles_created"], &repeats["alert_transitions"]), (&0.into(), &0.into()), "{repeats}");
    let fresh = Bench::new(Database::Sqlite).await;
    mixed.run(mixed.command(&["run", "--until-caught-up"]).env("EVENTS", "local").env("DATABASE_URL", &fresh.url));
    matches(&fresh, &expected(&sample("expected.jsonl"))).await;
}
