//! A store that fails as a test scripts it, over one that works.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemas::store::{
    Assigned, Backfill, Batch, Claim, DeadLetterFilter, Lease, Loaded, OutboxEntry, Position, ProfileFilter, StoredChange,
    StoredDeadLetter, Walked, Written,
};
use schemas::{Fault, FaultKind, Reason, TopicName};
use sinks::Sink;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::away;

/// What becomes of the next batch that holds profiles or dead letters.
#[derive(Debug)]
pub(crate) enum OnWrite {
    /// Another worker's batch comes first.
    Overtaken(Box<Batch>),
    /// It is committed, and the answer is lost.
    AnswerLost,
    /// Nothing is written.
    Fails(FaultKind),
    /// It waits until it is let go, then is written.
    Held(Arc<Notify>),
    /// It is never answered.
    Silent,
}

/// What becomes of the next batch that holds neither profiles nor dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnPositions {
    /// Nothing is written.
    Fail,
    /// They are committed, and the answer is lost.
    AnswerLost,
}

/// A store that does what a script says, then what it should.
pub(crate) struct FaultySink {
    inner: Arc<dyn Sink>,
    script: Mutex<VecDeque<OnWrite>>,
    /// What becomes of the next batches that hold neither.
    positions: Mutex<VecDeque<OnPositions>>,
    /// Rows whose sections hold this text fail so.
    failing: Mutex<Option<(String, FaultKind)>>,
    /// How many customers one reading looks at.
    read_at_once: AtomicUsize,
    away: AtomicBool,
    written: watch::Sender<Vec<Batch>>,
    /// Told whenever a batch with profiles or dead letters arrives, before anything is done with it.
    pub(crate) arrived: Notify,
    /// How often the publisher's lease was renewed.
    outbox_renewed: watch::Sender<usize>,
    /// How often the end of the outbox was asked for.
    outbox_ends: watch::Sender<usize>,
    /// Whether its next renewal is never answered; turns false once that waits.
    renewal_silent: watch::Sender<bool>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FaultySink {
    pub(crate) fn over(inner: Arc<dyn Sink>) -> Self {
        Self {
            inner,
            script: Mutex::default(),
            positions: Mutex::default(),
            failing: Mutex::default(),
            read_at_once: AtomicUsize::new(usize::MAX),
            away: AtomicBool::new(false),
            written: watch::Sender::default(),
            arrived: Notify::new(),
            outbox_renewed: watch::Sender::new(0),
            outbox_ends: watch::Sender::new(0),
            renewal_silent: watch::Sender::new(false),
        }
    }

    /// What becomes of the next batches.
    pub(crate) fn script(&self, steps: impl IntoIterator<Item = OnWrite>) {
        locked(&self.script).extend(steps);
    }

    /// What becomes of the next batches that hold positions alone.
    pub(crate) fn script_positions(&self, steps: impl IntoIterator<Item = OnPositions>) {
        locked(&self.positions).extend(steps);
    }

    /// From now on, rows whose sections hold this text are refused as data.
    pub(crate) fn refuse(&self, text: &str) {
        self.fail(text, FaultKind::Data);
    }

    /// From now on, rows whose sections hold this text, and no others, fail so.
    pub(crate) fn fail(&self, text: &str, kind: FaultKind) {
        *locked(&self.failing) = Some((text.to_owned(), kind));
    }

    /// From now on, a reading looks at so many customers and leaves the others.
    pub(crate) fn read_at_once(&self, customers: usize) {
        self.read_at_once.store(customers, Ordering::SeqCst);
    }

    /// Whether nothing answers.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// The batches with profiles, syncs or dead letters that became durable.
    pub(crate) fn written(&self) -> Vec<Batch> {
        self.written.borrow().clone()
    }

    /// Waits until such batches became durable.
    pub(crate) async fn until_written(&self, such: impl FnMut(&Vec<Batch>) -> bool) {
        let waiting = async { drop(self.written.subscribe().wait_for(such).await.expect("the sender is borrowed")) };
        assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "in vain: {} batches", self.written.borrow().len());
    }

