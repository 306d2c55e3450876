//! `kill -9` at random moments: what comes out equals what an undisturbed run makes of the same input.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use schemas::Outgoing;
use serde_json::Value;
use sinks::COLUMNS;
use syncline::generate::Generator;
use syncline::record_line;
use syncline::topics::{ReadLimits, TopicPartition};

use super::harness::{Bench, Database, root};

/// Columns that interruptions may change: how often the row was written, when, and what the alerts that came and went in between leave
/// behind (their ids and counts; those that hold in the end are compared by `open_alerts`). Every other column must be the same.
const MAY_DIFFER: [&str; 5] = ["version", "created_at", "updated_at", "alerts", "state"];

/// How long a process lives at most before it is killed, where it is not left alone until it has committed something.
const LIFE_MS: u64 = 900;
/// How long after that commit it is killed at most.
const AFTER_COMMIT_MS: u64 = 400;

struct Outcome {
    rows: Vec<Value>,
    open_alerts: Vec<Value>,
    dead_letters: Vec<Value>,
}

async fn outcome(bench: &Bench) -> Outcome {
    let alerts = bench.rows("profile_alerts", &["customer_id", "kind", "level", "data", "status"], "customer_id, kind").await;
    let letters = ["topic", "partition", "offset", "reason", "stage"];
    let columns: Vec<_> = COLUMNS.iter().map(|column| column.name).filter(|name| !MAY_DIFFER.contains(name)).collect();
    Outcome {
        rows: bench.rows("customer_detailed_profiles", &columns, "customer_id").await,
        open_alerts: alerts.into_iter().filter(|alert| alert["status"] == "open").collect(),
        dead_letters: bench.rows("dead_letters", &letters, "topic, \"partition\", \"offset\"").await,
    }
}

fn events(customers: u64) -> Vec<Outgoing> {
    let lines = Generator::new(11, customers, 2).map(|line| serde_json::to_vec(&line).unwrap());
    lines.map(|line| record_line::parse(1, &line).unwrap()).collect()
}

fn start(bench: &Bench) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.args(["run", "--until-caught-up", "--format", "json"]).current_dir(root()).envs(bench.variables());
    command.env("LANES", "2").env("LOG_LEVEL", "error").stdout(Stdio::null()).spawn().unwrap()
}

/// How far all partitions together are processed.
async fn positions(bench: &Bench) -> u64 {
    let rows = bench.rows("pipeline_positions", &["offset"], "segment").await;
    rows.iter().filter_map(|row| row["offset"].as_u64()).sum()
}

async fn killed(database: Database, customers: u64, kills: usize, seed: u64) {
    let events = events(customers);
    let calm = Bench::new(database).await;
    calm.run(&[("LANES", "2")], events.clone()).await;

    let bench = Bench::new(database).await;
    let pipeline = bench.pipeline(&[]).await;
    for batch in events.chunks(1_000) {
        pipeline.produce(batch.to_vec()).await.unwrap();
    }
    pipeline.sink().close().await;
    drop(pipeline);
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let (mut kills_made, mut at_work, mut read) = (0, 0, 0);
    while kills_made < kills {
        let mut child = start(&bench);
        // Every other one at any moment, also while it starts or waits for the lease of the one before; the others at work.
        if kills_made % 2 == 0 {
            while child.try_wait().unwrap().is_none() && positions(&bench).await == read {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..AFTER_COMMIT_MS))).await;
        } else {
            tokio::time::sleep(Duration::from_millis(rng.random_range(20..LIFE_MS))).await;
        }
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "a run that was left alone: {ended}, seed {seed}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills_made += 1;
        let before = std::mem::replace(&mut read, positions(&bench).await);
        at_work += usize::from(read > before);
    }
    eprintln!("{database:?}: {at_work} of {kills_made} kills hit a process that had committed something");
    assert!(at_work > 0, "no process was killed at work, seed {seed}");
    assert!(start(&bench).wait().unwrap().success(), "the last run, seed {seed}");

    let (expected, found) = (outcome(&calm).await, outcome(&bench).await);
    assert_eq!(found.rows.len(), expected.rows.len(), "profiles, seed {seed}");
    for (found, expected) in found.rows.iter().zip(&expected.rows) {
        assert_eq!(found, expected, "seed {seed}");
    }
    assert_eq!(found.open_alerts, expected.open_alerts, "open alerts, seed {seed}");
    assert_eq!(found.dead_letters, expected.dead_letters, "dead letters, seed {seed}");
    history_is_a_chain(&bench).await;
    events_have_one_content(&bench).await;
    assert!(bench.rows("outbox", &["seq"], "seq").await.is_empty(), "the outbox is empty once everything is published");
}

