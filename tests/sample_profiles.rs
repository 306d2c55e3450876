//! The samples: every computed value matches, whatever the order, the repeats, the lanes and the database.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use schemas::Outgoing;
use serde_json::{Value, json};
use sinks::COLUMNS;

use super::fluvio_cluster::FluvioCluster;
use super::harness::{Bench, Database, record_lines, root};
use super::kafka_server::KafkaServer;

pub(crate) fn sample(name: &str) -> PathBuf {
    root().join("tests/samples").join(name)
}

fn sorted(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<_> = values.collect();
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}

/// What a row says, in the words of the expected files.
fn said(row: &Value, alerts: &BTreeMap<String, BTreeMap<String, Value>>) -> Value {
    let list = |column: &str| row[column].as_array().cloned().unwrap_or_default();
    let open = alerts.get(row["customer_id"].as_str().unwrap()).cloned().unwrap_or_default();
    json!({
        "customerId": row["customer_id"], "customerType": row["customer_type"], "completeness": row["completeness"],
        "complianceRating": row["compliance_rating"], "conformityScore": row["conformity_score"], "isConform": row["is_conform"],
        "issueSeverities": sorted(list("conformity_issues").into_iter().map(|issue| issue["severity"].clone())),
        "riskScore": row["risk_score"], "riskLevel": row["risk_level"], "riskFactors": sorted(list("risk_factors").into_iter()),
        "insights": sorted(row["insights"]["insights"].as_array().cloned().unwrap_or_default().into_iter()),
        "openAlerts": open, "adminStatus": row["admin_status"], "requiresAttention": row["requires_attention"],
        "attentionReasons": sorted(list("attention_reasons").into_iter()), "reviewPriority": row["review_priority"],
        "urgency": row["urgency"], "totalAssetsValue": row["total_assets_value"].as_f64(),
        "totalStockValue": row["total_stock_value"].as_f64(),
    })
}

pub(crate) fn expected(path: &PathBuf) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        for amount in ["totalAssetsValue", "totalStockValue"] {
            value[amount] = value[amount].as_f64().into();
        }
        (value["customerId"].as_str().unwrap().to_owned(), value)
    });
    lines.collect()
}

pub(crate) async fn matches(bench: &Bench, expected: &BTreeMap<String, Value>) {
    let mut alerts: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for alert in bench.rows("profile_alerts", &["customer_id", "kind", "level", "status"], "customer_id, kind").await {
        if alert["status"] == "open" {
            let of = alerts.entry(alert["customer_id"].as_str().unwrap().to_owned()).or_default();
            of.insert(alert["kind"].as_str().unwrap().to_owned(), alert["level"].clone());
        }
    }
    let columns = COLUMNS.map(|column| column.name);
    let rows = bench.rows("customer_detailed_profiles", &columns, "customer_id").await;
    assert_eq!(rows.len(), expected.len(), "profiles");
    for row in rows {
        let customer = row["customer_id"].as_str().unwrap();
        assert_eq!(said(&row, &alerts), expected[customer], "customer {customer}");
    }
}

fn shuffled(mut records: Vec<Outgoing>, seed: u64) -> Vec<Outgoing> {
    records.shuffle(&mut rand::rngs::StdRng::seed_from_u64(seed));
    records
}

async fn easy(database: Database, lanes: &str) {
    let bench = Bench::new(database).await;
    let counts = bench.run(&[("LANES", lanes)], record_lines(&sample("events.jsonl"))).await;
    assert!(counts.dead_letters.is_empty(), "{:?}", counts.dead_letters);
    matches(&bench, &expected(&sample("expected.jsonl"))).await;
}

