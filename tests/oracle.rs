//! What is true of a run however it was disturbed: it ends as an undisturbed one of the same input.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{Outgoing, Raw};
use serde_json::Value;
use sinks::COLUMNS;
use syncline::generate::Generator;
use syncline::record_line;

use super::harness::{Bench, held};

/// Columns that interruptions may change: how often the row was written, when, when syncs are due, and what the alerts that came and went
/// in between leave behind (their ids and counts; those that hold in the end are compared by `open_alerts`). Every other column must be
/// the same.
const MAY_DIFFER: [&str; 9] = [
    "version",
    "created_at",
    "updated_at",
    "alerts",
    "state",
    "last_sync_at",
    "next_scheduled_sync",
    "sync_errors",
    "sync_metadata",
];

/// What a run has made that disturbances must not change.
pub(crate) struct Outcome {
    rows: Vec<Value>,
    open_alerts: Vec<Value>,
    dead_letters: Vec<Value>,
}

/// What the store holds now.
pub(crate) async fn outcome(bench: &Bench) -> Outcome {
    let alerts = bench.rows("profile_alerts", &["customer_id", "kind", "level", "data", "status"], "customer_id, kind").await;
    let letters = ["topic", "partition", "offset", "reason", "stage"];
    let columns: Vec<_> = COLUMNS.iter().map(|column| column.name).filter(|name| !MAY_DIFFER.contains(name)).collect();
    Outcome {
        rows: bench.rows("customer_detailed_profiles", &columns, "customer_id").await.into_iter().map(asked_for).collect(),
        open_alerts: alerts.into_iter().filter(|alert| alert["status"] == "open").collect(),
        dead_letters: bench.rows("dead_letters", &letters, "topic, \"partition\", \"offset\"").await,
    }
}

/// A sync that waits for its time in a short run is under way in a long one.
fn asked_for(mut row: Value) -> Value {
    if row["sync_status"] == "sync_scheduled" {
        row["sync_status"] = "pending_sync".into();
    }
    row
}

impl Outcome {
    /// Fails where the two differ, naming the run by `of`.
    pub(crate) fn equals(&self, expected: &Self, of: &str) {
        assert_eq!(self.rows.len(), expected.rows.len(), "profiles, {of}");
        for (found, expected) in self.rows.iter().zip(&expected.rows) {
            assert_eq!(found, expected, "{of}");
        }
        assert_eq!(self.open_alerts, expected.open_alerts, "open alerts, {of}");
        assert_eq!(self.dead_letters, expected.dead_letters, "dead letters, {of}");
    }
}

/// The events of so many customers, a few of them faulty.
pub(crate) fn events(customers: u64) -> Vec<Outgoing> {
    let lines = Generator::new(11, customers, 2).map(|line| serde_json::to_vec(&line).unwrap());
    lines.map(|line| record_line::parse(1, &line).unwrap()).collect()
}

/// How far all partitions together are processed.
pub(crate) async fn positions(bench: &Bench) -> u64 {
    let rows = bench.rows("pipeline_positions", &["offset"], "segment").await;
    rows.iter().filter_map(|row| row["offset"].as_u64()).sum()
}

/// For each customer and field, what a change begins with is what the one before ended with; the last one is what the row says.
pub(crate) async fn history_is_a_chain(bench: &Bench) {
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
pub(crate) async fn events_have_one_content(bench: &Bench) {
    let pipeline = bench.pipeline(&[]).await;
    let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for topic in pipeline.plan().topics.values().filter(|topic| topic.name.as_str().contains("admin.alerts.")) {
        for record in held(pipeline.brokers()[&topic.broker].as_ref(), topic.name.as_str()).await {
            let id = serde_json::from_slice::<Value>(&record.value).unwrap()["id"].as_str().unwrap().to_owned();
            if let Some(before) = contents.insert(id.clone(), record.value.to_vec()) {
                assert_eq!(before, *record.value, "two contents of {id}");
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

/// Every attempt of a sync that the history tells of was asked for on the topic, and nothing else; no customer has two open syncs.
pub(crate) async fn syncs_are_asked_for(bench: &Bench) {
    let pipeline = bench.pipeline(&[]).await;
    // Some tests give topics a prefix.
    let mut topics = pipeline.plan().topics.values();
    let topic = topics.find(|topic| topic.name.as_str().ends_with("customer.sync.request")).unwrap();
    let requests = held(pipeline.brokers()[&topic.broker].as_ref(), topic.name.as_str()).await;
    let id = |record: &Raw| serde_json::from_slice::<Value>(&record.value).unwrap()["id"].as_str().unwrap().to_owned();
    let found: BTreeSet<String> = requests.iter().map(id).collect();
    let history = bench.rows("sync_history", &["sync_id", "attempt", "what"], "customer_id, seq").await;
    let started = history.iter().filter(|line| line["what"] == "started");
    let wanted: BTreeSet<String> =
        started.map(|line| format!("{}-{}", line["sync_id"].as_str().unwrap(), line["attempt"])).collect();
    assert_eq!(found, wanted, "requests on the topic, and attempts in the history");
    let syncs = bench.rows("sync_requests", &["customer_id", "status"], "customer_id").await;
    let mut open = BTreeSet::new();
    for sync in syncs.iter().filter(|sync| sync["status"] == "pending" || sync["status"] == "failed") {
        assert!(open.insert(sync["customer_id"].to_string()), "two open syncs: {sync}");
    }
    pipeline.sink().close().await;
}