/// For each customer and field, what a change begins with is what the one before ended with; the last one is what the row says.
async fn history_is_a_chain(bench: &Bench) {
    let columns = ["customer_id", "field", "version", "before", "after"];
    let mut last: BTreeMap<(String, String), Value> = BTreeMap::new();
    for change in bench.rows("profile_history", &columns, "customer_id, field, version").await {
        let of = (change["customer_id"].to_string(), change["field"].to_string());
        if let Some(before) = last.get(&of) {
            assert_eq!(&change["before"], before, "{change}");
        } else {
            assert_eq!(change["before"], Value::Null, "{change}");
        }
        last.insert(of, change["after"].clone());
    }
    for row in bench.rows("customer_detailed_profiles", &["customer_id", "completeness"], "customer_id").await {
        let of = (row["customer_id"].to_string(), "\"completeness\"".to_owned());
        assert_eq!(last[&of], Value::String(row["completeness"].to_string()), "{row}");
    }
}

/// Every CloudEvent that the stored alerts mean is on a topic at least once, and an id has one content.
async fn events_have_one_content(bench: &Bench) {
    let pipeline = bench.pipeline(&[]).await;
    let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for topic in pipeline.plan().topics.values().filter(|topic| topic.name.as_str().starts_with("admin.alerts.")) {
        let broker = &pipeline.brokers()[&topic.broker];
        for partition in 0..topic.partitions {
            let of = TopicPartition { topic: topic.name.clone(), partition };
            let mut reader = broker.reader(&[(of, 0)]).await.unwrap();
            let limits = ReadLimits { records: 1_000, bytes: 16 << 20, wait: Duration::from_millis(20) };
            loop {
                let records = reader.read(&limits).await.unwrap();
                if records.is_empty() {
                    break;
                }
                for record in records {
                    let id = serde_json::from_slice::<Value>(&record.value).unwrap()["id"].as_str().unwrap().to_owned();
                    if let Some(before) = contents.insert(id.clone(), record.value.clone()) {
                        assert_eq!(before, record.value, "two contents of {id}");
                    }
                }
            }
        }
    }
    let mut wanted = BTreeSet::new();
    for alert in bench.rows("profile_alerts", &["id", "transition"], "id").await {
        let id = alert["id"].as_str().unwrap();
        wanted.extend((1..=alert["transition"].as_u64().unwrap()).map(|number| format!("{id}-{number}")));
    }
    let found: BTreeSet<_> = contents.into_keys().collect();
    assert_eq!(found, wanted, "events on the topics, and those that the alerts mean");
    pipeline.sink().close().await;
}

/// How hard to try: `SYNCLINE_TEST_KILLS=50 SYNCLINE_TEST_CUSTOMERS=20000` is the full size.
fn size() -> (u64, usize) {
    let number = |name: &str, default: usize| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    (number("SYNCLINE_TEST_CUSTOMERS", 1_500) as u64, number("SYNCLINE_TEST_KILLS", 6))
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_change_nothing_on_sqlite() {
    let (customers, kills) = size();
    killed(Database::Sqlite, customers, kills, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_change_nothing_on_postgres() {
    let (customers, kills) = size();
    killed(Database::Postgres, customers, kills, 4).await;
}
