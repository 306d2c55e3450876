//! Transactions over the broker in memory, whose commits fail when a test says so.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use schemas::{Fault, FaultKind, Outgoing};

use super::away;
use crate::topics::memory::Memory;
use crate::topics::{TopicPartition, Topics, Transactions};

/// What becomes of the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnCommit {
    /// It is made, and the answer is lost.
    AnswerLost,
    /// It is not made.
    Fails,
}

/// What a group's transactions have come to.
#[derive(Default)]
struct Ledger {
    positions: BTreeMap<TopicPartition, u64>,
    prepared: Option<Prepared>,
    script: VecDeque<OnCommit>,
    committed: Vec<usize>,
    open: bool,
}

#[derive(Default)]
struct Prepared {
    records: Vec<Outgoing>,
    positions: Vec<(TopicPartition, u64)>,
}

/// A group with transactions. Clones share it.
#[derive(Clone)]
pub(super) struct Group {
    inner: Arc<Memory>,
    ledger: Arc<Mutex<Ledger>>,
    /// The largest value that a topic takes.
    largest_bytes: usize,
}

impl Group {
    pub(super) fn over(inner: Arc<Memory>) -> Self {
        Self { inner, ledger: Arc::default(), largest_bytes: usize::MAX }
    }

    pub(super) fn taking(&self, largest_bytes: usize) -> Self {
        Self { largest_bytes, ..self.clone() }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn script(&self, steps: impl IntoIterator<Item = OnCommit>) {
        self.ledger().script.extend(steps);
    }

    /// How many records each transaction made visible, in order.
    pub(super) fn commits(&self) -> Vec<usize> {
        self.ledger().committed.clone()
    }

    pub(super) fn positions(&self, partitions: &[TopicPartition]) -> BTreeMap<TopicPartition, u64> {
        let ledger = self.ledger();
        partitions.iter().filter_map(|of| Some((of.clone(), *ledger.positions.get(of)?))).collect()
    }
}

#[async_trait]
impl Transactions for Group {
    async fn open(&self) -> Result<(), Fault> {
        let mut ledger = self.ledger();
        if !ledger.open {
            ledger.prepared = None;
            ledger.open = true;
        }
        Ok(())
    }

    async fn prepare(&self, records: &[Outgoing], positions: &[(TopicPartition, u64)]) -> Result<(), Fault> {
        if records.iter().any(|record| record.value.len() > self.largest_bytes) {
            return Err(Fault::new(FaultKind::Oversized, "too many bytes"));
        }
        let mut ledger = self.ledger();
        assert!(ledger.open && ledger.prepared.is_none(), "one transaction at a time, once it is open");
        ledger.prepared = Some(Prepared { records: records.to_vec(), positions: positions.to_vec() });
        Ok(())
    }

    async fn commit(&self) -> Result<(), Fault> {
        let (prepared, step) = {
            let mut ledger = self.ledger();
            (ledger.prepared.take().expect("a transaction is prepared before it is committed"), ledger.script.pop_front())
        };
        if step != Some(OnCommit::Fails) {
            self.inner.write(prepared.records.clone()).await?;
            let mut ledger = self.ledger();
            ledger.committed.push(prepared.records.len());
            ledger.positions.extend(prepared.positions);
        }
        if step.is_some() {
            self.ledger().open = false;
            return Err(away("the broker"));
        }
        Ok(())
    }

    async fn abort(&self) {
        self.ledger().prepared = None;
    }
}
