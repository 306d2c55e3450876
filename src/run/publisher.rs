//! Sends what the outbox holds, and deletes what the broker acknowledged (`architecture.md`, rule 7).
//!
//! One publisher per pipeline holds the lease. Entries go in the order in which they were written, so a customer's alerts arrive in
//! order; an entry that was sent but not yet deleted is sent again after a crash, with the same id and the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease, Outbound, OutboxEntry};
use schemas::{Clock, Fault, FaultKind, Header, Outgoing, Reaction, TopicName};
use sinks::Sink;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::backoff::Backoff;
use super::counters::Counters;
use super::health::{Health, Part};
use super::letter;
use super::retention::Retention;
use super::retries::Retries;
use super::stop::Stop;
use crate::config::Plan;
use crate::metrics::Metrics;
use crate::topics::Topics;

/// Entries read from the outbox at a time.
const AT_ONCE: u32 = 500;
/// About how many bytes of values are sent at a time, and forgotten once they are acknowledged.
const AT_ONCE_BYTES: usize = 4 << 20;
/// How often the lease is renewed; it lasts 2 s (`architecture.md`, rule 6).
const HEARTBEAT: Duration = Duration::from_millis(500);
/// How long to wait for news before looking anyway: other processes write to the outbox too.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a run that was told to stop goes on sending what is left.
const LAST_ROUNDS: Duration = Duration::from_secs(2);

/// The publisher of a pipeline.
pub(super) struct Publisher {
    pub(super) plan: Arc<Plan>,
    pub(super) brokers: BTreeMap<String, Arc<dyn Topics>>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) counters: Arc<Counters>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    pub(super) outbox: Arc<Notify>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) owner: String,
    /// When the run is to end.
    pub(super) stop: Stop,
}

/// The publisher's lease.
struct Held {
    leases: Vec<Lease>,
    renewed: Instant,
}

/// What a round of publishing came to.
enum Turn {
    /// So many entries were sent.
    Sent(usize),
    /// There is nothing to send.
    Empty,
    /// Another process publishes, and has not sent all of it.
    Waiting,
}

