//! The source at work: reads requests, and sends what is answered when its time comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemas::{Clock, Fault, TopicName};
use serde::Serialize;
use tokio::sync::watch;
use transforms::Step;
use transforms::keep_in_sync::REQUESTS;

use crate::cli::Failure;
use crate::cli::exit::Exit;
use crate::config::Plan;
use crate::generate::{ANSWERS, Line, SourceRequest};
use crate::topics::{ReadLimits, Reader, TopicPartition, Topics};

/// How much is read at once, and how long one read waits.
const READ: ReadLimits = ReadLimits { records: 1_000, bytes: 4 << 20, wait: Duration::from_millis(200) };
/// How many answers may wait for their time, before requests are left where they are.
const WAITING_AT_MOST: usize = 100_000;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Counts {
    /// Requests that were read.
    pub(in crate::cli) requests: u64,
    /// Records that are none.
    pub(in crate::cli) others: u64,
    /// Requests that are never answered.
    pub(in crate::cli) lost: u64,
    /// Answers that were sent, those that are sent twice counted twice.
    pub(in crate::cli) answers: u64,
    /// Answers whose time had not come at the end.
    pub(in crate::cli) unsent: u64,
}

/// What is answered to a request that is read now: records, and when they are sent.
pub(in crate::cli) type Answers = dyn Fn(&SourceRequest, DateTime<Utc>) -> Vec<(DateTime<Utc>, Line)> + Send + Sync;

/// The source at work: from where it reads, and what it has yet to send.
pub(in crate::cli) struct Answering {
    topics: Arc<dyn Topics>,
    clock: Arc<dyn Clock>,
    /// The topic of requests.
    pub(in crate::cli) requests: TopicName,
    reader: Box<dyn Reader>,
    /// The next offset of each partition.
    next: BTreeMap<TopicPartition, u64>,
    answers: Box<Answers>,
    /// What is sent when, and as the how manyth it was made.
    waiting: BTreeMap<(DateTime<Utc>, u64), Line>,
    made: u64,
    counts: Counts,
}

impl Answering {
    /// Opens the topic of requests, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// `NotSo` where the plan sends no requests, or declares no topic for answers; a fault of the broker.
    pub(in crate::cli) async fn begin(
        plan: &Plan,
        topics: Arc<dyn Topics>,
        clock: Arc<dyn Clock>,
        answers: Box<Answers>,
        from_beginning: bool,
    ) -> Result<Self, Failure> {
        let requests = requests(plan)?;
        if !plan.topics.keys().any(|topic| topic.as_str() == ANSWERS) {
            let message = format!("the pipeline file declares no topic {ANSWERS}, on which answers are sent");
            return Err(Failure::new(Exit::NotSo, message));
        }
        let declared = plan.topics.values().filter(|topic| topic.name == requests || topic.name.as_str() == ANSWERS);
        topics.create(&declared.map(|topic| topic.spec()).collect::<Vec<_>>()).await?;
        let partitions = topics.partitions(std::slice::from_ref(&requests)).await?;
        let mut next = BTreeMap::new();
        for partition in 0..partitions.get(&requests).copied().unwrap_or_default() {
            let partition = TopicPartition { topic: requests.clone(), partition };
            let bounds = topics.bounds(&partition).await?;
            next.insert(partition, if from_beginning { bounds.first } else { bounds.end });
        }
        let from: Vec<_> = next.iter().map(|(partition, offset)| (partition.clone(), *offset)).collect();
        let reader = topics.reader(&from).await?;
        let (waiting, counts) = (BTreeMap::new(), Counts::default());
        Ok(Self { topics, clock, requests, reader, next, answers, waiting, made: 0, counts })
    }

