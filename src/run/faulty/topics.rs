//! A broker that fails as a test scripts it, over one in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use schemas::{Fault, FaultKind, Outgoing, Raw, TopicName};
use tokio::sync::{Notify, watch};

use super::away;
use super::transactions::{Group, OnCommit};
use crate::topics::memory::Memory;
use crate::topics::{Bounds, ReadLimits, Reader, TopicPartition, TopicSpec, Topics, Transactions};

/// What becomes of the next reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnRead {
    /// It loses its connection after so many records.
    LostAfter(usize),
    /// It never answers.
    Silent,
    /// Opening it is never answered.
    NeverOpens,
    /// It returns each record twice.
    Repeats,
}

/// What becomes of the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnSend {
    /// Nothing is written.
    Fails,
    /// Nothing is written, and nothing ever will be.
    Refused,
    /// All of it is written, and the acknowledgement is lost.
    AnswerLost,
    /// It waits until it is let go, then is written.
    Held,
}

/// A broker that does what a script says, then what it should.
pub(crate) struct FaultyTopics {
    inner: Arc<Memory>,
    group: Group,
    reads: Mutex<VecDeque<OnRead>>,
    sends: Mutex<VecDeque<OnSend>>,
    away: AtomicBool,
    /// Whether each topic shows a partition less than it has.
    hides: AtomicBool,
    /// The largest value that a topic takes.
    largest_bytes: AtomicUsize,
    /// A partition that ends with so many offsets that hold no record.
    marks: Mutex<Option<(TopicPartition, u64)>>,
    tried: watch::Sender<Vec<Vec<Outgoing>>>,
    /// How many readers were asked for, counted before each is opened.
    asked: watch::Sender<usize>,
    /// Lets a write go that is held.
    pub(crate) go: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FaultyTopics {
    pub(crate) fn over(inner: Memory) -> Self {
        let inner = Arc::new(inner);
        Self {
            group: Group::over(Arc::clone(&inner)),
            inner,
            reads: Mutex::default(),
            sends: Mutex::default(),
            away: AtomicBool::new(false),
            hides: AtomicBool::new(false),
            largest_bytes: AtomicUsize::new(usize::MAX),
            marks: Mutex::default(),
            tried: watch::Sender::default(),
            asked: watch::Sender::new(0),
            go: Notify::new(),
        }
    }

    /// What becomes of the next readers.
    pub(crate) fn script_reads(&self, steps: impl IntoIterator<Item = OnRead>) {
        locked(&self.reads).extend(steps);
    }

    /// What becomes of the next writes.
    pub(crate) fn script_sends(&self, steps: impl IntoIterator<Item = OnSend>) {
        locked(&self.sends).extend(steps);
    }

    /// What becomes of the next commits of transactions.
    pub(crate) fn script_commits(&self, steps: impl IntoIterator<Item = OnCommit>) {
        self.group.script(steps);
    }

    /// How many records each transaction made visible, in order.
    pub(crate) fn commits(&self) -> Vec<usize> {
        self.group.commits()
    }

    /// Waits until so many readers were asked for.
    pub(crate) async fn until_asked(&self, readers: usize) {
        drop(self.asked.subscribe().wait_for(|asked| *asked >= readers).await.expect("the sender is borrowed"));
    }

    /// Whether nothing answers.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Ends a partition, which is not written to after that, with so many offsets that hold no record.
    pub(crate) fn end_with_marks(&self, of: TopicPartition, marks: u64) {
        *locked(&self.marks) = Some((of, marks));
    }

    /// Whether each topic shows all of its partitions, or one less.
    pub(crate) fn show_all_partitions(&self, all: bool) {
        self.hides.store(!all, Ordering::SeqCst);
    }

    /// Lets topics take values of so many bytes, and none that is larger.
    pub(crate) fn set_largest_bytes(&self, bytes: usize) {
        self.largest_bytes.store(bytes, Ordering::SeqCst);
    }

    fn check_sizes(&self, records: &[Outgoing]) -> Result<(), Fault> {
        let largest = self.largest_bytes.load(Ordering::SeqCst);
        match records.iter().all(|record| record.value.len() <= largest) {
            true => Ok(()),
            false => Err(Fault::new(FaultKind::Oversized, "too many bytes")),
        }
    }

    /// Every write that was tried, in order, with what it was to write.
    pub(crate) fn tried(&self) -> Vec<Vec<Outgoing>> {
        self.tried.borrow().clone()
    }

    /// Waits until so many writes were tried.
    pub(crate) async fn until_tried(&self, writes: usize) {
        drop(self.tried.subscribe().wait_for(|tried| tried.len() >= writes).await.expect("the sender is borrowed"));
    }

    fn here(&self) -> Result<(), Fault> {
        if self.away.load(Ordering::SeqCst) { Err(away("the broker")) } else { Ok(()) }
    }
}

#[async_trait]
impl Topics for FaultyTopics {
    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        self.asked.send_modify(|asked| *asked += 1);
        self.here()?;
        let step = locked(&self.reads).pop_front();
        if step == Some(OnRead::NeverOpens) {
            std::future::pending::<()>().await;
        }
        let inner = self.inner.reader(from).await?;
        let ended = locked(&self.marks).clone();
        let inner: Box<dyn Reader> = match ended {
            Some((of, marks)) => Box::new(Passing { inner, end: self.inner.bounds(&of).await?.end, of, marks }),
            None => inner,
        };
        Ok(match step {
            None | Some(OnRead::NeverOpens) => inner,
            Some(OnRead::LostAfter(records)) => Box::new(Losing { inner, left: records }),
            Some(OnRead::Silent) => Box::new(Silent),
            Some(OnRead::Repeats) => Box::new(Repeating { inner, again: None }),
        })
    }

