//! Topics that are deleted and made anew, under a store that remembers how far the old ones were read.

use schemas::Outgoing;
use serde_json::json;
use tokio::sync::watch;

use super::harness::{Bench, Database, topic};

fn stocks(customer: &str) -> Outgoing {
    let value = json!({"customerId": customer, "stocks": [], "timestamp": "2026-03-01T08:00:00Z", "dataVersion": "2.1"});
    Outgoing {
        topic: topic("admin.customer.stocks.data"),
        // All in one, so that there are as many records below the old position as there were.
        partition: Some(0),
        key: None,
        value: value.to_string().into_bytes(),
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
