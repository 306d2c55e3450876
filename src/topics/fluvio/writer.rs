//! Writing: in order within each partition, acknowledged once every replica in sync has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fluvio::Isolation;
use fluvio::dataplane::link::ErrorCode;
use fluvio::dataplane::record::{Batch, RawRecords, RecordSet};
use fluvio_spu_schema::produce::{DefaultPartitionRequest, DefaultProduceRequest, DefaultTopicRequest};
use schemas::{Clock, Fault, FaultKind, Outgoing, TopicName};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::batch::{self, pack, request_bytes};
use super::cluster::Cluster;
use super::controller::PATIENCE;
use super::names::require_name;
use super::options::Options;
use crate::topics::TopicPartition;
use crate::topics::placement::{Placement, Placements};

/// How long records may wait to be written; then the write fails, and is retried by its caller. A new leader is found sooner.
const DELIVERY: Duration = Duration::from_secs(30);
/// How long the replicas may take to follow.
const REPLICAS: Duration = Duration::from_secs(5);
/// How long to wait before trying again.
const AGAIN: Duration = Duration::from_millis(100);
/// A request is sent once it holds this much, in bytes.
const REQUEST: usize = 4 << 20;

/// Writes records.
pub(super) struct Writer {
    options: Arc<Options>,
    cluster: Arc<Cluster>,
    clock: Arc<dyn Clock>,
    /// Of every topic that was written to. Offsets count what was written here, so that keyless records even out.
    placements: Mutex<Placements>,
}

impl Writer {
    pub(super) fn new(options: Arc<Options>, cluster: Arc<Cluster>, clock: Arc<dyn Clock>) -> Self {
        Self { options, cluster, clock, placements: Mutex::default() }
    }

    /// Writes records; see [`crate::topics::Topics::write`].
    pub(super) async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        records.iter().try_for_each(|record| self.check_size(record))?;
        let topics: BTreeSet<_> = records.iter().map(|record| record.topic.clone()).collect();
        let by_partition = self.place(records, &topics).await?;
        let mut sending = JoinSet::new();
        for (partition, records) in by_partition {
            let batches = pack(records, self.options.compression, self.clock.now())?;
            let cluster = Arc::clone(&self.cluster);
            sending.spawn(async move { send_all(&cluster, &partition, batches).await });
        }
        let mut first = None;
        // All are waited for, so that none is under way when the caller writes again.
        while let Some(sent) = sending.join_next().await {
            let sent = sent.unwrap_or_else(|error| Err(Fault::caused(FaultKind::Bug, "writing to Fluvio", error)));
            first = first.or(sent.err());
        }
        let Some(fault) = first else { return Ok(()) };
        if fault.kind() == FaultKind::Refused {
            let mut placements = self.placements.lock().await;
            topics.iter().for_each(|topic| placements.forget(topic));
        }
        Err(fault)
    }

    /// The records of each partition, in their order. A topic is asked for when it is written to first.
    async fn place(
        &self,
        records: Vec<Outgoing>,
        topics: &BTreeSet<TopicName>,
    ) -> Result<BTreeMap<TopicPartition, Vec<Outgoing>>, Fault> {
        let mut placements = self.placements.lock().await;
        let unknown: Vec<_> = topics.iter().filter(|topic| !placements.knows(topic)).cloned().collect();
        if !unknown.is_empty() {
            for (topic, count) in self.cluster.partitions(&unknown).await? {
                // So that processes which write little do not all begin with the same partition.
                let begin = (0..count).map(|_| u64::from(rand::random::<bool>())).collect();
                placements.insert(topic, Placement::new(begin));
            }
        }
        let places = placements.place_all(&records)?;
        drop(placements);
        let mut by_partition: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (record, place) in records.into_iter().zip(places) {
            let partition = TopicPartition { topic: record.topic.clone(), partition: place.partition };
            by_partition.entry(partition).or_default().push(record);
        }
        Ok(by_partition)
    }

    fn check_size(&self, record: &Outgoing) -> Result<(), Fault> {
        let (limit, size) = (self.options.max_record_bytes, batch::size_bytes(record) as u64);
        if size <= limit {
            return Ok(());
        }
        let what = format!("topic \"{}\": a record of {size} bytes is more than the {limit} that may be written", record.topic);
        Err(Fault::new(FaultKind::Oversized, what).advise("raise `max_record` of the broker `fluvio`, and what the SPUs take"))
    }
}

/// Writes the batches of a partition, one request after the other.
async fn send_all(cluster: &Cluster, partition: &TopicPartition, batches: Vec<Batch<RawRecords>>) -> Result<(), Fault> {
    let deadline = Instant::now() + DELIVERY;
    let (mut request, mut bytes) = (Vec::new(), 0);
    for batch in batches {
        bytes += request_bytes(&batch);
        request.push(batch);
        if bytes >= REQUEST {
            send(cluster, partition, std::mem::take(&mut request), deadline).await?;
            bytes = 0;
        }
    }
    if request.is_empty() {
        return Ok(());
    }
    send(cluster, partition, request, deadline).await
}

/// Sends a request until it is acknowledged, or the deadline has passed. An SPU that was lost may have written it and not said so:
/// then it stands there twice.
async fn send(
    cluster: &Cluster,
    partition: &TopicPartition,
    batches: Vec<Batch<RawRecords>>,
    deadline: Instant,
) -> Result<(), Fault> {
    loop {
        match send_once(cluster, partition, batches.clone()).await {
            Err(fault) if fault.kind() == FaultKind::Unavailable && Instant::now() < deadline => {
                tracing::debug!(%partition, "writing again: {fault}");
                tokio::time::sleep(AGAIN).await;
            }
            sent => return sent,
        }
    }
}

async fn send_once(cluster: &Cluster, partition: &TopicPartition, batches: Vec<Batch<RawRecords>>) -> Result<(), Fault> {
    let what = format!("{partition}: writing");
    let request = |name| DefaultProduceRequest {
        isolation: Isolation::ReadCommitted,
        timeout: REPLICAS,
        topics: vec![DefaultTopicRequest {
            name,
            partitions: vec![DefaultPartitionRequest { partition_index: partition.partition, records: RecordSet { batches } }],
            ..DefaultTopicRequest::default()
        }],
        ..DefaultProduceRequest::default()
    };
    let answer = cluster.ask(partition, &what, REPLICAS + PATIENCE, request).await?;
    let name = require_name(&partition.topic)?;
    match answer.find_partition_response(&name, partition.partition) {
        Some(written) if written.error_code == ErrorCode::None => Ok(()),
        Some(refused) => Err(cluster.refused(&what, refused.error_code.clone())),
        None => Err(Fault::new(FaultKind::Unavailable, format!("{what}: the answer does not name it"))),
    }
}
