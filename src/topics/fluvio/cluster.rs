//! Who is asked what: the controller (SC) for topics and leaders, the leader of a partition (an SPU) for what is in it.
//!
//! The crate's own producer and consumer are not used: the one keeps an error for later calls and stamps records itself, the other
//! passes over records where a fetch was cut, and neither tells where a partition ends. Their requests are, one by one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fluvio::dataplane::api::Request;
use fluvio::dataplane::link::ErrorCode;
use fluvio::dataplane::record::ReplicaKey;
use fluvio::metadata::partition::PartitionSpec;
use fluvio::metadata::spu::SpuSpec;
use fluvio::metadata::topic::TopicSpec as FluvioTopic;
use fluvio::{FluvioAdmin, Isolation};
use fluvio_socket::{ClientConfig, SocketError, VersionedSerialSocket};
use fluvio_spu_schema::server::fetch_offset::FetchOffsetsRequest;
use schemas::{Fault, FaultKind, TopicName};
use tokio::time::Instant;

use super::connections::Connections;
use super::fault::{UNAVAILABLE_ADVICE, of_code, unavailable};
use super::layout::{Layout, Spu};
use super::names::{TOPIC_RULE, on_fluvio};
use super::options::Options;
use crate::topics::{Bounds, TopicPartition};

/// How long an answer may take; a produce waits at the SPU besides.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a leader that has just begun may take to know how far its partition is committed.
const SETTLING: Duration = Duration::from_secs(3);
/// How often it is asked meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// What the SC said is good for so long where it is asked how far partitions are written.
const RECENT: Duration = Duration::from_secs(1);

/// A cluster.
pub(super) struct Cluster {
    options: Arc<Options>,
    /// How a connection is made; the address is the SC's.
    connecting: ClientConfig,
    /// Held by who asks the SC.
    controller: tokio::sync::Mutex<Controller>,
    /// What the SC said last, and when.
    layout: Mutex<Said>,
    /// For questions and for writing. Readers have connections of their own.
    connections: Connections,
    /// Those to the SC and to SPUs that were lost, or could not be made.
    lost_connections: Arc<AtomicU64>,
}

/// The connection to the SC.
#[derive(Default)]
struct Controller {
    /// `None`: it is to be made.
    admin: Option<FluvioAdmin>,
    /// When it last gave no answer, and what was said of that.
    failed: Option<(Instant, Arc<str>)>,
}

