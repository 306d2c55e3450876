//! A mirror: copies topics from one broker to another (`docs/adr/0016-mirror.md`).
//!
//! ```text
//! the next batch is read  |  the one before is written, acknowledged, and its positions are stored
//! ```
//!
//! At least once: what was written and not yet stored is written again by the next run.

mod pairs;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use schemas::store::{Assigned, Batch, Lease, Position};
use schemas::{Clock, Fault, FaultKind, Outgoing, Raw, Reaction, TopicName};
use sinks::Sink;
use tokio::sync::watch;
use tokio::time::timeout;

use self::pairs::{pairs, resumed_between};
use self::source::Source;
use super::counters::Counters;
use super::health::Health;
use super::inputs::Incarnations;
use super::ownership::{self, Claimant};
use super::retries::Retries;
use super::stop::Stop;
use crate::topics::{TopicPartition, TopicSpec, Topics};

/// How long to try to give leases back; they expire by themselves in 2 s.
const RELEASING: Duration = Duration::from_secs(1);

/// A broker, by its name in the pipeline file.
#[derive(Clone)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// The broker.
    pub topics: Arc<dyn Topics>,
}

/// What copies from one broker to another.
pub struct Mirror {
    /// What is read.
    pub from: Side,
    /// What is written.
    pub to: Side,
    /// Where positions and leases are.
    pub sink: Arc<dyn Sink>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who claims leases: unique for each process.
    pub owner: String,
    /// How long to wait for partitions that another process mirrors; `None`: as long as it takes.
    pub patience: Option<Duration>,
    /// Where troubles are told.
    pub health: Arc<Health>,
    /// Where is counted what was read and written.
    pub counters: Arc<Counters>,
}

/// What there is to copy of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The partition.
    pub of: TopicPartition,
    /// The offset of the first record to copy.
    pub next: u64,
    /// The offset behind the last record that is there now.
    pub end: u64,
    /// Whether a position is stored that counts no more, as the topic is not there any longer on the other side.
    pub begins_anew: bool,
}

impl Span {
    /// How many offsets it holds.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }
}

/// What the positions and leases of a mirror are stored under, where pipelines have a segment.
#[must_use]
pub fn segment(from: &str, to: &str) -> String {
    format!("mirror of {from} to {to}")
}

/// The partitions of topics, from the positions that are stored. What was copied to a topic that is no more counts as not copied.
///
/// # Errors
///
/// `Refused` where a topic is not there, naming all that are not; a fault of a broker.
pub async fn spans(from: &Side, to: &Side, topics: &[TopicName], positions: &[Position]) -> Result<Vec<Span>, Fault> {
    let counts = from.topics.partitions(topics).await?;
    let missing: Vec<_> = topics.iter().filter(|topic| !counts.contains_key(*topic)).map(TopicName::as_str).collect();
    if !missing.is_empty() {
        let message = format!("the broker `{}` has no topic {}", from.name, missing.join(", "));
        return Err(Fault::new(FaultKind::Refused, message).advise("leave them out of --topics, or create them"));
    }
    let pairs = pairs(from, to, topics).await?;
    let there = to.topics.partitions(topics).await?;
    let mut spans = Vec::new();
    for (topic, partitions) in counts {
        for partition in 0..partitions {
            let of = TopicPartition { topic: topic.clone(), partition };
            let bounds = from.topics.bounds(&of).await?;
            let stored = resumed_between(positions, &assigned(&segment(&from.name, &to.name), &from.name, &of), &pairs);
            let begins_anew = stored.is_some() && !there.contains_key(&topic);
            let next = stored.filter(|_| !begins_anew).unwrap_or(bounds.first);
            spans.push(Span { next, end: bounds.end, of, begins_anew });
        }
    }
    Ok(spans)
}

fn assigned(segment: &str, broker: &str, of: &TopicPartition) -> Assigned {
    Assigned { segment: segment.to_owned(), broker: broker.to_owned(), topic: of.topic.clone(), partition: of.partition }
}

