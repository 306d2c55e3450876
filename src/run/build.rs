//! From a plan to a pipeline that can run: connects to what the plan names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemas::{Clock, Fault, FaultKind, Outgoing};
use sinks::{Settings, Sink};
use tokio::sync::watch;

use super::counters::Counters;
use super::health::Health;
use super::publisher::Publisher;
use super::retries::patiently;
use super::segment::Segment;
use super::share::Share;
use super::stop::Stop;
use super::unread::{refuse_unread, tell_of_undeclared};
use super::workflow::Desk;
use crate::config::{Plan, SinkPlan, TopicPlan};
use crate::metrics::Metrics;
use crate::topics::Topics;

/// How a pipeline is run, besides its plan.
pub struct Options {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who claims leases: unique for each process.
    pub owner: String,
    /// How long to wait for partitions that another process owns; `None`: as long as it takes.
    pub patience: Option<Duration>,
    /// Which of the partitions are this process's. `None`: those that the broker's group gives it, where there is one and the run is to go
    /// on; else all.
    pub share: Option<Share>,
    /// Where troubles are told.
    pub health: Arc<Health>,
    /// Where is told what happens.
    pub metrics: Arc<Metrics>,
}

/// A pipeline, connected.
pub struct Pipeline {
    plan: Arc<Plan>,
    brokers: BTreeMap<String, Arc<dyn Topics>>,
    sink: Arc<dyn Sink>,
    outbox: Arc<watch::Sender<()>>,
    options: Options,
}

/// Connects to every broker of a plan, waiting for those that do not answer yet.
///
/// # Errors
///
/// A fault of a broker that retrying cannot mend.
async fn connect_brokers(plan: &Plan, options: &Options) -> Result<BTreeMap<String, Arc<dyn Topics>>, Fault> {
    let mut brokers = BTreeMap::new();
    for (name, broker) in &plan.brokers {
        let opened = patiently(&options.health, name, || broker.open(Arc::clone(&options.clock))).await?;
        brokers.insert(name.clone(), opened);
    }
    Ok(brokers)
}

/// Opens the sink that keeps a plan's state, waiting for one that does not answer yet.
///
/// # Errors
///
/// A fault of the sink that retrying cannot mend; `Refused` where the plan has none.
async fn open_sink(plan: &Plan, options: &Options) -> Result<Arc<dyn Sink>, Fault> {
    let Some((name, sink)) = plan.sink() else {
        return Err(Fault::new(FaultKind::Refused, "the pipeline has no sink: positions and dead letters live in one"));
    };
    let settings = sink_settings(&plan.name, sink);
    patiently(&options.health, name, || sinks::open(&sink.url, &settings)).await
}

/// How a sink of a plan is opened.
#[must_use]
pub fn sink_settings(pipeline: &str, sink: &SinkPlan) -> Settings {
    let mut columns = sink.columns.clone();
    columns.entry("customer_id".to_owned()).or_insert_with(|| sink.key.clone());
    Settings { table: sink.table.clone(), columns, connections: sink.connections, ..Settings::new(pipeline) }
}

impl Pipeline {
    /// Connects to the brokers and the sink, waiting for those that do not answer yet, and creates the topics that are missing.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend; `Refused` for an internal topic of which the broker still holds unread records.
    pub async fn connect(plan: Plan, options: Options) -> Result<Self, Fault> {
        // Beside each other, so that everything that is away is named.
        let (brokers, sink) = tokio::try_join!(connect_brokers(&plan, &options), open_sink(&plan, &options))?;
        Self::with_sink(plan, brokers, sink, options).await
    }

