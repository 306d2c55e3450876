//! The controller of a cluster (SC): which topics there are, who leads their partitions, and how far those are written.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fluvio::FluvioAdmin;
use fluvio::metadata::partition::PartitionSpec;
use fluvio::metadata::spu::SpuSpec;
use fluvio::metadata::topic::TopicSpec as FluvioTopic;
use fluvio_socket::SocketError;
use schemas::{Fault, FaultKind, TopicName};
use tokio::time::Instant;

use super::fault::{UNAVAILABLE_ADVICE, unavailable};
use super::layout::Layout;
use super::names::require_name;
use super::options::Options;

/// How long an answer may take; a produce waits at the SPU besides.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// What the SC said is good for so long where it is asked how far partitions are written.
const RECENT: Duration = Duration::from_secs(1);

/// The controller of a cluster.
pub(super) struct Controller {
    options: Arc<Options>,
    /// Held by who asks.
    connection: tokio::sync::Mutex<Connection>,
    said: Mutex<Said>,
    /// Connections that were lost, or could not be made.
    lost_connections: Arc<AtomicU64>,
}

/// The connection to the SC.
#[derive(Default)]
struct Connection {
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

impl Controller {
    /// Nothing is connected to yet.
    pub(super) fn new(options: Arc<Options>, lost_connections: Arc<AtomicU64>) -> Self {
        Self { options, connection: tokio::sync::Mutex::default(), said: Mutex::default(), lost_connections }
    }

    /// `Fluvio at host:port`, with what is being done.
    pub(super) fn doing(&self, what: &str) -> String {
        format!("Fluvio at {}: {what}", self.options.endpoint)
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
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the SC said last, unless that proved wrong.
    pub(super) fn known(&self) -> Option<Arc<Layout>> {
        let said = self.said();
        said.layout.as_ref().filter(|_| !said.is_wrong).map(|(_, layout)| Arc::clone(layout))
    }

    /// What the SC said a moment ago; where it does not answer, what it said last.
    pub(super) async fn recent(&self) -> Option<Arc<Layout>> {
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
    pub(super) async fn look(&self) -> Result<Arc<Layout>, Fault> {
        let asked = Instant::now();
        let mut connection = self.connection.lock().await;
        let said = self.said().layout.clone();
        if let Some((_, layout)) = said.filter(|(when, _)| *when > asked) {
            return Ok(layout);
        }
        if let Some((_, why)) = connection.failed.as_ref().filter(|(when, _)| *when > asked) {
            return Err(Fault::new(FaultKind::Unavailable, why.to_string()).advise(self.advice()));
        }
        let asked = Instant::now();
        match self.look_with(&mut connection.admin).await {
            Ok(layout) => {
                let layout = Arc::new(layout);
                *self.said() = Said { layout: Some((asked, Arc::clone(&layout))), is_wrong: false };
                Ok(layout)
            }
            Err(fault) => {
                connection.failed = Some((Instant::now(), fault.to_string().into()));
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
