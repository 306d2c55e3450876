//! Transactions: what is written and how far the group has read, visible together (`docs/adr/0017-exactly-once.md`).
//!
//! librdkafka's client for transactions is good for one at a time, and for nothing more once one went wrong in a way that it cannot abort.
//! Then the next `open` makes a new one of the same name, and the cluster ends what the old one left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::Offset;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{FutureProducer, Producer};
use schemas::{Clock, Fault, FaultKind, Outgoing};

use super::aside;
use super::fault::Heard;
use super::offsets::{Offsets, listed};
use super::options::Options;
use super::questions::Questions;
use super::writer::Writer;
use crate::topics::TopicPartition;
use crate::topics::transactions::Transactions;

/// How long the cluster may take to end what was left open under the name.
const OPENING: Duration = Duration::from_secs(10);
/// How long it may take to answer about positions, or a commit.
const ANSWER: Duration = Duration::from_secs(10);
/// How long it may take to abort.
const ABORTING: Duration = Duration::from_secs(2);

type Client = Arc<FutureProducer<Heard>>;

/// Transactions of one name.
pub(super) struct KafkaTransactions {
    writer: Writer,
    offsets: Offsets,
    heard: Heard,
    /// The cluster and the name, for messages.
    what: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The writer's client, once it may begin a transaction.
    ready: Option<Client>,
    /// Whether a transaction is begun and not known to be over.
    begun: bool,
}

impl KafkaTransactions {
    /// Nothing is connected to yet. `id` is the `transactional.id`.
    pub(super) fn new(
        options: Arc<Options>,
        id: &str,
        offsets: Offsets,
        heard: Heard,
        questions: Questions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let what = format!("Kafka at {}: the transaction \"{id}\"", options.servers);
        let config = options.of_transactions(id);
        let writer = Writer::new(options, config, heard.clone(), questions, clock);
        Self { writer, offsets, heard, what, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Result<Client, Fault> {
        let ready = self.state().ready.clone();
        ready.ok_or_else(|| Fault::new(FaultKind::Bug, format!("{}: it is not open", self.what)))
    }

    /// Forgets a client that may be good for nothing more.
    fn discard(&self) {
        self.writer.discard();
        if let Some(client) = std::mem::take(&mut *self.state()).ready {
            aside::end(client);
        }
    }

    /// Runs a call of the client that blocks.
    async fn call(
        &self,
        client: &Client,
        doing: &str,
        call: impl FnOnce(&FutureProducer<Heard>) -> KafkaResult<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let client = Arc::clone(client);
        let answer = aside::run(move || Ok(call(&client))).await?;
        answer.map_err(|error| self.fault(doing, error))
    }

    /// Only what the cluster refuses stays so: after anything else a new client may succeed.
    fn fault(&self, doing: &str, error: KafkaError) -> Fault {
        let fault = self.heard.fault(format!("{}: {doing}", self.what), error);
        match fault.kind() {
            FaultKind::Refused | FaultKind::Unavailable => fault,
            _ => Fault::new(FaultKind::Unavailable, fault.to_string()),
        }
    }
}

#[async_trait]
impl Transactions for KafkaTransactions {
    async fn open(&self) -> Result<(), Fault> {
        if self.state().ready.is_some() {
            return Ok(());
        }
        let client = self.writer.producer()?;
        let opened = self.call(&client, "ending what was open under its name", |client| client.init_transactions(OPENING)).await;
        match opened {
            Ok(()) => {
                *self.state() = State { ready: Some(client), begun: false };
                Ok(())
            }
            Err(fault) => {
                self.discard();
                aside::end(client);
                Err(fault)
            }
        }
    }

    async fn prepare(&self, records: &[Outgoing], positions: &[(TopicPartition, u64)]) -> Result<(), Fault> {
        let client = self.client()?;
        self.state().begun = true;
        self.call(&client, "beginning", FutureProducer::begin_transaction).await?;
        self.writer.write(records).await?;
        let offsets = listed(positions.iter().map(|(of, offset)| (of, Offset::Offset(offset.cast_signed()))));
        let offsets = offsets.map_err(|error| self.fault("a position that Kafka cannot hold", error))?;
        let group = self.offsets.metadata().await?;
        self.call(&client, "adding positions", move |client| client.send_offsets_to_transaction(&offsets, &group, ANSWER)).await
    }

    async fn commit(&self) -> Result<(), Fault> {
        let client = self.client()?;
        self.call(&client, "committing", |client| client.commit_transaction(ANSWER)).await?;
        self.state().begun = false;
        Ok(())
    }

    async fn abort(&self) {
        let (client, begun) = {
            let state = self.state();
            (state.ready.clone(), state.begun)
        };
        let Some(client) = client.filter(|_| begun) else { return };
        match self.call(&client, "aborting", |client| client.abort_transaction(ABORTING)).await {
            Ok(()) => self.state().begun = false,
            Err(fault) => {
                tracing::debug!(%fault, "not aborted; opening it again ends it");
                self.discard();
            }
        }
        aside::end(client);
    }
}

impl Drop for KafkaTransactions {
    /// Whoever takes over waits for the end of a transaction that is open: it need not time out.
    fn drop(&mut self) {
        let State { ready, begun } = std::mem::take(&mut *self.state());
        let Some(client) = ready else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if begun => drop(runtime.spawn_blocking(move || client.abort_transaction(ABORTING))),
            _ => aside::end(client),
        }
    }
}
