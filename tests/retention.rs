//! What the pipeline remembers for a time only, on a clock of the test's own.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::{ManualClock, Outgoing};
use serde_json::json;
use tokio::sync::watch;

use super::harness::{Bench, Database, topic};

/// A critical sync, whose effects must happen once.
fn critical_sync(at: DateTime<Utc>, request: usize) -> Outgoing {
    let value = json!({
        "customerId": "c-1", "syncType": "full_profile", "priority": "high", "timestamp": at, "dataVersion": "2.1",
        "changes": [{"field": "name", "newValue": "Lumi\u{e8}re SA", "impact": "medium"}],
        "metadata": {"source": "customer-service", "requestId": format!("r-{request}")},
    });
    Outgoing {
        topic: topic("admin.customer.critical.sync.priority"),
        partition: None,
        key: Some(b"c-1".to_vec()),
        value: value.to_string().into_bytes().into(),
        headers: Vec::new(),
        timestamp: Some(at),
    }
}

/// How many seen events are left after a run with these records.
async fn run(bench: &Bench, clock: &ManualClock, records: Vec<Outgoing>) -> usize {
    let pipeline = bench.pipeline_at(&[], clock.clone()).await;
    pipeline.produce(records).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    pipeline.run_until_caught_up(stopped).await.unwrap();
    pipeline.sink().close().await;
    bench.rows("seen_events", &["event_id"], "event_id").await.len()
}

async fn forgets(database: Database) {
    let bench = Bench::new(database).await;
    let start: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
    let clock = ManualClock::at(start);
    // More than one step forgets.
    let many = (0..1_500).map(|number| critical_sync(start, number)).collect();
    assert_eq!(run(&bench, &clock, many).await, 1_500);
    clock.advance(TimeDelta::days(30));
    assert_eq!(run(&bench, &clock, vec![critical_sync(start + TimeDelta::days(30), 1_500)]).await, 1_501, "30 days are kept");
    clock.advance(TimeDelta::seconds(1));
    run(&bench, &clock, vec![]).await;
    assert_eq!(run(&bench, &clock, vec![]).await, 1, "what was seen a moment ago is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn seen_events_are_forgotten_after_thirty_days_on_sqlite() {
    forgets(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seen_events_are_forgotten_after_thirty_days_on_postgres() {
    forgets(Database::Postgres).await;
}