    async fn committed(&self, partitions: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        Ok(self.group.positions(partitions))
    }

    async fn transactions(&self, _name: &str) -> Result<Option<Box<dyn Transactions>>, Fault> {
        Ok(Some(Box::new(self.group.taking(self.largest_bytes.load(Ordering::SeqCst)))))
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        self.tried.send_modify(|tried| tried.push(records.clone()));
        self.here()?;
        self.check_sizes(&records)?;
        let step = locked(&self.sends).pop_front();
        match step {
            None => self.inner.write(records).await,
            Some(OnSend::Fails) => Err(away("the broker")),
            Some(OnSend::Refused) => Err(Fault::new(FaultKind::Refused, "the broker refuses it, as the test wants")),
            Some(OnSend::Held) => {
                self.go.notified().await;
                self.inner.write(records).await
            }
            Some(OnSend::AnswerLost) => {
                self.inner.write(records).await?;
                Err(away("the broker's acknowledgement"))
            }
        }
    }

    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        self.here()?;
        self.inner.create(topics).await
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        self.here()?;
        let mut counts = self.inner.partitions(topics).await?;
        if self.hides.load(Ordering::SeqCst) {
            counts.values_mut().for_each(|count| *count -= 1);
        }
        Ok(counts)
    }

    async fn incarnation(&self, topic: &TopicName) -> Result<Option<Arc<str>>, Fault> {
        self.here()?;
        self.inner.incarnation(topic).await
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        self.here()?;
        let mut bounds = self.inner.bounds(partition).await?;
        bounds.end += locked(&self.marks).as_ref().filter(|(of, _)| of == partition).map_or(0, |(_, marks)| *marks);
        Ok(bounds)
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.here()?;
        self.inner.ping().await
    }
}

/// Reads so many records, then loses its connection.
struct Losing {
    inner: Box<dyn Reader>,
    left: usize,
}

#[async_trait]
impl Reader for Losing {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        if self.left == 0 {
            return Err(away("the reader"));
        }
        let limits = ReadLimits { records: limits.records.min(self.left), ..*limits };
        let records = self.inner.read(&limits).await?;
        self.left -= records.len();
        Ok(records)
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.inner.positions()
    }
}

/// Never answers.
struct Silent;

#[async_trait]
impl Reader for Silent {
    async fn read(&mut self, _: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        std::future::pending().await
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        Vec::new()
    }
}

/// Returns each record twice.
struct Repeating {
    inner: Box<dyn Reader>,
    again: Option<Vec<Raw>>,
}

#[async_trait]
impl Reader for Repeating {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        if let Some(again) = self.again.take() {
            return Ok(again);
        }
        let records = self.inner.read(&ReadLimits { records: 1, ..*limits }).await?;
        self.again = Some(records.clone());
        Ok(records)
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.inner.positions()
    }
}

/// Passes the offsets without a record that a partition ends with.
struct Passing {
    inner: Box<dyn Reader>,
    of: TopicPartition,
    end: u64,
    marks: u64,
}

#[async_trait]
impl Reader for Passing {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        self.inner.read(limits).await
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        let mut positions = self.inner.positions();
        for (_, position) in positions.iter_mut().filter(|(of, position)| *of == self.of && *position == self.end) {
            *position += self.marks;
        }
        positions
    }
}
