//! One partition, followed from an offset on.
//!
//! The SPU sends what it has, up to so many bytes, and waits to hear from which offset it is to go on. It is told the offset after
//! the last record that arrived whole, so nothing is passed over when it cuts its answer in the middle of a batch.

use std::sync::Arc;
use std::time::Duration;

use fluvio::dataplane::link::ErrorCode;
use fluvio_socket::AsyncResponse;
use fluvio_spu_schema::server::stream_fetch::DefaultStreamFetchRequest;
use fluvio_spu_schema::server::update_offset::{OffsetUpdate, UpdateOffsetsRequest};
use rand::RngExt;
use schemas::{Clock, Fault, FaultKind, Raw, Reaction};
use tokio::sync::{Notify, mpsc};

use super::batch::{self, Unpacked};
use super::cluster::{Cluster, Leader};
use super::connections::Connections;
use super::controller::PATIENCE;
use super::names::require_name;
use super::troubles::Troubles;
use crate::topics::TopicPartition;

/// After so long without a record, the SPU is asked whether there is really none.
const SILENCE: Duration = Duration::from_secs(2);
/// The wait before the first new try, at most.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many answers may wait. The SPU sends one, and waits for our word.
const ANSWERS: usize = 4;

/// Follows a partition.
pub(super) struct Stream {
    pub(super) cluster: Arc<Cluster>,
    /// Those of its reader: an SPU keeps what it knows of a stream until the connection ends.
    pub(super) connections: Arc<Connections>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) partition: TopicPartition,
    /// The offset of the record that is read next.
    pub(super) next: u64,
    /// The most that an answer may hold, in bytes; grows to the largest batch that was met.
    pub(super) fetch_bytes: u32,
    /// Where records go; the reader takes them when it wants more.
    pub(super) out: mpsc::Sender<Result<Vec<Raw>, Fault>>,
    /// Told when something was put there.
    pub(super) filled: Arc<Notify>,
    /// Where it is told that the partition cannot be read now.
    pub(super) troubles: Arc<Troubles>,
    /// How long to wait at most before the next try; from [`FIRST_WAIT`], twice as long after each that brought nothing.
    pub(super) wait: Duration,
}

/// Why a stream is opened anew.
enum Anew {
    /// A batch needs larger answers.
    Larger,
    /// Records are there that do not come.
    Silent,
    /// Nobody reads any more.
    Ended,
}

impl Stream {
    /// Follows the partition until its reader is gone, or something is wrong that trying again cannot mend, which the reader is told.
    pub(super) async fn run(mut self) {
        loop {
            match self.follow().await {
                Ok(Anew::Ended) => return,
                Ok(Anew::Larger | Anew::Silent) => {}
                Err(fault) if fault.reaction() == Reaction::Retry => {
                    self.troubles.bad(&self.partition, fault.to_string());
                    self.filled.notify_one();
                    let wait = self.wait.mul_f64(rand::rng().random_range(0.5..=1.0));
                    self.wait = (self.wait * 2).min(LONGEST_WAIT);
                    if tokio::time::timeout(wait, self.out.closed()).await.is_ok() {
                        return;
                    }
                }
                Err(fault) => {
                    // Without a reader nobody minds.
                    drop(self.out.send(Err(fault)).await);
                    self.filled.notify_one();
                    return;
                }
            }
        }
    }

    /// Says that the partition is read.
    fn works(&mut self) {
        self.wait = FIRST_WAIT;
        self.troubles.good(&self.partition);
    }