/// What the SC said last.
#[derive(Default)]
struct Said {
    layout: Option<(Instant, Arc<Layout>)>,
    /// Whether that proved wrong.
    is_wrong: bool,
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
        let (controller, layout) = (tokio::sync::Mutex::default(), Mutex::default());
        let connections = Connections::new(Arc::clone(&lost_connections));
        Ok(Self { options, connecting, controller, layout, connections, lost_connections })
    }

    /// Connections for a reader: an SPU keeps what it knows of a stream until the connection ends.
    pub(super) fn more_connections(&self) -> Connections {
        Connections::new(Arc::clone(&self.lost_connections))
    }

    /// `Fluvio at host:port`, with what is being done.
    fn doing(&self, what: &str) -> String {
        format!("Fluvio at {}: {what}", self.options.endpoint)
    }

    /// How many connections were lost, or could not be made.
    pub(super) fn lost_connections(&self) -> u64 {
        self.lost_connections.load(Relaxed)
    }

    /// Whether the SC answers.
    pub(super) async fn ping(&self) -> Result<(), Fault> {
        self.look().await.map(drop)
    }

    /// How many partitions a topic has, asked of the SC; `None` where it does not exist.
    pub(super) async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let layout = self.look().await?;
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
            return Err(unavailable(self.doing(&what), "the answer does not name it"));
        };
        match ends.error_code {
            ErrorCode::None => {
                let layout = self.recent().await;
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
                let written = self.look().await?.written(partition);
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
        let known = self.known().and_then(|layout| Some((layout.leader(partition).ok()?, layout)));
        let (spu, layout) = match known {
            Some(known) => known,
            None => {
                let layout = self.look().await?;
                (layout.leader(partition)?, layout)
            }
        };
        let isolation = if layout.is_alone(partition) { Isolation::ReadUncommitted } else { Isolation::ReadCommitted };
        match connections.to(&spu, &self.connecting, PATIENCE).await {
            Ok(connection) => Ok(Leader { isolation, spu, connection }),
            Err(error) => {
                self.forget();
                Err(unavailable(self.doing(&format!("{partition}: connecting to the SPU {} at {}", spu.id, spu.address)), error))
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
        self.forget();
        unavailable(self.doing(what), error)
    }

    /// The fault of an answer that is an error. Where the leader may have moved, it is looked for anew.
    pub(super) fn refused(&self, what: &str, code: ErrorCode) -> Fault {
        self.forget();
        of_code(self.doing(what), code)
    }

    /// Asks for a topic, which did not exist a moment ago. That the SC gives no answer in time does not mean that it does not create
    /// it: it waits for every SPU to report, and misses the report at times. On a connection of its own, so that several are
    /// created at once.
    pub(super) async fn create(&self, topic: &TopicName, partitions: u32, patience: Duration) -> Result<(), Fault> {
        let name = require_name(topic)?;
        let what = self.doing(&format!("creating the topic \"{topic}\" (\"{name}\" there)"));
        let admin = self.connect().await?;
        let spec = FluvioTopic::new_computed(partitions, self.options.replication, None);
        match tokio::time::timeout(patience, admin.create(name, false, spec)).await {
            Ok(Ok(())) => Ok(()),
            // What is no matter of the connection is the SC's answer.
            Ok(Err(error)) if error.downcast_ref::<SocketError>().is_none() => {
                Err(Fault::caused(FaultKind::Refused, what, error))
            }
            Ok(Err(error)) => Err(unavailable(what, error)),
            Err(late) => Err(unavailable(what, late)),
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.layout.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the SC said last, unless that proved wrong.
    fn known(&self) -> Option<Arc<Layout>> {
        let said = self.said();
        said.layout.as_ref().filter(|_| !said.is_wrong).map(|(_, layout)| Arc::clone(layout))
    }

    /// What the SC said a moment ago; where it does not answer, what it said last.
    async fn recent(&self) -> Option<Arc<Layout>> {
        let said = self.said().layout.clone();
        match said {
            Some((when, layout)) if when.elapsed() < RECENT => Some(layout),
            said => self.look().await.ok().or(said.map(|(_, layout)| layout)),
        }
    }

    /// Asks the SC again when it is needed next.
    pub(super) fn forget(&self) {
        self.said().is_wrong = true;
    }

    /// Asks the SC. Who has waited while it gave no answer to somebody does not ask, and wait, once more.
    async fn look(&self) -> Result<Arc<Layout>, Fault> {
        let asked = Instant::now();
        let mut controller = self.controller.lock().await;
        let said = self.said().layout.clone();
        if let Some((_, layout)) = said.filter(|(when, _)| *when > asked) {
            return Ok(layout);
        }
        if let Some((_, why)) = controller.failed.as_ref().filter(|(when, _)| *when > asked) {
            return Err(Fault::new(FaultKind::Unavailable, why.to_string()).advise(self.advice()));
        }
        let asked = Instant::now();
        match self.look_with(&mut controller.admin).await {
            Ok(layout) => {
                let layout = Arc::new(layout);
                *self.said() = Said { layout: Some((asked, Arc::clone(&layout))), is_wrong: false };
                Ok(layout)
            }
            Err(fault) => {
                controller.failed = Some((Instant::now(), fault.to_string().into()));
                Err(fault)
            }
        }
    }

    /// Asks the SC on the connection that there is, or else on a new one.
    async fn look_with(&self, slot: &mut Option<FluvioAdmin>) -> Result<Layout, Fault> {
        // A connection may have been lost since its last question: that is known only now.
        if let Some(admin) = slot.take()
            && let Ok(layout) = self.ask_controller(&admin).await
        {
            *slot = Some(admin);
            return Ok(layout);
        }
        let admin = self.connect().await?;
        let layout = self.ask_controller(&admin).await?;
        *slot = Some(admin);
        Ok(layout)
    }

    fn advice(&self) -> &'static str {
        match self.options.tls {
            Some(_) => "check that the cluster runs, and `endpoint` and `tls` of the broker `fluvio`",
            None => UNAVAILABLE_ADVICE,
        }
    }

    async fn connect(&self) -> Result<FluvioAdmin, Fault> {
        let config = self.options.of_client();
        match tokio::time::timeout(PATIENCE, FluvioAdmin::connect_with_config(&config)).await {
            Ok(Ok(admin)) => Ok(admin),
            Ok(Err(error)) => {
                self.lost_connections.fetch_add(1, Relaxed);
                Err(unavailable(self.doing("connecting"), error).advise(self.advice()))
            }
            Err(late) => {
                self.lost_connections.fetch_add(1, Relaxed);
                Err(unavailable(self.doing("connecting"), late))
            }
        }
    }

    async fn ask_controller(&self, admin: &FluvioAdmin) -> Result<Layout, Fault> {
        let asking = async {
            let topics = admin.all::<FluvioTopic>().await?;
            let partitions = admin.all::<PartitionSpec>().await?;
            let spus = admin.all::<SpuSpec>().await?;
            Ok((topics, partitions, spus))
        };
        let (topics, partitions, spus) = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => {
                // Names the type of the block above.
                let error: Box<dyn std::error::Error + Send + Sync> = error;
                return Err(unavailable(self.doing("asking for its topics"), error));
            }
            Err(late) => return Err(unavailable(self.doing("asking for its topics"), late)),
        };
        Ok(Layout::new(topics, partitions, spus))
    }
}

/// The topic's name on Fluvio.
pub(super) fn require_name(topic: &TopicName) -> Result<String, Fault> {
    on_fluvio(topic).ok_or_else(|| {
        Fault::new(FaultKind::Refused, format!("topic \"{topic}\": Fluvio takes no such name"))
            .advise(format!("it takes {TOPIC_RULE}"))
    })
}
