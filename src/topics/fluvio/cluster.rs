//! Who is asked what: the controller (SC) for topics and leaders, the leader of a partition (an SPU) for what is in it.
//!
//! The crate's own producer and consumer are not used: the one keeps an error for later calls and stamps records itself, the other
//! passes over records where a fetch was cut, and neither tells where a partition ends. Their requests are, one by one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fluvio::Isolation;
use fluvio::dataplane::api::Request;
use fluvio::dataplane::link::ErrorCode;
use fluvio::dataplane::record::ReplicaKey;
use fluvio_socket::{ClientConfig, VersionedSerialSocket};
use fluvio_spu_schema::server::fetch_offset::FetchOffsetsRequest;
use schemas::{Fault, FaultKind, TopicName};
use tokio::time::Instant;

use super::connections::Connections;
use super::controller::{Controller, PATIENCE};
use super::fault::{of_code, unavailable};
use super::layout::Spu;
use super::names::require_name;
use super::options::Options;
use crate::topics::{Bounds, TopicPartition};

/// How long a leader that has just begun may take to know how far its partition is committed.
const SETTLING: Duration = Duration::from_secs(3);
/// How often it is asked meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A cluster.
pub(super) struct Cluster {
    /// How a connection is made; the address is the SC's.
    connecting: ClientConfig,
    controller: Controller,
    /// For questions and for writing. Readers have connections of their own.
    connections: Connections,
    /// Those to the SC and to SPUs that were lost, or could not be made.
    lost_connections: Arc<AtomicU64>,
}

/// A connection to the leader of a partition.
pub(super) struct Leader {
    /// Up to where it may be read: the only replica of a partition waits for no other before a record counts, but knows after a restart
    /// how far that was only once it is written to again.
    pub(super) isolation: Isolation,
    spu: Spu,
    pub(super) connection: Arc<VersionedSerialSocket>,
}

impl Cluster {
    /// Reads the certificates; nothing is connected to yet.
    pub(super) fn new(options: Arc<Options>) -> Result<Self, Fault> {
        if let Some(tls) = &options.tls {
            // The crate does not say which file it could not read.
            for file in [&tls.ca_file, &tls.certificate_file, &tls.key_file] {
                std::fs::File::open(file).map_err(|error| {
                    Fault::caused(FaultKind::Refused, format!("{} cannot be read", file.display()), error)
                        .advise("it is named under `tls` of the broker `fluvio`")
                })?;
            }
        }
        let connecting = ClientConfig::try_from(options.of_client()).map_err(|error| {
            Fault::caused(FaultKind::Refused, format!("a client for Fluvio at {} cannot be made", options.endpoint), error)
                .advise("check the files and the domain under `tls` of the broker `fluvio`")
        })?;
        let lost_connections = Arc::new(AtomicU64::new(0));
        let connections = Connections::new(Arc::clone(&lost_connections));
        let controller = Controller::new(options, Arc::clone(&lost_connections));
        Ok(Self { connecting, controller, connections, lost_connections })
    }

    /// Connections for a reader: an SPU keeps what it knows of a stream until the connection ends.
    pub(super) fn more_connections(&self) -> Connections {
        Connections::new(Arc::clone(&self.lost_connections))
    }

    /// The controller.
    pub(super) fn controller(&self) -> &Controller {
        &self.controller
    }

    /// How many connections were lost, or could not be made.
    pub(super) fn lost_connections(&self) -> u64 {
        self.lost_connections.load(Relaxed)
    }

    /// Whether the SC answers.
    pub(super) async fn ping(&self) -> Result<(), Fault> {
        self.controller.look().await.map(drop)
    }