    async fn follow(&mut self) -> Result<Anew, Fault> {
        // Its offset may not have been checked, or not be there any more.
        if self.troubles.has(&self.partition) {
            self.cluster.admit(&self.partition, self.next).await?;
        }
        let leader = self.cluster.leader(&self.partition, &self.connections).await?;
        let mut answers = self.open(&leader).await?;
        loop {
            // Not a stream's next, but the same: as a future, it is ready with each answer in turn.
            let answer = match tokio::time::timeout(SILENCE, &mut answers).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return Err(self.broken(&leader, error)),
                Err(_) if self.out.is_closed() => return Ok(Anew::Ended),
                Err(_) => {
                    // Where the topic was made anew, the offset may be beyond its end.
                    let bounds = self.cluster.admit(&self.partition, self.next).await?;
                    self.works();
                    match bounds.end > self.next {
                        true => return Ok(Anew::Silent),
                        false => continue,
                    }
                }
            };
            let fetched = answer.partition;
            match fetched.error_code {
                ErrorCode::None => {}
                code @ (ErrorCode::OffsetEvicted { .. } | ErrorCode::OffsetOutOfRange) => return Err(self.lost(code).await),
                code => return Err(self.cluster.refused(&format!("{}: reading", self.partition), code)),
            }
            let unpacked = batch::unpack(&fetched.records, &self.partition, self.next, self.clock.as_ref())?;
            if unpacked.records.is_empty() {
                return self.without_progress(&unpacked).await;
            }
            self.works();
            self.next += unpacked.records.len() as u64;
            // Before the records are handed over: while they wait, the SPU sends more. Where it is gone, they are handed over all the
            // same, as they count as read.
            let goes_on = self.go_on(&leader, answer.stream_id).await;
            if self.out.send(Ok(unpacked.records)).await.is_err() {
                return Ok(Anew::Ended);
            }
            self.filled.notify_one();
            goes_on?;
        }
    }

    async fn open(&self, leader: &Leader) -> Result<AsyncResponse<DefaultStreamFetchRequest>, Fault> {
        let request = DefaultStreamFetchRequest::builder()
            .topic(require_name(&self.partition.topic)?)
            .partition(self.partition.partition)
            .fetch_offset(self.next.cast_signed())
            .isolation(leader.isolation)
            .max_bytes(i32::try_from(self.fetch_bytes).unwrap_or(i32::MAX))
            .build()
            .map_err(|error| Fault::caused(FaultKind::Bug, format!("{}: a request to read", self.partition), error))?;
        let connection = &leader.connection;
        let request = connection.new_request(request, connection.lookup_version::<DefaultStreamFetchRequest>());
        match tokio::time::timeout(PATIENCE, connection.create_stream(request, ANSWERS)).await {
            Ok(Ok(answers)) => Ok(answers),
            Ok(Err(error)) => Err(self.broken(leader, error)),
            Err(late) => Err(self.broken(leader, late)),
        }
    }

    /// Tells the SPU from where to go on.
    async fn go_on(&self, leader: &Leader, session_id: u32) -> Result<(), Fault> {
        let offsets = vec![OffsetUpdate { offset: self.next.cast_signed(), session_id }];
        match tokio::time::timeout(PATIENCE, leader.connection.send_receive(UpdateOffsetsRequest { offsets })).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.broken(leader, error)),
            Err(late) => Err(self.broken(leader, late)),
        }
    }

    fn broken(&self, leader: &Leader, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
        self.cluster.broken(&self.connections, leader, &format!("{}: reading", self.partition), error)
    }

    /// What to do about an answer that brought nothing.
    async fn without_progress(&mut self, unpacked: &Unpacked) -> Result<Anew, Fault> {
        match (unpacked.cut_bytes, unpacked.hole_at) {
            (Some(needed), _) if needed > self.fetch_bytes => {
                self.fetch_bytes = needed;
                Ok(Anew::Larger)
            }
            (_, Some(first)) => Err(self.lost(format!("the log goes on at {first}")).await),
            _ => {
                let what = format!("{}: nothing of what was sent from offset {} on can be read", self.partition, self.next);
                Err(Fault::new(FaultKind::Unavailable, what))
            }
        }
    }

    /// The fault of an offset that the SPU does not have, or passes over.
    async fn lost(&self, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
        match self.cluster.admit(&self.partition, self.next).await {
            Err(lost) => lost,
            Ok(_) => Fault::caused(
                FaultKind::Unavailable,
                format!("{}: offset {} was not there for a moment", self.partition, self.next),
                why,
            ),
        }
    }
}