    /// Waits until the publisher's lease is renewed so many times more.
    pub(crate) async fn until_outbox_is_renewed(&self, times: usize) {
        let mut renewed = self.outbox_renewed.subscribe();
        let before = *renewed.borrow();
        let waiting = async { drop(renewed.wait_for(|now| *now >= before + times).await.expect("the sender is borrowed")) };
        assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "in vain");
    }

    /// Waits until the end of the outbox was asked for.
    pub(crate) async fn until_outbox_end_is_asked(&self) {
        let waiting =
            async { drop(self.outbox_ends.subscribe().wait_for(|asked| *asked > 0).await.expect("the sender is borrowed")) };
        assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "in vain");
    }

    /// The next renewal of the publisher's lease is never answered. Returns once it waits.
    pub(crate) async fn silence_a_renewal(&self) {
        self.renewal_silent.send_replace(true);
        let waiting = async { drop(self.renewal_silent.subscribe().wait_for(|due| !due).await.expect("the sender is borrowed")) };
        assert!(timeout(Duration::from_secs(20), waiting).await.is_ok(), "in vain");
    }

    fn here(&self) -> Result<(), Fault> {
        if self.away.load(Ordering::SeqCst) { Err(away("the store")) } else { Ok(()) }
    }

    fn accepts(&self, batch: &Batch) -> Result<(), Fault> {
        let failing = locked(&self.failing);
        let Some((text, kind)) = &*failing else { return Ok(()) };
        let mut sections = batch.rows.iter().flat_map(|row| row.profile.sections.iter());
        if sections.any(|(_, section)| section.value.as_ref().text().contains(text.as_str())) {
            return Err(Fault::new(*kind, format!("the store takes no {text:?}")));
        }
        Ok(())
    }

    async fn write_positions(&self, batch: &Batch) -> Result<Written, Fault> {
        let step = locked(&self.positions).pop_front();
        match step {
            None => self.inner.write(batch).await,
            Some(OnPositions::Fail) => Err(away("the store")),
            Some(OnPositions::AnswerLost) => {
                self.inner.write(batch).await?;
                Err(away("the answer to COMMIT"))
            }
        }
    }

    async fn through(&self, batch: &Batch) -> Result<Written, Fault> {
        let written = self.inner.write(batch).await?;
        if written == Written::Durable {
            self.written.send_modify(|written| written.push(batch.clone()));
        }
        Ok(written)
    }
}

#[async_trait]
impl Sink for FaultySink {
    async fn write(&self, batch: &Batch) -> Result<Written, Fault> {
        if batch.rows.is_empty() && batch.dead_letters.is_empty() && batch.syncs.is_empty() {
            self.here()?;
            return self.write_positions(batch).await;
        }
        self.arrived.notify_one();
        self.here()?;
        self.accepts(batch)?;
        let step = locked(&self.script).pop_front();
        match step {
            None => self.through(batch).await,
            Some(OnWrite::Overtaken(other)) => {
                assert_eq!(self.inner.write(&other).await?, Written::Durable, "the other worker's batch");
                self.through(batch).await
            }
            Some(OnWrite::AnswerLost) => {
                self.through(batch).await?;
                Err(away("the answer to COMMIT"))
            }
            Some(OnWrite::Fails(kind)) => Err(Fault::new(kind, "a write fails, as the test wants")),
            Some(OnWrite::Held(go)) => {
                go.notified().await;
                self.through(batch).await
            }
            Some(OnWrite::Silent) => std::future::pending().await,
        }
    }

    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault> {
        self.here()?;
        self.inner.positions(segment).await
    }

    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault> {
        self.here()?;
        let (now, left) = customers.split_at(customers.len().min(self.read_at_once.load(Ordering::SeqCst)));
        let loaded = self.inner.read(now, event_ids).await?;
        Ok(Loaded { left: left.iter().cloned().chain(loaded.left).collect(), ..loaded })
    }

    async fn critical_changes(&self, customer: &str, request: Option<&str>) -> Result<Vec<StoredChange>, Fault> {
        self.here()?;
        self.inner.critical_changes(customer, request).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        self.here()?;
        self.inner.due(now, limit, until).await
    }

    async fn walk(&self, filter: &ProfileFilter, after: Option<&str>, limit: u32) -> Result<Vec<Walked>, Fault> {
        self.here()?;
        self.inner.walk(filter, after, limit).await
    }

    async fn backfill(&self, name: &str) -> Result<Option<Backfill>, Fault> {
        self.here()?;
        self.inner.backfill(name).await
    }

    async fn save_backfill(&self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        self.here()?;
        self.inner.save_backfill(backfill, now).await
    }

    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault> {
        self.here()?;
        self.inner.claim(partitions, owner).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.here()?;
        let of_the_outbox = leases.iter().any(|lease| lease.of.segment == "outbox");
        if of_the_outbox && self.renewal_silent.send_replace(false) {
            return std::future::pending().await;
        }
        self.inner.renew(leases).await?;
        if of_the_outbox {
            self.outbox_renewed.send_modify(|times| *times += 1);
        }
        Ok(())
    }

    async fn release(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.here()?;
        self.inner.release(leases).await
    }

    async fn outbox(&self, limit: u32, topics: Option<&[TopicName]>) -> Result<Vec<OutboxEntry>, Fault> {
        self.here()?;
        self.inner.outbox(limit, topics).await
    }

    async fn outbox_beside(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u64>, Fault> {
        self.here()?;
        self.inner.outbox_beside(topics).await
    }

    async fn outbox_end(&self) -> Result<i64, Fault> {
        self.here()?;
        let end = self.inner.outbox_end().await;
        self.outbox_ends.send_modify(|asked| *asked += 1);
        end
    }

    async fn published(&self, entries: &[OutboxEntry], leases: &[Lease]) -> Result<(), Fault> {
        self.here()?;
        self.inner.published(entries, leases).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault> {
        self.here()?;
        self.inner.dead_letters(filter).await
    }

    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault> {
        self.here()?;
        self.inner.dead_letter_counts(filter).await
    }

    async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        self.here()?;
        self.inner.forget_events(before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.here()?;
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
