//! Topics on a Fluvio cluster.
//!
//! One worker reads all partitions, each from the offset that the sink keeps; the cluster's own consumer offsets are not used. A
//! record there has a key, a value and a timestamp in milliseconds, and no headers: those of a record that is written are left out.
//!
//! * `options`: what the file says; `names`: what topics are called there; `fault`: its errors.
//! * `cluster`: whom to ask what; `layout`: who that is; `connections`: to them; `batch`: how records are framed; `writer`; `reader`, `stream`, one for each of its partitions,
//!   and `troubles`, those that have to wait.

mod batch;
mod cluster;
mod connections;
mod controller;
mod fault;
mod layout;
mod names;
mod options;
mod reader;
mod stream;
mod troubles;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{Clock, Fault, FaultKind, Outgoing, Reaction, TopicName};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use self::names::{TOPIC_RULE, is_topic};
pub use self::options::{Compression, Options, Tls};

use self::cluster::Cluster;
use self::reader::FluvioReader;
use self::troubles::Troubles;
use self::writer::Writer;
use super::{Bounds, Reader, TopicPartition, TopicSpec, Topics, no_partitions, no_such_topic};

/// How long the cluster may take to create topics, and then to have leaders for them.
const CREATION: Duration = Duration::from_secs(20);
/// How long to wait for the SC to say that it has created one.
const ANSWER: Duration = Duration::from_secs(2);
/// How many are created at the same time.
const AT_ONCE: usize = 8;
/// How often one asks whether it has.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The topics of a cluster.
pub struct Fluvio {
    options: Arc<Options>,
    cluster: Arc<Cluster>,
    writer: Writer,
    clock: Arc<dyn Clock>,
}

impl Fluvio {
    /// Connects. `clock` gives the timestamp of records that carry none.
    ///
    /// # Errors
    ///
    /// `Refused` for certificates that cannot be used; `Unavailable` while the SC does not answer.
    pub async fn open(options: &Options, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let options = Arc::new(options.clone());
        let cluster = Arc::new(Cluster::new(Arc::clone(&options))?);
        cluster.ping().await?;
        let writer = Writer::new(Arc::clone(&options), Arc::clone(&cluster), Arc::clone(&clock));
        Ok(Self { options, cluster, writer, clock })
    }
}

/// Creates a topic that did not exist a moment ago, and waits until it can be read.
async fn create_missing(cluster: &Cluster, spec: &TopicSpec) -> Result<(), Fault> {
    let begun = Instant::now();
    let answer = cluster.controller().create(&spec.name, spec.partitions, ANSWER).await;
    // Another process may have been first, or the answer is late.
    while cluster.partitions(std::slice::from_ref(&spec.name)).await?.is_empty() {
        match &answer {
            Err(fault) if fault.kind() == FaultKind::Refused || begun.elapsed() > CREATION => return answer,
            _ if begun.elapsed() > CREATION => return Err(no_such_topic(&spec.name)),
            _ => tokio::time::sleep(ASK_AGAIN).await,
        }
    }
    for partition in 0..spec.partitions {
        let partition = TopicPartition { topic: spec.name.clone(), partition };
        while let Err(fault) = cluster.bounds(&partition).await {
            if fault.reaction() != Reaction::Retry {
                return Err(fault);
            }
            if begun.elapsed() > CREATION {
                let advice = "see whether the cluster has as many SPUs online as `replication` of the broker `fluvio` says";
                return Err(fault.advise(advice));
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
    Ok(())
}

#[async_trait]
impl Topics for Fluvio {
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        if let Some(empty) = topics.iter().find(|spec| spec.partitions == 0) {
            return Err(no_partitions(&empty.name));
        }
        let names: Vec<_> = topics.iter().map(|spec| spec.name.clone()).collect();
        let there = self.cluster.partitions(&names).await?;
        let missing: Vec<_> = topics.iter().filter(|spec| !there.contains_key(&spec.name)).collect();
        for some in missing.chunks(AT_ONCE) {
            let mut creating = JoinSet::new();
            for spec in some {
                let (cluster, spec) = (Arc::clone(&self.cluster), TopicSpec::clone(spec));
                creating.spawn(async move { create_missing(&cluster, &spec).await });
            }
            while let Some(created) = creating.join_next().await {
                created.map_err(|error| Fault::caused(FaultKind::Bug, "creating topics", error))??;
            }
        }
        Ok(())
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        self.cluster.partitions(topics).await
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        self.cluster.bounds(partition).await
    }

    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        let mut asked = JoinSet::new();
        for (partition, offset) in from.iter().cloned() {
            let cluster = Arc::clone(&self.cluster);
            asked.spawn(async move { (cluster.admit(&partition, offset).await, partition) });
        }
        let troubles = Troubles::default();
        let mut unavailable = None;
        while let Some(answer) = asked.join_next().await {
            match answer.map_err(|error| Fault::caused(FaultKind::Bug, "asking for the ends of partitions", error))? {
                (Ok(_), _) => {}
                (Err(fault), partition) if fault.reaction() == Reaction::Retry => {
                    troubles.bad(&partition, fault.to_string());
                    unavailable = Some(fault);
                }
                (Err(fault), _) => return Err(fault),
            }
        }
        // One that can be read is enough to begin with.
        if let Some(fault) = unavailable.filter(|_| troubles.of_all(from.len()).is_some()) {
            return Err(fault);
        }
        Ok(Box::new(FluvioReader::open(&self.options, &self.cluster, &self.clock, from, troubles)))
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        self.writer.write(records).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.cluster.ping().await
    }

    fn keeps_headers(&self) -> bool {
        false
    }

    fn lost_connections(&self) -> u64 {
        self.cluster.lost_connections()
    }
}
