//! Brokers and stores that fail when a test says so, and the shipped pipeline between them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod sink;
mod topics;
mod transactions;

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemas::store::Batch;
use schemas::{Fault, FaultKind, Outgoing, Raw, SystemClock, TopicName};
use serde_json::{Value, json};
use sinks::Sink;
use tempfile::TempDir;
use tokio::sync::watch;

pub(super) use sink::{FaultySink, OnPositions, OnWrite};
pub(super) use topics::{FaultyTopics, OnRead, OnSend};
pub(super) use transactions::OnCommit;

use super::{Counts, Health, Options, Pipeline, sink_settings};
use crate::config::{self, Environment, Plan};
use crate::topics::memory::Memory;
use crate::topics::{ReadLimits, TopicPartition, Topics};

/// The topic that [`stocks`] are written to.
const STOCKS: &str = "admin.customer.stocks.data";

/// The shipped pipeline over a SQLite store and a broker in memory, both of which fail on demand.
pub(super) struct Rig {
    pub(super) pipeline: Pipeline,
    pub(super) sink: Arc<FaultySink>,
    pub(super) topics: Arc<FaultyTopics>,
    pub(super) stop: watch::Sender<bool>,
    _dir: TempDir,
}

impl Rig {
    /// One lane, and leases that somebody else holds are waited for.
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with the plan changed.
    pub(super) async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        Self::of(|text| text, change, BTreeMap::new()).await
    }

    /// The same, with other brokers, too, on which the change puts topics.
    pub(super) async fn beside(others: BTreeMap<String, Arc<dyn Topics>>, change: impl FnOnce(&mut Plan)) -> Self {
        Self::of(|text| text, change, others).await
    }

    /// The same, as two segments with a topic between them.
    pub(super) async fn split() -> Self {
        Self::split_with(|_| {}).await
    }

    /// The same, of which the first is exactly once, in transactions of the broker in memory.
    pub(super) async fn exactly_once(change: impl FnOnce(&mut Plan)) -> Self {
        Self::split_with(|plan| {
            plan.segments[0].stages[0].exactly_once = true;
            change(plan);
        })
        .await
    }

    async fn split_with(change: impl FnOnce(&mut Plan)) -> Self {
        Self::of(|text| text.replace("{internal: true, key: customerId}", "{key: customerId}"), change, BTreeMap::new()).await
    }

    async fn of(
        edit: impl FnOnce(String) -> String,
        change: impl FnOnce(&mut Plan),
        mut brokers: BTreeMap<String, Arc<dyn Topics>>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/profiles.db", dir.path().display());
        let mut plan = plan(&url, edit);
        change(&mut plan);
        let (_, store) = plan.sink().unwrap();
        let settings = sink_settings(&plan.name, store);
        sinks::migrate_run(&url, &settings).await.unwrap();
        let sink = Arc::new(FaultySink::over(sinks::open(&url, &settings).await.unwrap()));
        let topics = Arc::new(FaultyTopics::over(Memory::new(Arc::new(SystemClock))));
        let options = Options {
            clock: Arc::new(SystemClock),
            owner: "test".into(),
            patience: None,
            share: None,
            health: Arc::new(Health::default()),
            metrics: Arc::default(),
        };
        brokers.insert("memory".to_owned(), Arc::clone(&topics) as Arc<dyn Topics>);
        let opened = Arc::clone(&sink) as Arc<dyn Sink>;
        let pipeline = Pipeline::with_sink(plan, brokers, opened, options).await.unwrap();
        Self { pipeline, sink, topics, stop: watch::channel(false).0, _dir: dir }
    }

    /// Writes records, and runs the pipeline until it has caught up.
    pub(super) async fn run(&self, records: Vec<Outgoing>) -> Result<Counts, Fault> {
        self.pipeline.produce(records).await?;
        let running = self.pipeline.run_until_caught_up(self.stop.subscribe());
        tokio::time::timeout(Duration::from_secs(60), running).await.expect("a run that catches up")?;
        Ok(self.pipeline.counters().counts())
    }

    /// How far the partitions of a topic are resolved, together: as many records as were written, when all are.
    pub(super) async fn resolved(&self, topic: &str) -> u64 {
        let positions = self.sink.positions("intake").await.unwrap();
        positions.iter().filter(|position| position.of.topic.as_str() == topic).map(|position| position.offset).sum()
    }

    /// What a topic holds, partition after partition.
    pub(super) async fn held(&self, topic: &str) -> Vec<Raw> {
        let topic = TopicName::try_from(topic).unwrap();
        let partitions = self.topics.partitions(std::slice::from_ref(&topic)).await.unwrap()[&topic];
        let from: Vec<_> = (0..partitions).map(|partition| (TopicPartition { topic: topic.clone(), partition }, 0)).collect();
        let mut reader = self.topics.reader(&from).await.unwrap();
        let limits = ReadLimits { records: 10_000, bytes: 64 << 20, wait: Duration::ZERO };
        let mut held = reader.read(&limits).await.unwrap();
        held.sort_by_key(|raw| (raw.origin.partition, raw.origin.offset));
        held
    }

    /// The same as JSON.
    pub(super) async fn values(&self, topic: &str) -> Vec<Value> {
        self.held(topic).await.iter().map(|raw| serde_json::from_slice(&raw.value).unwrap()).collect()
    }
}

