//! Reading: a stream a partition, at explicit offsets, without a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemas::{Clock, Fault, FaultKind, Raw};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::cluster::Cluster;
use super::fault::UNAVAILABLE_ADVICE;
use super::options::Options;
use super::stream::{FIRST_WAIT, Stream};
use super::troubles::Troubles;
use crate::topics::read_ahead::ReadAhead;
use crate::topics::{ReadLimits, Reader, TopicPartition};

/// A reader with connections of its own.
pub(super) struct FluvioReader {
    fetched: ReadAhead,
    /// What each partition's stream has, in the order of `fetched`.
    arriving: Vec<mpsc::Receiver<Result<Vec<Raw>, Fault>>>,
    /// Told when a stream has something.
    filled: Arc<Notify>,
    /// What is wrong, to be told once the records before it are returned.
    failed: Option<Fault>,
    /// What keeps some from being read.
    troubles: Arc<Troubles>,
    /// The streams; they end with the reader.
    _streams: JoinSet<()>,
}

impl FluvioReader {
    /// Begins to fetch. The offsets have been checked, but those of partitions in trouble.
    pub(super) fn open(
        options: &Options,
        cluster: &Arc<Cluster>,
        clock: &Arc<dyn Clock>,
        from: &[(TopicPartition, u64)],
        troubles: Troubles,
    ) -> Self {
        let troubles = Arc::new(troubles);
        let (filled, connections) = (Arc::new(Notify::new()), Arc::new(cluster.more_connections()));
        let (mut streams, mut arriving) = (JoinSet::new(), Vec::with_capacity(from.len()));
        for (partition, offset) in from {
            let (out, arrives) = mpsc::channel(1);
            arriving.push(arrives);
            let stream = Stream {
                cluster: Arc::clone(cluster),
                connections: Arc::clone(&connections),
                clock: Arc::clone(clock),
                partition: partition.clone(),
                next: *offset,
                fetch_bytes: options.fetch_bytes(from.len()),
                out,
                filled: Arc::clone(&filled),
                troubles: Arc::clone(&troubles),
                wait: FIRST_WAIT,
            };
            streams.spawn(stream.run());
        }
        Self { fetched: ReadAhead::new(from), arriving, filled, failed: None, troubles, _streams: streams }
    }

    /// Takes what the limits allow of what has arrived.
    fn take(&mut self, limits: &ReadLimits) -> Vec<Raw> {
        for (fetched, arriving) in self.fetched.partitions().iter_mut().zip(&mut self.arriving) {
            // What waits bounds what its stream fetches ahead.
            if fetched.len() > 0 {
                continue;
            }
            match arriving.try_recv() {
                Ok(Ok(records)) => match records.first().map_or(fetched.next, |first| first.origin.offset) {
                    first if first == fetched.next => records.into_iter().for_each(|record| fetched.push(record)),
                    // Offsets are dense: whatever is passed over would be lost without a word.
                    first => {
                        let what = format!("{}: offset {} is next, and {first} came", fetched.partition, fetched.next);
                        self.failed = Some(Fault::new(FaultKind::Bug, what));
                    }
                },
                Ok(Err(fault)) => self.failed = self.failed.take().or(Some(fault)),
                Err(_) => {}
            }
        }
        self.fetched.take(limits)
    }
}

#[async_trait]
impl Reader for FluvioReader {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        let deadline = limits.deadline();
        loop {
            let taken = self.take(limits);
            if !taken.is_empty() {
                return Ok(taken);
            }
            if let Some(fault) = self.failed.take() {
                return Err(fault);
            }
            if let Some(why) = self.troubles.of_all(self.arriving.len()) {
                return Err(Fault::new(FaultKind::Unavailable, why).advise(UNAVAILABLE_ADVICE));
            }
            // A stream that has something after it was asked leaves a permit: no wake-up is lost.
            if tokio::time::timeout_at(deadline, self.filled.notified()).await.is_err() {
                return Ok(taken);
            }
        }
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.fetched.positions()
    }

    fn troubles(&self) -> BTreeMap<TopicPartition, String> {
        self.troubles.all()
    }
}
