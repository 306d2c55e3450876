//! The one task of a process that writes to the file.
//!
//! A flush to the disk costs the same for one record as for thousands, so all the writes that wait become one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemas::{Clock, Fault, FaultKind, Outgoing, TopicName};
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::batch::{self, Batch};
use super::database::Database;
use crate::topics::placement::{Place, Placement, Placements};

/// A transaction that has this many bytes of records takes no further write.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// Who held the write lock this long...
const LONG_HOLD: Duration = Duration::from_millis(5);

/// ...leaves it alone this long, so that the other processes, which try every millisecond, get it in turn.
const COURTESY: Duration = Duration::from_millis(1);

/// Records to write, and whom to tell.
pub(super) struct Job {
    pub(super) records: Vec<Outgoing>,
    pub(super) done: oneshot::Sender<Result<(), Fault>>,
}

/// What the task owns.
pub(super) struct Writer {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// Counts commits, to wake this process's readers at once.
    pub(super) commits: Arc<watch::Sender<u64>>,
}

/// The partitions of the topics that a transaction writes to: their rows' ids by number, and where the records go.
struct Open {
    ids: BTreeMap<TopicName, Vec<i64>>,
    placements: Placements,
}

/// The new batches by the id of their partition, in the order of offsets.
type Batches = BTreeMap<i64, Vec<Batch>>;

impl Writer {
    /// Writes until the last handle is dropped and all that was asked for is written.
    pub(super) async fn run(mut self) {
        let mut connection = None;
        while let Some(first) = self.jobs.recv().await {
            let jobs = self.group(first);
            let begun = Instant::now();
            let outcome = match connection.take() {
                Some(known) => self.write(known, jobs).await,
                None => match self.database.connect_to_write().await {
                    Ok(new) => self.write(new, jobs).await,
                    Err(fault) => {
                        answer_all(jobs, &fault);
                        None
                    }
                },
            };
            connection = outcome;
            if begun.elapsed() >= LONG_HOLD {
                tokio::time::sleep(COURTESY).await;
            }
        }
    }

    /// The job, and those that wait behind it, as far as one transaction takes them.
    fn group(&mut self, first: Job) -> Vec<Job> {
        let mut bytes = size_bytes(&first);
        let mut jobs = vec![first];
        while bytes < GROUP_BYTES
            && let Ok(job) = self.jobs.try_recv()
        {
            bytes += size_bytes(&job);
            jobs.push(job);
        }
        jobs
    }

    /// Writes the jobs and answers each. Gives the connection back only when all went well: one that failed in the midst of
    /// something is closed, which rolls back.
    pub(super) async fn write(&self, mut connection: SqliteConnection, jobs: Vec<Job>) -> Option<SqliteConnection> {
        let mut accepted = Vec::with_capacity(jobs.len());
        match self.transaction(&mut connection, jobs, &mut accepted).await {
            Ok(()) => {
                self.commits.send_modify(|count| *count += 1);
                for job in accepted {
                    // Who asked may have gone.
                    drop(job.done.send(Ok(())));
                }
                Some(connection)
            }
            Err(fault) => {
                answer_all(accepted, &fault);
                None
            }
        }
    }

    /// One transaction with all the jobs. One that names a topic or a partition that does not exist is refused by itself.
    async fn transaction(&self, connection: &mut SqliteConnection, jobs: Vec<Job>, accepted: &mut Vec<Job>) -> Result<(), Fault> {
        let topics: BTreeSet<TopicName> = jobs.iter().flat_map(|job| &job.records).map(|record| record.topic.clone()).collect();
        let opened = match self.database.lock(connection).await {
            Ok(()) => self.open(connection, topics).await,
            Err(fault) => Err(fault),
        };
        let mut open = match opened {
            Ok(open) => open,
            Err(fault) => {
                accepted.extend(jobs);
                return Err(fault);
            }
        };
        let now = self.clock.now();
        let mut batches = Batches::new();
        for job in jobs {
            match open.placements.place_all(&job.records) {
                Ok(places) => {
                    add(&mut batches, &open.ids, &job.records, &places, now);
                    accepted.push(job);
                }
                Err(fault) => drop(job.done.send(Err(fault))),
            }
        }
        self.insert(connection, batches).await?;
        self.database.commit(connection).await
    }

    /// Reads where the partitions end: under the write lock, so nobody else gives out the same offsets.
    async fn open(&self, connection: &mut SqliteConnection, topics: BTreeSet<TopicName>) -> Result<Open, Fault> {
        let mut open = Open { ids: BTreeMap::new(), placements: Placements::default() };
        for topic in topics {
            let rows: Vec<(i64, i64)> = sqlx::query_as(include_str!("sql/topic_ends.sql"))
                .bind(topic.as_str())
                .fetch_all(&mut *connection)
                .await
                .map_err(|error| self.database.fault(error))?;
            if rows.is_empty() {
                continue;
            }
            let (ids, ends): (Vec<_>, Vec<_>) = rows.into_iter().map(|(id, end)| (id, end.cast_unsigned())).unzip();
            open.placements.insert(topic.clone(), Placement::new(ends));
            open.ids.insert(topic, ids);
        }
        Ok(open)
    }

    async fn insert(&self, connection: &mut SqliteConnection, batches: Batches) -> Result<(), Fault> {
        let fault = |error| self.database.fault(error);
        for (partition_id, batches) in batches {
            let Some(end) = batches.last().map(|batch| batch.last_offset + 1) else { continue };
            for batch in batches {
                sqlx::query("INSERT INTO batches (partition_id, first_offset, last_offset, records) VALUES (?1, ?2, ?3, ?4)")
                    .bind(partition_id)
                    .bind(batch.first_offset.cast_signed())
                    .bind(batch.last_offset.cast_signed())
                    .bind(batch.records)
                    .execute(&mut *connection)
                    .await
                    .map_err(fault)?;
            }
            sqlx::query("UPDATE partitions SET end_offset = ?2 WHERE id = ?1")
                .bind(partition_id)
                .bind(end.cast_signed())
                .execute(&mut *connection)
                .await
                .map_err(fault)?;
        }
        Ok(())
    }
}

fn size_bytes(job: &Job) -> usize {
    job.records.iter().map(batch::size_bytes).sum()
}

fn add(batches: &mut Batches, ids: &BTreeMap<TopicName, Vec<i64>>, records: &[Outgoing], places: &[Place], now: DateTime<Utc>) {
    for (record, place) in records.iter().zip(places) {
        let id = ids[&record.topic][place.partition as usize];
        let of_partition = batches.entry(id).or_default();
        match of_partition.last_mut() {
            Some(batch) if !batch.is_full() => batch.push(record, now),
            Some(_) | None => of_partition.push(Batch::of(place.offset, record, now)),
        }
    }
}

/// Tells everybody the same fault.
fn answer_all(jobs: Vec<Job>, fault: &Fault) {
    for job in jobs {
        let kind: FaultKind = fault.kind();
        drop(job.done.send(Err(Fault::new(kind, fault.to_string()).advise(fault.advice()))));
    }
}
