//! A segment at work: claims its partitions, reads from its positions, drives the chain and the lanes, and ends in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Assigned, Batch, Lease, Position};
use schemas::{Clock, Fault, FaultKind, Outgoing, Reaction, TopicName};
use sinks::Sink;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::cache::Cache;
use super::counters::Counters;
use super::dispatch::dispatch;
use super::health::{Health, Part};
use super::inputs::Incarnations;
use super::keyed::Keyed;
use super::lag::Lag;
use super::lane::{ExactlyOnce, Lane};
use super::ownership::{self, Claimant};
use super::reading::{self, Reading};
use super::retries::Retries;
use super::share::Share;
use super::stop::Stop;
use super::tracker::Tracker;
use super::troubled::Troubled;
use crate::config::{Plan, SegmentPlan, StagePlan};
use crate::metrics::Metrics;
use crate::topics::{TopicPartition, Topics};

/// How many bytes of profiles the lanes of a segment keep, together.
const CACHE_BYTES: usize = 32 << 20;
/// How long to try to give leases back; they expire by themselves in 2 s.
const RELEASING: Duration = Duration::from_secs(1);

/// When a segment ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Never: when it is told to stop.
    Stopped,
    /// When it has read its topics to the ends that they have when it starts.
    CaughtUp,
}

/// A segment with all that it works with.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) plan: Arc<Plan>,
    pub(super) at: usize,
    pub(super) brokers: BTreeMap<String, Arc<dyn Topics>>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) counters: Arc<Counters>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    pub(super) clock: Arc<dyn Clock>,
    /// Told when the outbox has something new.
    pub(super) outbox: Arc<watch::Sender<()>>,
    /// Who claims leases.
    pub(super) owner: String,
    /// How long to wait for partitions that somebody else owns; `None`: as long as it takes.
    pub(super) patience: Option<Duration>,
    /// Which of the partitions are this worker's; `None`: those that a group gives it, or all.
    pub(super) share: Option<Share>,
    /// When the run is to end.
    pub(super) stop: Stop,
}

impl Segment {
    pub(super) fn segment(&self) -> &SegmentPlan {
        &self.plan.segments[self.at]
    }

    pub(super) fn stages(&self) -> &[StagePlan] {
        &self.segment().stages
    }

    pub(super) fn pipeline(&self) -> &str {
        &self.plan.name
    }

    /// The stage whose lanes write: the one with a store; without one, the last.
    pub(super) fn store_stage_index(&self) -> usize {
        let stages = self.stages();
        stages.iter().position(|stage| stage.store.is_some()).unwrap_or(stages.len() - 1)
    }

    pub(super) fn store_stage(&self) -> &StagePlan {
        &self.stages()[self.store_stage_index()]
    }

    pub(super) fn changelog(&self) -> Option<&TopicName> {
        self.store_stage().store.as_ref().and_then(|store| store.changelog.as_ref())
    }