async fn hard(database: Database, lanes: &str) {
    let events = record_lines(&sample("hard-events.jsonl"));
    let expected = expected(&sample("hard-expected.jsonl"));
    let bench = Bench::new(database).await;
    let counts = bench.run(&[("LANES", lanes)], shuffled(events.clone(), 7)).await;
    assert_eq!(counts.dead_letters.values().sum::<u64>(), 20, "{:?}", counts.dead_letters);
    matches(&bench, &expected).await;
    // Once more: every event is a repeat now.
    let again = bench.run(&[("LANES", lanes)], events).await;
    assert_eq!((again.profiles_created, again.alert_transitions), (0, 0), "a repeat creates nothing and tells nothing");
    matches(&bench, &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_on_sqlite() {
    easy(Database::Sqlite, "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_on_postgres_in_two_lanes() {
    easy(Database::Postgres, "2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hard_sample_shuffled_and_repeated_matches_on_sqlite_in_two_lanes() {
    hard(Database::Sqlite, "2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hard_sample_shuffled_and_repeated_matches_on_postgres_in_eight_lanes() {
    hard(Database::Postgres, "8").await;
}

/// The same file, but for the mark `internal`: two segments, and a topic between them.
#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_where_the_stages_pass_records_over_the_broker() {
    let mut bench = Bench::new(Database::Sqlite).await;
    bench.split = true;
    let counts = bench.run(&[], record_lines(&sample("events.jsonl"))).await;
    assert_eq!(counts.records_written, 1006, "each event was written to the topic between the stages");
    matches(&bench, &expected(&sample("expected.jsonl"))).await;
}

/// A worker of its own process, to the ends of its partitions; what it counted.
fn worker(bench: &Bench, share: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.args(["run", "--until-caught-up", "--format", "json", "--worker", share]).current_dir(root()).envs(bench.variables());
    command.env("LOG_LEVEL", "warn").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

fn counted(worker: Child) -> Value {
    let ended = worker.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", ended.status);
    serde_json::from_slice(&ended.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_where_three_workers_share_the_partitions() {
    let bench = Bench::new(Database::Postgres).await;
    let pipeline = bench.pipeline(&[]).await;
    let records = record_lines(&sample("events.jsonl"));
    let count = records.len() as u64;
    pipeline.produce(records).await.unwrap();
    pipeline.sink().close().await;
    let workers: Vec<_> = (1..=3).map(|number| worker(&bench, &format!("{number}/3"))).collect();
    let counts: Vec<Value> = workers.into_iter().map(counted).collect();
    let read: Vec<u64> = counts.iter().map(|counts| counts["records_read"].as_u64().unwrap()).collect();
    assert_eq!(read.iter().sum::<u64>(), count, "{read:?}");
    assert!(read.iter().all(|read| *read > 0), "{read:?}");
    assert!(bench.rows("outbox", &["seq"], "seq").await.is_empty(), "the last one has sent what was left");
    matches(&bench, &expected(&sample("expected.jsonl"))).await;
}

/// Ends every partition of a topic with an aborted transaction, of which its mark is left.
fn transactions(servers: &str, topic: &str) {
    let patience = Duration::from_secs(20);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", servers).set("transactional.id", "marks");
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(patience).unwrap();
    producer.begin_transaction().unwrap();
    for partition in 0..4 {
        let never = BaseRecord::<(), str>::to(topic).partition(partition).payload("never");
        producer.send(never).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(patience).unwrap();
    producer.abort_transaction(patience).unwrap();
}

/// The same file: two variables move its topics to a cluster, on which they are created.
#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_over_kafka() {
    let Some(mut server) = KafkaServer::start() else { return };
    let address = server.address();
    let variables = [("BROKER", "kafka"), ("KAFKA_BROKERS", address.as_str())];
    let bench = Bench::new(Database::Sqlite).await;
    let counts = bench.run(&variables, record_lines(&sample("events.jsonl"))).await;
    assert!(counts.dead_letters.is_empty(), "{:?}", counts.dead_letters);
    matches(&bench, &expected(&sample("expected.jsonl"))).await;
    // A topic that ends with the marks of transactions has an end, too, and the stored positions pass it.
    let topic = "admin.customer.stocks.data";
    transactions(&address, topic);
    let pipeline = bench.pipeline(&variables).await;
    // A mark is written after its transaction was answered.
    while pipeline.backlog().await.unwrap() < 8 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.run(&variables, Vec::new()).await.records_read, 0);
    assert_eq!(pipeline.backlog().await.unwrap(), 0);
    pipeline.sink().close().await;
    // A server that was lost holds all of it when it is back, and positions are where they were left: nothing is read again.
    server.stop();
    server.start_again();
    let again = bench.run(&variables, Vec::new()).await;
    assert_eq!(again.records_read, 0);
}

/// The same over Fluvio, into both databases. Its records have no headers: nothing is lost with them.
#[tokio::test(flavor = "multi_thread")]
async fn the_easy_sample_matches_over_fluvio() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    for (database, split) in [(Database::Sqlite, false), (Database::Postgres, false), (Database::Sqlite, true)] {
        let variables = [("BROKER", "fluvio"), ("FLUVIO_ENDPOINT", cluster.endpoint.as_str())];
        let mut bench = Bench::new(database).await;
        bench.split = split;
        let counts = bench.run(&variables, record_lines(&sample("events.jsonl"))).await;
        assert!(counts.dead_letters.is_empty(), "{:?}", counts.dead_letters);
        matches(&bench, &expected(&sample("expected.jsonl"))).await;
        let again = bench.run(&variables, Vec::new()).await;
        assert_eq!(again.records_read, 0, "positions are where they were left");
        cluster.clear().await;
    }
}