    /// How many partitions a topic has, asked of the SC; `None` where it does not exist.
    pub(super) async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let layout = self.controller.look().await?;
        let count = |topic: &TopicName| Some((topic.clone(), layout.partitions(topic)?));
        Ok(topics.iter().filter_map(count).collect())
    }

    /// What a partition holds.
    pub(super) async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        let question = |topic: String| FetchOffsetsRequest::new(topic, partition.partition);
        let what = format!("{partition}: asking for its ends");
        let answer = self.ask(partition, &what, PATIENCE, question).await?;
        let replica = ReplicaKey::new(require_name(&partition.topic)?, partition.partition);
        let Some(ends) = answer.find_partition(&replica) else {
            return Err(unavailable(self.controller.doing(&what), "the answer does not name it"));
        };
        match ends.error_code {
            ErrorCode::None => {
                let layout = self.controller.recent().await;
                let written = layout.filter(|layout| layout.is_alone(partition)).map_or(0, |layout| layout.written(partition));
                let committed = ends.last_stable_offset.max(0).cast_unsigned();
                Ok(Bounds { first: ends.start_offset.max(0).cast_unsigned(), end: committed.max(written) })
            }
            code => Err(self.refused(&what, code)),
        }
    }

    /// What a partition holds, where a reader may begin at `offset`. One beyond its end is waited for: a leader that has just begun
    /// learns by and by how far its partition is committed.
    ///
    /// # Errors
    ///
    /// `Lost` for an offset that is not there; `Unavailable` for one that is written, and not committed again.
    pub(super) async fn admit(&self, partition: &TopicPartition, offset: u64) -> Result<Bounds, Fault> {
        let begun = Instant::now();
        loop {
            let bounds = self.bounds(partition).await?;
            let Err(lost) = bounds.admit(partition, offset) else { return Ok(bounds) };
            if offset < bounds.first {
                return Err(lost);
            }
            if begun.elapsed() > SETTLING {
                let written = self.controller.look().await?.written(partition);
                if offset > written {
                    return Err(lost);
                }
                let what =
                    format!("{partition}: offset {offset} is written, and its replicas have committed {} only", bounds.end);
                return Err(Fault::new(FaultKind::Unavailable, what).advise("see whether all SPUs of the cluster are online"));
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Asks the leader of a partition. `question` is given the topic's name on Fluvio.
    ///
    /// # Errors
    ///
    /// `Refused` where the partition does not exist; `Unavailable` without an answer: then the next question looks for the leader anew.
    pub(super) async fn ask<R: Request + Send + Sync>(
        &self,
        partition: &TopicPartition,
        what: &str,
        patience: Duration,
        question: impl FnOnce(String) -> R,
    ) -> Result<R::Response, Fault> {
        let leader = self.leader(partition, &self.connections).await?;
        let asking = leader.connection.send_receive(question(require_name(&partition.topic)?));
        match tokio::time::timeout(patience, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.broken(&self.connections, &leader, what, error)),
            Err(late) => Err(self.broken(&self.connections, &leader, what, late)),
        }
    }

    /// A connection to the leader of a partition, one of `connections`.
    pub(super) async fn leader(&self, partition: &TopicPartition, connections: &Connections) -> Result<Leader, Fault> {
        let known = self.controller.known().and_then(|layout| Some((layout.leader(partition).ok()?, layout)));
        let (spu, layout) = match known {
            Some(known) => known,
            None => {
                let layout = self.controller.look().await?;
                (layout.leader(partition)?, layout)
            }
        };
        let isolation = if layout.is_alone(partition) { Isolation::ReadUncommitted } else { Isolation::ReadCommitted };
        match connections.to(&spu, &self.connecting, PATIENCE).await {
            Ok(connection) => Ok(Leader { isolation, spu, connection }),
            Err(error) => {
                self.controller.forget();
                Err(unavailable(
                    self.controller.doing(&format!("{partition}: connecting to the SPU {} at {}", spu.id, spu.address)),
                    error,
                ))
            }
        }
    }

    /// The fault of a connection that gave no answer. It is not used again, and the leader is looked for anew.
    pub(super) fn broken(
        &self,
        connections: &Connections,
        leader: &Leader,
        what: &str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Fault {
        connections.forget(&leader.spu, &leader.connection);
        self.controller.forget();
        unavailable(self.controller.doing(what), error)
    }

    /// The fault of an answer that is an error. Where the leader may have moved, it is looked for anew.
    pub(super) fn refused(&self, what: &str, code: ErrorCode) -> Fault {
        self.controller.forget();
        of_code(self.controller.doing(what), code)
    }
}