    pub(super) fn keyed(&self) -> Keyed<'_> {
        Keyed::new(self.pipeline(), self.plan.rules_hash.as_str().into(), self.store_stage())
    }

    pub(super) fn broker_of(&self, topic: &TopicName) -> &str {
        self.plan.topics.get(topic).map_or("", |topic| topic.broker.as_str())
    }

    pub(super) fn assigned(&self, of: &TopicPartition) -> Assigned {
        Assigned {
            segment: self.segment().name.clone(),
            broker: self.broker_of(&of.topic).to_owned(),
            topic: of.topic.clone(),
            partition: of.partition,
        }
    }

    /// How far a partition is resolved, as it is stored.
    pub(super) fn position(&self, of: &TopicPartition, offset: u64, incarnations: &Incarnations) -> Position {
        Position { of: self.assigned(of), offset, incarnation: incarnations.get(&of.topic).cloned() }
    }

    pub(super) fn broker(&self, name: &str) -> Result<&Arc<dyn Topics>, Fault> {
        self.brokers.get(name).ok_or_else(|| Fault::new(FaultKind::Bug, format!("the broker `{name}` is not connected")))
    }

    /// How a part of this segment tries again.
    pub(super) fn retries<'r>(&'r self, part: &'r str) -> Retries<'r> {
        Retries { health: &self.health, part, stop: &self.stop, counters: Some(&self.counters) }
    }

    fn claimant(&self) -> Claimant<'_> {
        let (sink, work) = (self.sink.as_ref(), self.segment().name.as_str());
        let (health, retries) = (self.health.as_ref(), self.retries(work));
        Claimant { sink, work, owner: &self.owner, patience: self.patience, health, retries, stop: &self.stop }
    }

    /// Tries what the segment does as a whole until it works, or until a fault says that trying is no use.
    pub(super) async fn patiently<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        self.retries(&self.segment().name).until_it_works(attempt).await
    }

    /// Whether this fault only says that a run that was told to stop did not wait for what is away.
    pub(super) fn gave_up(&self, fault: &Fault) -> bool {
        self.stop.is_told() && matches!(fault.reaction(), Reaction::Retry | Reaction::Rejoin)
    }

    pub(super) fn committed(&self, batch: &Batch) {
        self.counters.count_commit(batch);
        if !batch.effects.is_empty() || !batch.dead_letters.is_empty() || (batch.changelog.is_some() && !batch.rows.is_empty()) {
            self.outbox.send_replace(());
        }
    }

    /// Writes records to their topics on behalf of a part, again until they are durable.
    pub(super) async fn write_out(&self, part: &Part, records: Vec<Outgoing>) -> Result<(), Fault> {
        let mut by_broker: BTreeMap<&str, Vec<Outgoing>> = BTreeMap::new();
        for record in records {
            by_broker.entry(self.broker_of(&record.topic)).or_default().push(record);
        }
        for (name, records) in by_broker {
            let broker = self.broker(name)?;
            self.retries(part.name()).until_it_works(|| broker.write(records.clone())).await?;
            self.counters.count_written_out(records.len());
            self.metrics.count_written(records.iter().map(|record| &record.topic));
        }
        Ok(())
    }

    /// Claims these partitions, works on them, and gives them back.
    pub(super) async fn run_on(self: &Arc<Self>, inputs: &[TopicPartition], until: Until) -> Result<(), Fault> {
        if inputs.is_empty() {
            return self.idle(until).await;
        }
        let assigned: Vec<_> = inputs.iter().map(|of| self.assigned(of)).collect();
        let Some(leases) = self.claimant().claim(&assigned).await? else { return Ok(()) };
        let leases = Arc::new(leases);
        let worked = tokio::select! {
            worked = self.work(inputs, &leases, until) => worked,
            fault = ownership::keep(self.sink.as_ref(), &leases) => Err(fault),
        };
        match timeout(RELEASING, self.sink.release(&leases)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::debug!(%fault, "leases not released; they expire"),
            Err(_) => tracing::debug!("leases not released in time; they expire"),
        }
        worked
    }

    /// A worker beyond the partitions that there are: it is there, and has nothing to do.
    async fn idle(&self, until: Until) -> Result<(), Fault> {
        tracing::info!(segment = self.segment().name, "no partition is this worker's now");
        self.health.begun(&self.segment().name);
        if until == Until::Stopped {
            self.stop.told().await;
        }
        Ok(())
    }

    async fn work(self: &Arc<Self>, inputs: &[TopicPartition], leases: &Arc<Vec<Lease>>, until: Until) -> Result<(), Fault> {
        // First: what a worker before this one left open is over when the positions are asked for.
        let mut exactly_once = ExactlyOnce::open(self, inputs).await?;
        let incarnations = Arc::new(self.incarnations(inputs).await?);
        let starts = self.starts(inputs, &incarnations).await?;
        self.health.begun(&self.segment().name);
        let tracker = Arc::new(Tracker::starting_at(&starts));
        let stage = self.store_stage();
        let mut tasks = JoinSet::new();
        let mut lanes = Vec::with_capacity(stage.lanes);
        for index in 0..stage.lanes {
            let (sender, items) = mpsc::channel(2 * stage.batch.records);
            let cache = Cache::new(CACHE_BYTES / stage.lanes);
            let (segment, tracker, leases) = (Arc::clone(self), Arc::clone(&tracker), Arc::clone(leases));
            let part = Part::new(&self.health, format!("lane {index} of {}", self.segment().name));
            let stored = starts.iter().cloned().collect();
            let incarnations = Arc::clone(&incarnations);
            // Where there is one, there is one lane.
            let exactly_once = exactly_once.take();
            tasks.spawn(Lane { index, part, segment, tracker, leases, items, cache, stored, incarnations, exactly_once }.run());
            lanes.push(sender);
        }
        let (read, batches) = mpsc::channel(2);
        tasks.spawn(dispatch(Arc::clone(self), Arc::clone(&tracker), batches, lanes));
        let memory = reading::memory();
        for (broker, from) in self.by_broker(&starts) {
            let ends = match until {
                Until::Stopped => None,
                Until::CaughtUp => Some(self.ends(&broker, &from).await?),
            };
            let part = Part::new(&self.health, format!("reading of {broker} for {}", self.segment().name));
            let reading = Reading {
                segment: Arc::clone(self),
                troubled: Troubled::none(&self.health, part.name()),
                part,
                broker,
                next: from.into_iter().collect(),
                ends,
                tracker: Arc::clone(&tracker),
                memory: Arc::clone(&memory),
            };
            tasks.spawn(reading.run(read.clone()));
        }
        drop(read);
        let lag = Lag::of(self, inputs);
        tokio::select! {
            ended = self.ended(tasks) => ended?,
            never = lag.watch(&tracker) => match never {},
        }
        self.write_positions(&tracker, leases, &incarnations).await
    }

    /// Waits until all who work have ended.
    async fn ended(&self, mut tasks: JoinSet<Result<(), Fault>>) -> Result<(), Fault> {
        while let Some(ended) = tasks.join_next().await {
            match ended.map_err(|error| Fault::caused(FaultKind::Bug, "a task of the engine panicked", error))? {
                // The other lanes finish what they have in hand.
                Err(fault) if self.gave_up(&fault) => {
                    tracing::warn!(segment = self.segment().name, %fault, "gives up what it had in hand")
                }
                ended => ended?,
            }
        }
        Ok(())
    }

    /// The last word when all lanes have ended: every position, whichever lane resolved it.
    async fn write_positions(&self, tracker: &Tracker, leases: &[Lease], incarnations: &Incarnations) -> Result<(), Fault> {
        let positions = tracker.positions().into_iter().map(|(of, offset)| self.position(&of, offset, incarnations));
        let batch = Batch { positions: positions.collect(), leases: leases.to_vec(), now: self.clock.now(), ..Batch::default() };
        self.patiently(|| self.sink.write(&batch)).await?;
        Ok(())
    }
}
