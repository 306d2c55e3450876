//! Batches of records from lines, checked against the topics that there are.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, Outgoing, TopicName};
use tokio::time::{Instant, timeout_at};

use crate::cli::lines::Lines;
use crate::record_line::{InvalidLine, parse};
use crate::topics::{TopicPartition, TopicSpec, Topics};

/// A batch has at most this many records...
const BATCH_RECORDS: usize = 1000;

/// ...and about this many bytes of values...
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// ...and is written this long after its first line came, however slowly the next ones come.
const LINGER: Duration = Duration::from_millis(100);

/// How many partitions a topic gets that is declared nowhere.
const UNDECLARED_PARTITIONS: u32 = 1;

/// Records to write, and what came after them, if nothing more is to be read.
pub(super) struct Batch {
    pub(super) records: Vec<Outgoing>,
    pub(super) end: Option<End>,
}

/// Why no more is read.
pub(super) enum End {
    /// All is read.
    Input,
    /// A line is wrong.
    Invalid(InvalidLine),
    /// The input cannot be read on.
    Unreadable(io::Error),
    /// The broker cannot be asked about a topic.
    Broker(Fault),
}

/// Lines that become batches.
pub(super) struct Source {
    lines: Lines,
    targets: Targets,
}

impl Source {
    pub(super) fn new(lines: Lines, targets: Targets) -> Self {
        Self { lines, targets }
    }

    pub(super) fn size_bytes(&self) -> Option<u64> {
        self.lines.size_bytes()
    }

    pub(super) fn read_bytes(&self) -> u64 {
        self.lines.read_bytes()
    }

    /// The next batch; empty only where something ends it.
    pub(super) async fn next(&mut self) -> Batch {
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut deadline = None;
        while records.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let line = match deadline {
                None => self.lines.next().await,
                Some(deadline) => match timeout_at(deadline, self.lines.next()).await {
                    Ok(line) => line,
                    Err(_) => break,
                },
            };
            deadline.get_or_insert_with(|| Instant::now() + LINGER);
            match self.record(line).await {
                Ok(record) => {
                    bytes += record.value.len();
                    records.push(record);
                }
                Err(end) => return Batch { records, end: Some(end) },
            }
        }
        Batch { records, end: None }
    }

    async fn record(&mut self, line: io::Result<Option<(u64, Vec<u8>)>>) -> Result<Outgoing, End> {
        match line {
            Ok(Some((number, text))) => {
                let record = parse(number, &text).map_err(End::Invalid)?;
                self.targets.admit(number, &record).await?;
                Ok(record)
            }
            Ok(None) => Err(End::Input),
            Err(error) => Err(End::Unreadable(error)),
        }
    }
}

/// The topics that may be written to.
pub(super) struct Targets {
    topics: Arc<dyn Topics>,
    /// Those that are created where they do not exist, with their partitions.
    declared: BTreeMap<TopicName, u32>,
    /// Whether all others are, too.
    create: bool,
    /// Those that were asked about and exist, with their partitions.
    known: BTreeMap<TopicName, u32>,
}

impl Targets {
    pub(super) fn new(topics: Arc<dyn Topics>, declared: &[TopicSpec], create: bool) -> Self {
        let declared = declared.iter().map(|spec| (spec.name.clone(), spec.partitions)).collect();
        Self { topics, declared, create, known: BTreeMap::new() }
    }

    /// Checks that the record of this line has somewhere to go, and creates the topic where that is allowed.
    async fn admit(&mut self, line: u64, record: &Outgoing) -> Result<(), End> {
        let partitions = match self.known.get(&record.topic) {
            Some(partitions) => *partitions,
            None => {
                let partitions = self.ensure(line, &record.topic).await?;
                self.known.insert(record.topic.clone(), partitions);
                partitions
            }
        };
        match record.partition {
            Some(partition) if partition >= partitions => {
                let named = TopicPartition { topic: record.topic.clone(), partition };
                let what = format!("{named} does not exist: the topic has {partitions} partition(s), counted from 0");
                Err(End::Invalid(InvalidLine::new(line, what)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How many partitions the topic has, once it exists.
    async fn ensure(&self, line: u64, topic: &TopicName) -> Result<u32, End> {
        if let Some(partitions) = self.partitions(topic).await? {
            return Ok(partitions);
        }
        let missing = || {
            let what = format!("topic \"{topic}\" does not exist; declare it in the pipeline file, or give --create");
            End::Invalid(InvalidLine::new(line, what))
        };
        let declared = self.declared.get(topic).copied();
        let partitions = declared.or(self.create.then_some(UNDECLARED_PARTITIONS)).ok_or_else(missing)?;
        self.topics.create(&[TopicSpec { name: topic.clone(), partitions }]).await.map_err(End::Broker)?;
        // Somebody else may have created it at the same time, with other partitions.
        self.partitions(topic).await?.ok_or_else(missing)
    }

    async fn partitions(&self, topic: &TopicName) -> Result<Option<u32>, End> {
        let counts = self.topics.partitions(std::slice::from_ref(topic)).await.map_err(End::Broker)?;
        Ok(counts.get(topic).copied())
    }
}
