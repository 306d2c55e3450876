//! Topics that are deleted and made anew, or are another cluster's, under a store that remembers how far the old ones were read.

use schemas::Outgoing;
use serde_json::json;
use tokio::sync::watch;

use super::harness::{Bench, Database, topic};
use super::kafka_server::KafkaServer;

fn stocks(customer: &str) -> Outgoing {
    let value = json!({"customerId": customer, "stocks": [], "timestamp": "2026-03-01T08:00:00Z", "dataVersion": "2.1"});
    Outgoing {
        topic: topic("admin.customer.stocks.data"),
        // All in one, so that there are as many records below the old position as there were.
        partition: Some(0),
        key: None,
        value: value.to_string().into_bytes().into(),
        headers: Vec::new(),
        timestamp: None,
    }
}

async fn read_from_the_beginning(database: Database) {
    let bench = Bench::new(database).await;
    let run = async |customers: &[&str]| {
        let pipeline = bench.pipeline(&[]).await;
        pipeline.produce(customers.iter().map(|customer| stocks(customer)).collect()).await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        pipeline.run_until_caught_up(stopped).await.unwrap();
        pipeline.sink().close().await;
    };
    run(&["a", "b"]).await;
    run(&["c"]).await;
    std::fs::remove_file(bench.dir.path().join("topics.db")).unwrap();
    run(&["d", "e", "f", "g"]).await;
    run(&["h"]).await;
    let rows = bench.rows("customer_detailed_profiles", &["customer_id", "version"], "customer_id").await;
    let expected: Vec<_> =
        "abcdefgh".chars().map(|customer| json!({"customer_id": customer.to_string(), "version": 1})).collect();
    assert_eq!(rows, expected, "each is read, and once");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_read_from_the_beginning_on_sqlite() {
    read_from_the_beginning(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_read_from_the_beginning_on_postgres() {
    read_from_the_beginning(Database::Postgres).await;
}

/// How many records a run to the ends of the topics has read, of a pipeline that is told where the cluster is, after these are written.
async fn read_on(bench: &Bench, server: &KafkaServer, customers: &[&str]) -> usize {
    let pipeline = bench.pipeline(&[("BROKER", "kafka"), ("KAFKA_BROKERS", &server.address())]).await;
    pipeline.produce(customers.iter().map(|customer| stocks(customer)).collect()).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    pipeline.run_until_caught_up(stopped).await.unwrap();
    pipeline.sink().close().await;
    pipeline.counters().counts().records_read as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn those_of_another_cluster_of_kafka_are_read_from_the_beginning() {
    let Some(server) = KafkaServer::start() else { return };
    let bench = Bench::new(Database::Postgres).await;
    assert_eq!(Box::pin(read_on(&bench, &server, &["a", "b"])).await, 2);
    // A position of a time when clusters were not told apart is taken over, once.
    bench.execute("UPDATE pipeline_positions SET incarnation = NULL").await;
    assert_eq!(Box::pin(read_on(&bench, &server, &["c"])).await, 1);
    let other = KafkaServer::start().expect("the first one was started");
    assert_eq!(Box::pin(read_on(&bench, &other, &["d", "e", "f", "g"])).await, 4);
    assert_eq!(Box::pin(read_on(&bench, &other, &["h"])).await, 1);
}
