//! Sends what the outbox holds, and deletes what the broker acknowledged (`architecture.md`, rule 7).
//!
//! One publisher per pipeline and broker holds a lease: what is for a broker that is away holds up nothing else. Entries go in the order in which they were written, so a customer's alerts arrive in
//! order; an entry that was sent but not yet deleted is sent again after a crash, with the same id and the same bytes.

mod portions;

use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease, Outbound, OutboxEntry};
use schemas::{Clock, Fault, FaultKind, Reaction, TopicName};
use sinks::Sink;
use tokio::sync::watch;
use tokio::time::Instant;

use self::portions::{outgoing, portions};
use super::backoff::Backoff;
use super::counters::Counters;
use super::health::{Health, Part};
use super::retention::Retention;
use super::retries::Retries;
use super::stop::Stop;
use crate::metrics::Metrics;
use crate::topics::Topics;

/// Entries read from the outbox at a time.
const AT_ONCE: u32 = 500;
/// How often the lease is renewed; it lasts 2 s (`architecture.md`, rule 6).
const HEARTBEAT: Duration = Duration::from_millis(500);
/// How long to wait for news before looking anyway: other processes write to the outbox too.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long a run that was told to stop goes on sending what is left.
const LAST_ROUNDS: Duration = Duration::from_secs(2);

/// The publisher of a pipeline to one broker.
pub(super) struct Publisher {
    /// The pipeline's name.
    pub(super) pipeline: String,
    /// The broker's name.
    pub(super) name: String,
    pub(super) broker: Arc<dyn Topics>,
    /// The topics that are on the broker.
    pub(super) topics: Vec<TopicName>,
    /// Whether it is the one that forgets old rows on the side.
    pub(super) forgets: bool,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) counters: Arc<Counters>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    /// Tells that there are new entries.
    pub(super) news: watch::Receiver<()>,
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
    /// Another process publishes, and may not have sent all of it.
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
        let part = Part::new(&self.health, format!("outbox for the broker {}", self.name));
        let retries = Retries { health: &self.health, part: part.name(), stop: &self.stop, counters: Some(&self.counters) };
        let mut held: Option<Held> = None;
        let mut last: Option<i64> = None;
        let mut backoff = Backoff::new();
        let mut retention = self.forgets.then(|| Retention::new(Arc::clone(&self.sink), Arc::clone(&self.clock)));
        let mut news = self.news.clone();
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
                if let (Some(kept), Some(retention)) = (&mut held, &mut retention)
                    && let Err(fault) = self.forget_some(kept, retention).await
                {
                    tracing::debug!(%fault, "lost the lease of the outbox");
                    held = None;
                }
            }
            match turn {
                Ok(Turn::Empty) if finishing => break,
                Ok(Turn::Waiting) if finishing && self.stop.is_told() => break,
                Ok(Turn::Empty | Turn::Waiting) => {
                    let publishes = held.is_some();
                    tokio::select! {
                        // Whoever holds them keeps this sender.
                        Ok(()) = news.changed(), if publishes => {}
                        () = tokio::time::sleep(if publishes || finishing { LOOK_AGAIN } else { HEARTBEAT }) => {}
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
            None => None,
            Some(Some(known)) => Some(*known),
            Some(unknown) => Some(*unknown.insert(self.sink.outbox_end().await?)),
        };
        let Some(held) = self.keep(held).await? else {
            let Some(last) = last else { return Ok(Turn::Waiting) };
            let left = self.sink.outbox(1, Some(&self.topics)).await?;
            return Ok(if left.first().is_none_or(|entry| entry.seq > last) { Turn::Empty } else { Turn::Waiting });
        };
        let last = last.unwrap_or(i64::MAX);
        let leases = held.leases.clone();
        let publishing = async {
            let mut entries = self.sink.outbox(AT_ONCE, Some(&self.topics)).await?;
            entries.retain(|entry| entry.seq <= last);
            let (met, gone) = (entries.len(), entries.iter().filter(|entry| matches!(entry.what, Outbound::Gone { .. })).count());
            for portion in portions(entries) {
                self.publish(portion, &leases).await?;
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

    async fn forget_some(&self, held: &mut Held, retention: &mut Retention) -> Result<(), Fault> {
        let forgetting = async {
            retention.step().await;
            Ok(())
        };
        self.while_held(held, forgetting).await
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
        let of = Assigned { segment: "outbox".into(), broker: self.name.clone(), topic, partition: 0 };
        Ok(match self.sink.claim(&[of], &self.owner).await? {
            Claim::Granted(leases) => Some(leases),
            Claim::Held { .. } => None,
        })
    }

    /// Sends entries and deletes them. Where a topic does not take one, they are halved until that is found.
    async fn publish(&self, entries: Vec<OutboxEntry>, leases: &[Lease]) -> Result<(), Fault> {
        let mut groups = vec![entries];
        while let Some(mut group) = groups.pop() {
            match self.send(&group).await {
                Err(fault) if fault.reaction() == Reaction::Bisect && group.len() > 1 => {
                    let second = group.split_off(group.len() / 2);
                    groups.extend([second, group]);
                    continue;
                }
                Err(fault) if fault.reaction() == Reaction::Bisect => self.leave_out(&group[0], fault)?,
                sent => sent?,
            }
            self.sink.published(&group, leases).await?;
        }
        Ok(())
    }

    /// Leaves one out that its topic does not take: the table has all of it, and nothing else has to wait. An effect is nowhere else.
    fn leave_out(&self, entry: &OutboxEntry, fault: Fault) -> Result<(), Fault> {
        match &entry.what {
            // Whose it is, is nothing for a log.
            Outbound::Profile { .. } => {
                tracing::warn!(%fault, advice = fault.advice(), "a profile is not published; the table has it");
            }
            Outbound::DeadLetter(stored) => {
                let id = stored.letter.id;
                tracing::warn!(%fault, advice = fault.advice(), %id, "a dead letter is not published; the table has it");
            }
            Outbound::Effect(_) | Outbound::Gone { .. } => return Err(fault),
        }
        self.metrics.count_left_out(&entry.topic);
        Ok(())
    }

    async fn send(&self, entries: &[OutboxEntry]) -> Result<(), Fault> {
        let records = entries.iter().filter_map(|entry| outgoing(&self.pipeline, entry)).collect();
        self.broker.write(records).await?;
        let sent = entries.iter().filter(|entry| !matches!(entry.what, Outbound::Gone { .. }));
        self.metrics.count_written(sent.map(|entry| &entry.topic));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