    /// Answers, until `stop` turns true, or until all that is there now is answered.
    ///
    /// # Errors
    ///
    /// A fault of the broker.
    pub(in crate::cli) async fn work(&mut self, until_caught_up: bool, mut stop: watch::Receiver<bool>) -> Result<(), Fault> {
        let ends = if until_caught_up { Some(ends(&self.topics, self.next.keys()).await?) } else { None };
        while !*stop.borrow() {
            let caught_up = ends.as_ref().is_some_and(|ends| self.has_read(ends));
            if caught_up && self.waiting.is_empty() {
                break;
            }
            let reads = !caught_up && self.waiting.len() < WAITING_AT_MOST;
            tokio::select! {
                done = self.turn(reads) => done?,
                Ok(_) = stop.wait_for(|stop| *stop) => break,
            }
        }
        Ok(())
    }

    async fn turn(&mut self, reads: bool) -> Result<(), Fault> {
        if reads {
            self.hear().await?;
        } else {
            tokio::time::sleep(READ.wait).await;
        }
        self.send().await
    }

    /// Reads all requests that are there now. Answers when the last of those that are to be answered is due.
    ///
    /// # Errors
    ///
    /// A fault of the broker.
    pub(in crate::cli) async fn catch_up(&mut self) -> Result<Option<DateTime<Utc>>, Fault> {
        let ends = ends(&self.topics, self.next.keys()).await?;
        while !self.has_read(&ends) {
            self.hear().await?;
        }
        Ok(self.waiting.keys().next_back().map(|(at, _)| *at))
    }

    fn has_read(&self, ends: &BTreeMap<TopicPartition, u64>) -> bool {
        self.next.iter().all(|(partition, next)| ends.get(partition).is_none_or(|end| next >= end))
    }

    /// Reads requests, and notes what is to be answered.
    async fn hear(&mut self) -> Result<(), Fault> {
        let records = self.reader.read(&READ).await?;
        let now = self.clock.now();
        for raw in records {
            let partition = TopicPartition { topic: raw.origin.topic.clone(), partition: raw.origin.partition };
            self.next.insert(partition, raw.origin.offset + 1);
            let Some(request) = SourceRequest::parse(&raw.value) else {
                self.counts.others += 1;
                continue;
            };
            self.counts.requests += 1;
            let answers = (self.answers)(&request, now);
            self.counts.lost += u64::from(answers.is_empty());
            for (at, line) in answers {
                self.waiting.insert((at, self.made), line);
                self.made += 1;
            }
        }
        Ok(())
    }

    /// Sends the answers whose time has come.
    ///
    /// # Errors
    ///
    /// A fault of the broker.
    pub(in crate::cli) async fn send(&mut self) -> Result<(), Fault> {
        let later = self.waiting.split_off(&(self.clock.now(), u64::MAX));
        let due = std::mem::replace(&mut self.waiting, later);
        let records = due.values().map(Line::record).collect::<Result<Vec<_>, _>>()?;
        if !records.is_empty() {
            self.counts.answers += records.len() as u64;
            self.topics.write(records).await?;
        }
        Ok(())
    }

    /// What was done so far.
    pub(in crate::cli) fn counts(&self) -> Counts {
        Counts { unsent: self.waiting.len() as u64, ..self.counts }
    }
}

/// Where the partitions end now.
async fn ends(
    topics: &Arc<dyn Topics>,
    partitions: impl Iterator<Item = &TopicPartition>,
) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
    let mut ends = BTreeMap::new();
    for partition in partitions {
        ends.insert(partition.clone(), topics.bounds(partition).await?.end);
    }
    Ok(ends)
}

/// The topic on which the plan asks its source.
fn requests(plan: &Plan) -> Result<TopicName, Failure> {
    let steps = plan.segments.iter().flat_map(|segment| &segment.stages).flat_map(|stage| &stage.steps);
    let mut workflows = steps.filter(|step| matches!(&step.step, Step::Workflow(workflow) if workflow.is_enabled()));
    workflows.find_map(|step| step.routes.get(REQUESTS)).cloned().ok_or_else(|| {
        let message = "the pipeline asks for nothing: no stage has `use: keep_in_sync`, or it is switched off\nhelp: set ENABLE_V21_WORKFLOW=true";
        Failure::new(Exit::NotSo, message)
    })
}