/// What a customer declares of its stocks at a minute: so much of a good of which 10 is little. `mark` is some product's name.
pub(super) fn stocks(customer: &str, minute: u32, quantity: u32, mark: &str) -> Outgoing {
    let good = json!({
        "id": "s-1", "nomProduit": mark, "codeProduit": "P-1", "categorie": "vivres", "quantiteStock": quantity,
        "seuilMinimum": 10, "seuilMaximum": 100, "coutUnitaire": 1.5, "valeurTotaleStock": 60, "uniteMessure": "sac",
        "dateEntreeStock": "2026-01-05", "emplacementStock": "A", "etatStock": "disponible",
    });
    let value = json!({
        "customerId": customer, "dataVersion": "2.1", "dataType": "STOCK_DATA_V2_1",
        "timestamp": format!("2026-03-01T07:{minute:02}:00.000Z"), "stocks": [good],
        "summary": {"totalStockValue": 60, "totalItems": 1, "lowStockItems": 0, "lastUpdateDate": "2026-03-01"},
    });
    Outgoing {
        topic: TopicName::try_from(STOCKS).unwrap(),
        partition: None,
        key: Some(customer.into()),
        value: value.to_string().into_bytes().into(),
        headers: Vec::new(),
        timestamp: None,
    }
}

/// The batch that another worker, which knows nothing of us, would write for these records.
pub(super) async fn batch_of(records: Vec<Outgoing>) -> Batch {
    let other = Rig::new().await;
    other.run(records).await.unwrap();
    let mut written = other.sink.written();
    let batch = written.remove(0);
    Batch { positions: Vec::new(), leases: Vec::new(), ..batch }
}

/// The fault of something that does not answer.
fn away(what: &str) -> Fault {
    Fault::new(FaultKind::Unavailable, format!("{what}: the connection is lost, as the test wants"))
}

struct Variables(BTreeMap<&'static str, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        self.0.get(name).cloned().ok_or(VarError::NotPresent)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

pub(super) fn plan(url: &str, edit: impl FnOnce(String) -> String) -> Plan {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pipeline.yaml");
    let variables = [("BROKER", "memory"), ("DATABASE_URL", url), ("LANES", "1")];
    let variables = Variables(variables.map(|(name, value)| (name, value.to_owned())).into());
    let text = edit(std::fs::read_to_string(&path).unwrap());
    config::check(&text, &path, &variables, transforms::CATALOGUE).unwrap_or_else(|errors| panic!("{errors}")).plan
}
