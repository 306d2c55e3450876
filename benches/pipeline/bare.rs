//! The bare client: the batches of a run, written again by nothing but the sink.
//!
//! What the pipeline gives its sink is recorded once. Writing it again is the sink's own SQL on the same rows, in the same batches, by
//! as many tasks as there were lanes: no reading, no rules, no publishing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemas::store::{
    Assigned, Backfill, Batch, Claim, DeadLetterFilter, Lease, Loaded, OutboxEntry, Position, ProfileFilter, StoredChange,
    StoredDeadLetter, Walked, Written,
};
use schemas::{Fault, Reason, SystemClock, TopicName};
use sinks::Sink;
use syncline::config::Plan;
use syncline::run::{Health, Options, Pipeline, sink_settings};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};

use crate::Failure;

/// The batches that each lane wrote, in its order.
type Lanes = BTreeMap<Option<task::Id>, Vec<Batch>>;

/// A sink that remembers what it was given.
struct Recorder {
    sink: Arc<dyn Sink>,
    lanes: Mutex<Lanes>,
}

#[async_trait]
impl Sink for Recorder {
    async fn write(&self, batch: &Batch) -> Result<Written, Fault> {
        let written = self.sink.write(batch).await?;
        if written == Written::Durable && !batch.rows.is_empty() {
            // Leases are the run's own; nobody holds them when the batch is written again.
            let batch = Batch { leases: Vec::new(), ..batch.clone() };
            self.lanes.lock().unwrap_or_else(PoisonError::into_inner).entry(task::try_id()).or_default().push(batch);
        }
        Ok(written)
    }

    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault> {
        self.sink.positions(segment).await
    }

    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault> {
        self.sink.read(customers, event_ids).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        self.sink.due(now, limit, until).await
    }

    async fn walk(&self, filter: &ProfileFilter, after: Option<&str>, limit: u32) -> Result<Vec<Walked>, Fault> {
        self.sink.walk(filter, after, limit).await
    }

    async fn backfill(&self, name: &str) -> Result<Option<Backfill>, Fault> {
        self.sink.backfill(name).await
    }

    async fn save_backfill(&self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        self.sink.save_backfill(backfill, now).await
    }

    async fn critical_changes(&self, customer: &str, request: Option<&str>) -> Result<Vec<StoredChange>, Fault> {
        self.sink.critical_changes(customer, request).await
    }

    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault> {
        self.sink.claim(partitions, owner).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.sink.renew(leases).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.sink.release(leases).await
    }

    async fn outbox(&self, limit: u32, topics: Option<&[TopicName]>) -> Result<Vec<OutboxEntry>, Fault> {
        self.sink.outbox(limit, topics).await
    }

    async fn outbox_beside(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u64>, Fault> {
        self.sink.outbox_beside(topics).await
    }

    async fn outbox_end(&self) -> Result<i64, Fault> {
        self.sink.outbox_end().await
    }

    async fn published(&self, entries: &[OutboxEntry], leases: &[Lease]) -> Result<(), Fault> {
        self.sink.published(entries, leases).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault> {
        self.sink.dead_letters(filter).await
    }

    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault> {
        self.sink.dead_letter_counts(filter).await
    }

    async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        self.sink.forget_events(before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.sink.ping().await
    }

    async fn close(&self) {
        self.sink.close().await;
    }
}

/// The batches of a run.
pub(crate) struct ReadyMade {
    lanes: Vec<Vec<Batch>>,
    pipeline: String,
}

impl ReadyMade {
    /// Runs a pipeline to the ends of its topics, and keeps what it gives its sink.
    ///
    /// # Errors
    ///
    /// When the run fails.
    pub(crate) async fn record(plan: Plan) -> Result<Self, Failure> {
        let (_, sink) = plan.sink().ok_or("the pipeline has no sink")?;
        let (url, settings, pipeline) = (sink.url.clone(), sink_settings(&plan.name, sink), plan.name.clone());
        sinks::migrate_run(&url, &settings).await?;
        let recorder = Arc::new(Recorder { sink: sinks::open(&url, &settings).await?, lanes: Mutex::default() });
        let options = Options {
            clock: Arc::new(SystemClock),
            owner: "bench".into(),
            patience: None,
            share: None,
            health: Arc::new(Health::default()),
            metrics: Arc::default(),
        };
        let mut brokers = BTreeMap::new();
        for (name, broker) in &plan.brokers {
            brokers.insert(name.clone(), broker.open(Arc::clone(&options.clock)).await?);
        }
        let sink: Arc<dyn Sink> = Arc::clone(&recorder) as Arc<dyn Sink>;
        let running = Pipeline::with_sink(plan, brokers, sink, options).await?;
        let (_stop, stopped) = watch::channel(false);
        running.run_until_caught_up(stopped).await?;
        recorder.close().await;
        let lanes = std::mem::take(&mut *recorder.lanes.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { lanes: lanes.into_values().collect(), pipeline })
    }

    /// How many rows there are; a customer's is counted each time it was written.
    pub(crate) fn rows(&self) -> usize {
        self.lanes.iter().flatten().map(|batch| batch.rows.len()).sum()
    }

    /// Writes all of it into an empty database. Answers rows a second.
    ///
    /// # Errors
    ///
    /// When the database refuses something.
    pub(crate) async fn write(&self, url: &str) -> Result<f64, Failure> {
        let settings = sinks::Settings::new(&self.pipeline);
        sinks::migrate_run(url, &settings).await?;
        let sink = sinks::open(url, &settings).await?;
        let lanes = self.lanes.clone();
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for lane in lanes {
            let sink = Arc::clone(&sink);
            tasks.spawn(async move {
                for batch in &lane {
                    if sink.write(batch).await? != Written::Durable {
                        return Err(Failure::from("rows are not as they should be: the database was not empty"));
                    }
                }
                Ok(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        let elapsed = begun.elapsed();
        sink.close().await;
        Ok(self.rows() as f64 / elapsed.as_secs_f64())
    }
}