impl Mirror {
    /// Copies these topics until `asked` turns true; or, `until_caught_up`, to the ends that they have now. Topics that the other broker
    /// lacks are created there, with as many partitions.
    ///
    /// A record goes to the partition of the same number where a topic has as many partitions on both sides, else where its key leads.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend; `Fenced` where another process mirrors the same for longer than `patience`.
    pub async fn run(&self, topics: &[TopicName], until_caught_up: bool, mut asked: watch::Receiver<bool>) -> Result<(), Fault> {
        let stop = Stop::new();
        let forwarding = async {
            if asked.wait_for(|stop| *stop).await.is_ok() {
                stop.tell();
            }
            stop.overdue().await;
        };
        let copied = tokio::select! {
            copied = self.copy(topics, until_caught_up, &stop) => copied,
            () = forwarding => Ok(()),
        };
        match copied {
            Err(fault) if stop.is_told() && fault.reaction() == Reaction::Retry => {
                tracing::warn!(%fault, "ends; the next run copies again what is not stored as copied");
                Ok(())
            }
            copied => copied,
        }
    }

    async fn copy(&self, topics: &[TopicName], until_caught_up: bool, stop: &Stop) -> Result<(), Fault> {
        let segment = segment(&self.from.name, &self.to.name);
        let retries = |part| Retries { health: &self.health, part, stop, counters: Some(&self.counters) };
        let known = retries(&self.from.name).until_it_works(|| spans(&self.from, &self.to, topics, &[])).await?;
        let assigned: Vec<_> = known.iter().map(|span| assigned(&segment, &self.from.name, &span.of)).collect();
        let (sink, owner, health) = (self.sink.as_ref(), self.owner.as_str(), self.health.as_ref());
        let claimant =
            Claimant { sink, work: &segment, owner, patience: self.patience, health, retries: retries(&segment), stop };
        let Some(leases) = claimant.claim(&assigned).await? else { return Ok(()) };
        let copied = tokio::select! {
            copied = self.copy_owned(topics, until_caught_up, stop, &leases) => copied,
            fault = ownership::keep(sink, &leases) => Err(fault),
        };
        if !matches!(timeout(RELEASING, self.sink.release(&leases)).await, Ok(Ok(()))) {
            tracing::debug!("leases not released; they expire");
        }
        copied
    }

    async fn copy_owned(&self, topics: &[TopicName], until_caught_up: bool, stop: &Stop, leases: &[Lease]) -> Result<(), Fault> {
        let (segment, retries) = (segment(&self.from.name, &self.to.name), |part| Retries {
            health: &self.health,
            part,
            stop,
            counters: Some(&self.counters),
        });
        let positions = retries("store").until_it_works(|| self.sink.positions(&segment)).await?;
        let spans = retries(&self.from.name).until_it_works(|| spans(&self.from, &self.to, topics, &positions)).await?;
        // Before the topics are there: of a mirror that ends between the two, nothing would tell that they are empty.
        let anew = spans.iter().filter(|span| span.begins_anew).map(|span| self.position(&span.of, span.next, None)).collect();
        self.store(anew, leases, &retries("store")).await?;
        let same_partitions = retries(&self.to.name).until_it_works(|| self.prepare(&spans)).await?;
        let pairs = retries(&self.to.name).until_it_works(|| pairs(&self.from, &self.to, topics)).await?;
        let target = Target { mirror: self, leases, same_partitions, pairs, without_headers: AtomicBool::new(false) };
        let mut source = Source::new(&self.from, &spans, until_caught_up, stop, &self.health, &self.counters);
        let writing = retries(&self.to.name);
        let mut batch = source.read().await?;
        while let Some(records) = batch {
            // What cannot be stored ends it at once, however long the next record takes to come; what cannot be read, once this is stored.
            let reading = async { Ok(source.read().await) };
            let ((), read) = tokio::try_join!(target.store(&records, &writing), reading)?;
            batch = read?;
        }
        Ok(())
    }

