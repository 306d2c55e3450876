//! `syncline mirror` between brokers of different kinds, as processes: what arrives, what a kill costs, what it says.

mod arriving;
mod killed;
mod told;

use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use schemas::{Outgoing, Raw, SystemClock};
use serde_json::Value;
use syncline::config;
use syncline::topics::{TopicSpec, Topics};

use super::harness::{Bench, Database, Variables, held, topic};

/// Its name is another one on Fluvio.
const TOPIC: &str = "admin.customer.stocks.data";
/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shipped file with all its brokers, and a store of its own.
struct Brokers {
    bench: Bench,
    more: Vec<(&'static str, String)>,
}

impl Brokers {
    async fn new(more: &[(&'static str, String)]) -> Self {
        let bench = Bench::new(Database::Sqlite).await;
        // The mock cluster does not wake who waits for records; and keys and headers come on top of 1 MiB.
        bench.file(|shipped| {
            let kafka = "    options: {fetch.wait.max.ms: 10}\n    max_record: 2MiB\n    group: ";
            shipped.replace("    group: ", kafka).replace("  fluvio:\n", "  fluvio:\n    max_record: 2MiB\n")
        });
        Self { bench, more: more.to_vec() }
    }

    /// A broker, as another process would open it.
    async fn open(&self, name: &str) -> Arc<dyn Topics> {
        let mut variables = self.bench.variables();
        variables.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        variables.insert("BROKER".into(), name.into());
        let file = self.bench.dir.path().join("pipeline.yaml");
        let checked = config::load(&file, &Variables(variables), transforms::CATALOGUE);
        let plan = checked.unwrap_or_else(|errors| panic!("{errors}")).plan;
        plan.brokers[name].open(Arc::new(SystemClock)).await.unwrap()
    }

    async fn write(&self, broker: &str, partitions: u32, records: Vec<Outgoing>) {
        let broker = self.open(broker).await;
        broker.create(&[TopicSpec { name: topic(TOPIC), partitions }]).await.unwrap();
        for batch in records.chunks(1_000) {
            broker.write(batch.to_vec()).await.unwrap();
        }
    }

    async fn held(&self, broker: &str) -> Vec<Raw> {
        held(&*self.open(broker).await, TOPIC).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.args(arguments).current_dir(self.bench.dir.path()).envs(self.bench.variables()).stdin(Stdio::null());
        command.envs(self.more.iter().map(|(name, value)| (name, value))).env("LOG_LEVEL", "warn");
        command
    }

    /// How it ended, and what it said on stderr.
    fn ended(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.command(arguments).output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    /// Mirrors to the present ends: what it counted, and what it said on stderr.
    fn mirror(&self, from: &str, to: &str) -> (Value, String) {
        let arguments = ["mirror", from, to, "--topics", TOPIC, "--until-caught-up", "--format", "json"];
        let Output { status, stdout, stderr } = self.command(&arguments).output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(status.success(), "{status}: {said}");
        (serde_json::from_slice(&stdout).unwrap(), said)
    }

    /// Whether the store is made, and has this table.
    async fn has(&self, table: &str) -> bool {
        let query = format!("SELECT json_object('tables', count(*)) FROM sqlite_master WHERE name = '{table}'");
        self.bench.dir.path().join("profiles.db").exists() && self.bench.json(&query).await[0]["tables"] == 1
    }

    /// How far all partitions together are copied.
    async fn copied(&self) -> u64 {
        if !self.has("pipeline_positions").await {
            return 0;
        }
        let rows = self.bench.rows("pipeline_positions", &["offset"], "topic").await;
        rows.iter().filter_map(|row| row["offset"].as_u64()).sum()
    }
}

fn record(key: Option<&[u8]>, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing {
        topic: topic(TOPIC),
        partition: None,
        key: key.map(<[u8]>::to_vec),
        value: value.into().into(),
        headers: Vec::new(),
        timestamp: Some("2026-03-01T08:00:00.123Z".parse().unwrap()),
    }
}