impl Publisher {
    /// Publishes until the work has ended; then sends what is left, or sees another process send it, and ends. So what a process was the
    /// last to write is sent before it ends, and none waits for others that go on writing. A run that is told to stop does not wait for what is away,
    /// nor for a long outbox: what is left, the next run sends.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub(super) async fn run(self, mut ended: watch::Receiver<bool>) -> Result<(), Fault> {
        let part = Part::new(&self.health, "outbox".to_owned());
        let retries = Retries { health: &self.health, part: part.name(), stop: &self.stop, counters: Some(&self.counters) };
        let mut held: Option<Held> = None;
        let mut last: Option<i64> = None;
        let mut backoff = Backoff::new();
        let mut retention = Retention::new(Arc::clone(&self.sink), Arc::clone(&self.clock));
        loop {
            // A run that is gone without a word ends the publisher too.
            let finishing = *ended.borrow_and_update() || ended.has_changed().is_err();
            if finishing && self.stop.is_told_since(LAST_ROUNDS) {
                tracing::warn!("ends with records in the outbox; the next run sends them");
                break;
            }
            let turn = self.turn(&mut held, finishing.then_some(&mut last)).await;
            if turn.is_ok() {
                backoff.reset();
                retries.works();
                // One process of a pipeline forgets: the one that publishes.
                let forgetting = async {
                    retention.step().await;
                    Ok(())
                };
                if let Some(kept) = &mut held
                    && let Err(fault) = self.while_held(kept, forgetting).await
                {
                    tracing::debug!(%fault, "lost the lease of the outbox");
                    held = None;
                }
            }
            match turn {
                Ok(Turn::Empty) if finishing => break,
                Ok(Turn::Waiting) if finishing && self.stop.is_told() => break,
                Ok(Turn::Empty | Turn::Waiting) => {
                    tokio::select! {
                        () = self.outbox.notified() => {}
                        () = tokio::time::sleep(LOOK_AGAIN) => {}
                        _ = ended.changed(), if !finishing => {}
                    }
                }
                Ok(Turn::Sent(entries)) => self.counters.count_published(entries),
                Err(fault) if fault.reaction() == Reaction::Rejoin => held = None,
                Err(fault) if fault.reaction() == Reaction::Retry => {
                    if let Err(fault) = retries.wait_after(fault, &mut backoff).await {
                        tracing::warn!(%fault, "ends with records in the outbox; the next run sends them");
                        break;
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
        let leases = held.map(|held| held.leases);
        if let Err(fault) = self.sink.release(&leases.unwrap_or_default()).await {
            tracing::debug!(%fault, "the outbox's lease is not released; it expires");
        }
        Ok(())
    }

    /// One round: take or keep the lease, send the next entries, a bounded number of bytes at a time.
    ///
    /// `last` is there once the work has ended: the newest entry of that moment, which its first round finds out. What other processes
    /// write behind it, they see to.
    async fn turn(&self, held: &mut Option<Held>, last: Option<&mut Option<i64>>) -> Result<Turn, Fault> {
        let last = match last {
            None => i64::MAX,
            Some(Some(known)) => *known,
            Some(unknown) => *unknown.insert(self.sink.outbox_end().await?),
        };
        let Some(held) = self.keep(held).await? else {
            let left = self.sink.outbox(1).await?;
            return Ok(if left.first().is_none_or(|entry| entry.seq > last) { Turn::Empty } else { Turn::Waiting });
        };
        let leases = held.leases.clone();
        let publishing = async {
            let mut entries = self.sink.outbox(AT_ONCE).await?;
            entries.retain(|entry| entry.seq <= last);
            let (met, gone) = (entries.len(), entries.iter().filter(|entry| matches!(entry.what, Outbound::Gone { .. })).count());
            for portion in portions(entries) {
                self.send(&portion).await?;
                self.sink.published(&portion, &leases).await?;
            }
            Ok(if met == 0 { Turn::Empty } else { Turn::Sent(met - gone) })
        };
        self.while_held(held, publishing).await
    }

    /// Works, and keeps the lease meanwhile, however long the work takes. A lease that is lost ends it.
    ///
    /// Neither waits for the other: a renewal that is not answered does not hold up what is acknowledged.
    async fn while_held<T>(&self, held: &mut Held, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::select! {
            worked = work => worked,
            lost = self.keep_on(held) => Err(lost),
        }
    }

    /// Renews the lease at each heartbeat; returns the fault that ends that.
    async fn keep_on(&self, held: &mut Held) -> Fault {
        loop {
            tokio::time::sleep_until(held.renewed + HEARTBEAT).await;
            match self.renew(held).await {
                Ok(()) => {}
                // While the database is away nobody else can claim either, and what is deleted is fenced.
                Err(fault) if fault.reaction() == Reaction::Retry => {
                    tracing::debug!(%fault, "the outbox's lease is not renewed");
                    held.renewed = Instant::now();
                }
                Err(fault) => return fault,
            }
        }
    }

    /// The lease, claimed where it is not held; `None` while somebody else holds it.
    async fn keep<'h>(&self, held: &'h mut Option<Held>) -> Result<Option<&'h mut Held>, Fault> {
        match held {
            Some(held) => self.renew(held).await?,
            None => *held = self.claim().await?.map(|leases| Held { leases, renewed: Instant::now() }),
        }
        Ok(held.as_mut())
    }

    /// Renews the lease once its heartbeat is due.
    async fn renew(&self, held: &mut Held) -> Result<(), Fault> {
        if held.renewed.elapsed() >= HEARTBEAT {
            self.sink.renew(&held.leases).await?;
            held.renewed = Instant::now();
        }
        Ok(())
    }

    async fn claim(&self) -> Result<Option<Vec<Lease>>, Fault> {
        let topic = TopicName::try_from("outbox").map_err(|error| Fault::caused(FaultKind::Bug, "the outbox's lease", error))?;
        let of = Assigned { segment: "outbox".into(), broker: String::new(), topic, partition: 0 };
        Ok(match self.sink.claim(&[of], &self.owner).await? {
            Claim::Granted(leases) => Some(leases),
            Claim::Held { .. } => None,
        })
    }

    async fn send(&self, entries: &[OutboxEntry]) -> Result<(), Fault> {
        let mut by_broker: BTreeMap<&str, Vec<Outgoing>> = BTreeMap::new();
        for entry in entries {
            let Some(record) = outgoing(&self.plan.name, entry) else { continue };
            let Some(topic) = self.plan.topics.get(&entry.topic) else {
                return Err(Fault::new(
                    FaultKind::Refused,
                    format!("the outbox holds records for the topic {}, which the pipeline file does not declare", entry.topic),
                ));
            };
            by_broker.entry(&topic.broker).or_default().push(record);
        }
        for (name, records) in by_broker {
            let broker = self.brokers.get(name);
            let broker = broker.ok_or_else(|| Fault::new(FaultKind::Bug, format!("the broker `{name}` is not connected")))?;
            broker.write(records).await?;
        }
        let sent = entries.iter().filter(|entry| !matches!(entry.what, Outbound::Gone { .. }));
        self.metrics.count_written(sent.map(|entry| &entry.topic));
        Ok(())
    }
}

/// The entries in their order, cut so that the values of each portion have about [`AT_ONCE_BYTES`]: the one that passes it is the last.
fn portions(entries: Vec<OutboxEntry>) -> Vec<Vec<OutboxEntry>> {
    let mut portions: Vec<Vec<OutboxEntry>> = Vec::new();
    let mut size_bytes = AT_ONCE_BYTES;
    for entry in entries {
        if size_bytes >= AT_ONCE_BYTES {
            portions.push(Vec::new());
            size_bytes = 0;
        }
        size_bytes += value_bytes(&entry);
        if let Some(portion) = portions.last_mut() {
            portion.push(entry);
        }
    }
    portions
}

fn value_bytes(entry: &OutboxEntry) -> usize {
    match &entry.what {
        Outbound::Effect(effect) => effect.value.len(),
        Outbound::Profile { value, .. } => value.len(),
        Outbound::DeadLetter(stored) => stored.letter.value.len(),
        Outbound::Gone { .. } => 0,
    }
}

/// The record of an entry; `None` where there is nothing to send.
fn outgoing(pipeline: &str, entry: &OutboxEntry) -> Option<Outgoing> {
    let topic = entry.topic.clone();
    Some(match &entry.what {
        Outbound::Effect(effect) => Outgoing {
            topic,
            partition: None,
            key: Some(effect.key.clone().into_bytes()),
            value: effect.value.clone(),
            headers: effect.headers.clone(),
            timestamp: Some(effect.timestamp),
        },
        Outbound::Profile { customer_id, value, .. } => Outgoing {
            topic,
            partition: None,
            key: Some(customer_id.clone().into_bytes()),
            value: value.clone().into_bytes(),
            headers: vec![content_type("application/json")],
            timestamp: None,
        },
        Outbound::DeadLetter(stored) => Outgoing {
            topic,
            partition: None,
            key: stored.letter.key.clone(),
            value: letter::published(pipeline, stored),
            headers: vec![content_type("application/json")],
            timestamp: Some(stored.letter.timestamp),
        },
        Outbound::Gone { .. } => return None,
    })
}

fn content_type(value: &str) -> Header {
    Header { name: "content-type".into(), value: value.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests;