    fn position(&self, of: &TopicPartition, offset: u64, incarnation: Option<Arc<str>>) -> Position {
        Position { of: assigned(&segment(&self.from.name, &self.to.name), &self.from.name, of), offset, incarnation }
    }

    async fn store(&self, positions: Vec<Position>, leases: &[Lease], retries: &Retries<'_>) -> Result<(), Fault> {
        if positions.is_empty() {
            return Ok(());
        }
        let batch = Batch { positions, leases: leases.to_vec(), now: self.clock.now(), ..Batch::default() };
        retries.until_it_works(|| self.sink.write(&batch)).await.map(drop)
    }

    /// Creates the topics that are missing. Answers those that have as many partitions on both sides.
    async fn prepare(&self, spans: &[Span]) -> Result<BTreeSet<TopicName>, Fault> {
        let mut partitions: BTreeMap<TopicName, u32> = BTreeMap::new();
        for span in spans {
            *partitions.entry(span.of.topic.clone()).or_default() += 1;
        }
        let specs: Vec<_> =
            partitions.iter().map(|(name, partitions)| TopicSpec { name: name.clone(), partitions: *partitions }).collect();
        self.to.topics.create(&specs).await?;
        let names: Vec<_> = partitions.keys().cloned().collect();
        let there = self.to.topics.partitions(&names).await?;
        let (same, other): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|topic| there.get(topic).copied() == partitions.get(topic).copied());
        for topic in &other {
            let (here, there) = (partitions[topic], there.get(topic).copied().unwrap_or_default());
            tracing::warn!(%topic, here, there, "the numbers of partitions differ: records go where their keys lead");
        }
        Ok(same.into_iter().collect())
    }
}

/// Where a mirror writes, and what it notes of that.
struct Target<'m> {
    mirror: &'m Mirror,
    leases: &'m [Lease],
    /// The topics whose records keep their partition.
    same_partitions: BTreeSet<TopicName>,
    pairs: Incarnations,
    /// Whether it was told that headers are left behind.
    without_headers: AtomicBool,
}

impl Target<'_> {
    /// Writes records; once all are acknowledged, stores how far that is.
    async fn store(&self, records: &[Raw], retries: &Retries<'_>) -> Result<(), Fault> {
        let Mirror { to, counters, .. } = self.mirror;
        if !to.topics.keeps_headers()
            && records.iter().any(|record| !record.headers.is_empty())
            && !self.without_headers.swap(true, Relaxed)
        {
            tracing::warn!(broker = to.name, "it keeps no headers: those of the records are left behind");
        }
        let outgoing: Vec<_> = records.iter().map(|record| self.outgoing(record)).collect();
        retries.until_it_works(|| to.topics.write(outgoing.clone())).await?;
        counters.count_written_out(records.len());
        let mut next: BTreeMap<TopicPartition, u64> = BTreeMap::new();
        for Raw { origin, .. } in records {
            next.insert(TopicPartition { topic: origin.topic.clone(), partition: origin.partition }, origin.offset + 1);
        }
        let incarnation = |topic| self.pairs.get(topic).cloned();
        let positions = next.iter().map(|(of, offset)| self.mirror.position(of, *offset, incarnation(&of.topic)));
        self.mirror.store(positions.collect(), self.leases, retries).await?;
        counters.count_resolved(records.len());
        Ok(())
    }

    fn outgoing(&self, record: &Raw) -> Outgoing {
        let Raw { origin, key, value, headers, timestamp } = record;
        Outgoing {
            topic: origin.topic.clone(),
            partition: self.same_partitions.contains(&origin.topic).then_some(origin.partition),
            key: key.clone(),
            value: value.clone(),
            headers: if self.mirror.to.topics.keeps_headers() { headers.clone() } else { Vec::new() },
            timestamp: Some(*timestamp),
        }
    }
}

#[cfg(test)]
mod tests;