    /// The same, with brokers that are connected already.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn with_brokers(plan: Plan, brokers: BTreeMap<String, Arc<dyn Topics>>, options: Options) -> Result<Self, Fault> {
        let sink = open_sink(&plan, &options).await?;
        Self::with_sink(plan, brokers, sink, options).await
    }

    /// The same, with a sink, too, that is open already: it stands in for the file's.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub async fn with_sink(
        plan: Plan,
        brokers: BTreeMap<String, Arc<dyn Topics>>,
        sink: Arc<dyn Sink>,
        options: Options,
    ) -> Result<Self, Fault> {
        refuse_unread(&plan, &brokers, sink.as_ref(), &options.health).await?;
        tell_of_undeclared(&plan, sink.as_ref(), &options.health).await?;
        for (name, broker) in &brokers {
            let declared = plan.topics.values().filter(|topic| topic.broker == *name && !topic.internal);
            let specs: Vec<_> = declared.map(TopicPlan::spec).collect();
            patiently(&options.health, name, || broker.create(&specs)).await?;
        }
        Ok(Self { plan: Arc::new(plan), brokers, sink, outbox: Arc::new(watch::Sender::new(())), options })
    }

    /// What it runs.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it did so far.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        self.options.metrics.counters()
    }

    /// The same, and more of it, for Prometheus.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.options.metrics
    }

    /// Whether it is fit to work.
    #[must_use]
    pub fn health(&self) -> &Arc<Health> {
        &self.options.health
    }

    /// Where its profiles rest.
    #[must_use]
    pub fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// Where syncs are asked for; `None` where no stage has a workflow that is switched on.
    #[must_use]
    pub fn desk(&self) -> Option<Desk> {
        Desk::of(&self.plan, &self.sink, &self.options.clock)
    }

    /// Where critical syncs that wait are decided over; `None` where no stage makes profiles.
    #[must_use]
    pub fn approvals(&self) -> Option<Desk> {
        Desk::of_changes(&self.plan, &self.sink, &self.options.clock)
    }

    /// Its brokers, by their names in the file.
    #[must_use]
    pub fn brokers(&self) -> &BTreeMap<String, Arc<dyn Topics>> {
        &self.brokers
    }

    /// Writes records to the topics of the pipeline, each on its broker.
    ///
    /// # Errors
    ///
    /// A fault of a broker that retrying cannot mend; `Refused` for a topic that the file does not declare.
    pub async fn produce(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        if let Some(record) = records.iter().find(|record| !self.plan.topics.contains_key(&record.topic)) {
            return Err(Fault::new(FaultKind::Refused, format!("the pipeline file declares no topic {}", record.topic)));
        }
        for (name, broker) in &self.brokers {
            let here = |record: &&Outgoing| self.plan.topics.get(&record.topic).is_some_and(|topic| topic.broker == *name);
            let records: Vec<_> = records.iter().filter(here).cloned().collect();
            if records.is_empty() {
                continue;
            }
            patiently(&self.options.health, name, || broker.write(records.clone())).await?;
        }
        Ok(())
    }

    /// How many records its input topics hold beyond its positions.
    ///
    /// # Errors
    ///
    /// A fault of a broker or of the sink.
    pub async fn backlog(&self) -> Result<u64, Fault> {
        let mut backlog = 0;
        for at in 0..self.plan.segments.len() {
            backlog += self.segment(at, &Stop::new()).backlog().await?;
        }
        Ok(backlog)
    }

    pub(super) fn segment(&self, at: usize, stop: &Stop) -> Segment {
        Segment {
            plan: Arc::clone(&self.plan),
            at,
            brokers: self.brokers.clone(),
            sink: Arc::clone(&self.sink),
            counters: Arc::clone(self.counters()),
            metrics: Arc::clone(&self.options.metrics),
            health: Arc::clone(&self.options.health),
            clock: Arc::clone(&self.options.clock),
            outbox: Arc::clone(&self.outbox),
            owner: self.options.owner.clone(),
            patience: self.options.patience,
            share: self.options.share,
            stop: stop.clone(),
        }
    }

    /// The publishers, one for each broker that is connected.
    pub(super) fn publishers(&self, stop: &Stop) -> Vec<Publisher> {
        let of = |(at, (name, broker)): (usize, (&String, &Arc<dyn Topics>))| self.publisher(name, broker, at == 0, stop);
        self.brokers.iter().enumerate().map(of).collect()
    }

    fn publisher(&self, name: &str, broker: &Arc<dyn Topics>, forgets: bool, stop: &Stop) -> Publisher {
        let topics = self.plan.topics.values().filter(|topic| topic.broker == name);
        Publisher {
            pipeline: self.plan.name.clone(),
            name: name.to_owned(),
            broker: Arc::clone(broker),
            topics: topics.map(|topic| topic.name.clone()).collect(),
            forgets,
            sink: Arc::clone(&self.sink),
            counters: Arc::clone(self.counters()),
            metrics: Arc::clone(&self.options.metrics),
            health: Arc::clone(&self.options.health),
            news: self.outbox.subscribe(),
            clock: Arc::clone(&self.options.clock),
            owner: self.options.owner.clone(),
            stop: stop.clone(),
        }
    }
}
