//! The shipped pipeline by a clock that the test moves.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::{Clock, ManualClock, Outgoing};
use serde_json::{Value, json};
use syncline::run::Pipeline;
use tokio::sync::watch;

use super::harness::{Bench, Database, held, topic};

/// A pipeline whose time the test moves on.
pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) clock: ManualClock,
    pub(crate) pipeline: Pipeline,
}

impl World {
    pub(crate) async fn new(database: Database, more: &[(&str, &str)]) -> Self {
        Self::on(Bench::new(database).await, more).await
    }

    /// With the pipeline file of a bench.
    pub(crate) async fn on(bench: Bench, more: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at("2026-03-01T08:00:00Z".parse().unwrap());
        let pipeline = bench.pipeline_at(more, clock.clone()).await;
        Self { bench, clock, pipeline }
    }

    /// Moves the time on, writes records of now, and lets the pipeline catch up.
    pub(crate) async fn after(&self, seconds: i64, records: &[(&str, Value)]) {
        self.clock.advance(TimeDelta::seconds(seconds));
        let now = self.clock.now();
        let records = records.iter().map(|(name, value)| Outgoing {
            topic: topic(name),
            partition: None,
            key: None,
            value: stamped(value, now).to_string().into_bytes().into(),
            headers: Vec::new(),
            timestamp: Some(now),
        });
        self.pipeline.produce(records.collect()).await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        self.pipeline.run_until_caught_up(stopped).await.unwrap();
    }

    /// What was published on a topic, in the order of its partitions.
    pub(crate) async fn published(&self, name: &str) -> Vec<Value> {
        let records = held(self.pipeline.brokers()["local"].as_ref(), name).await;
        records.iter().map(|raw| serde_json::from_slice(&raw.value).unwrap()).collect()
    }

    /// The columns of the one profile.
    pub(crate) async fn profile(&self, columns: &[&str]) -> Vec<Value> {
        let mut rows = self.bench.rows("customer_detailed_profiles", columns, "customer_id").await;
        assert_eq!(rows.len(), 1);
        let row = rows.remove(0);
        columns.iter().map(|column| row[column].clone()).collect()
    }
}

/// A member that is text.
pub(crate) fn text<'v>(row: &'v Value, member: &str) -> &'v str {
    row[member].as_str().unwrap()
}

/// With the event time, unless it has one.
fn stamped(value: &Value, now: DateTime<Utc>) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().entry("timestamp").or_insert_with(|| json!(now));
    value
}

const COMPLETE: &str = "admin.customer.complete.profile.v2_1";

/// A complete profile of a company.
pub(crate) fn complete(customer: &str) -> (&'static str, Value) {
    let completeness = json!({"percentage": 50, "missingFields": [], "completedSections": []});
    let value = json!({
        "customerId": customer, "customerType": "COMPANY", "name": "Kin Export", "email": "a@b.cd", "status": "active",
        "dataVersion": "2.1", "profileCompleteness": completeness,
    });
    (COMPLETE, value)
}

/// On both databases.
macro_rules! on_both {
    ($($case:ident),+) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                Box::pin(super::$case(crate::harness::Database::Sqlite)).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                Box::pin(super::$case(crate::harness::Database::Postgres)).await;
            })+
        }
    };
}
pub(crate) use on_both;
