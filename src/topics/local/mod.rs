//! Topics in a directory: the broker that needs no server.
//!
//! One SQLite file in WAL mode serves any number of processes on one machine, which read and write at the same time; a kill at any
//! moment leaves whole records. (A network file system does not do: WAL needs shared memory.) One file for all topics, rather than
//! one each: what is written to several topics at once costs one flush, and a reader of many topics watches one number.
//!
//! * `database`: the file, its format, its lock; `fault`: its errors; `batch`: how records are laid out in a row.
//! * `writer`: the task that writes; `reader`.

mod batch;
mod database;
mod fault;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use schemas::{Clock, Fault, FaultKind, Outgoing, TopicName};
use sqlx::SqliteConnection;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use self::database::Database;
use self::reader::LocalReader;
use self::writer::{Job, Writer};
use super::{Bounds, Reader, TopicPartition, TopicSpec, Topics, no_partitions, no_such_partition, no_such_topic};

/// Writes that wait for the writer, before who writes waits as well.
const QUEUED_WRITES: usize = 64;

/// The topics in a directory.
pub struct Local {
    database: Database,
    /// For short questions; readers and the writer have their own.
    questions: Mutex<SqliteConnection>,
    jobs: mpsc::Sender<Job>,
    commits: Arc<watch::Sender<u64>>,
}

impl Local {
    /// Opens the topics in `dir`, which is created where it is missing. `clock` gives the timestamp of records that carry none.
    ///
    /// # Errors
    ///
    /// `Refused` when the directory cannot be used, or holds topics in a format that this program does not know.
    pub async fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let database = Database::open(dir).await?;
        let questions = Mutex::new(database.connect().await?);
        let commits = Arc::new(watch::Sender::new(0));
        let (jobs, queue) = mpsc::channel(QUEUED_WRITES);
        // It ends by itself when `jobs` is dropped.
        tokio::spawn(Writer { database: database.clone(), clock, jobs: queue, commits: Arc::clone(&commits) }.run());
        Ok(Self { database, questions, jobs, commits })
    }

    /// Whether there are topics in the directory: opening makes what is missing, and this does not.
    #[must_use]
    pub fn is_in(dir: &Path) -> bool {
        dir.join(database::FILE).exists()
    }

    /// The partition's row and what it holds.
    async fn find(&self, partition: &TopicPartition) -> Result<(i64, Bounds), Fault> {
        let row: Option<(i64, i64, i64)> = sqlx::query_as(include_str!("sql/find_partition.sql"))
            .bind(partition.topic.as_str())
            .bind(partition.partition)
            .fetch_optional(&mut *self.questions.lock().await)
            .await
            .map_err(|error| self.database.fault(error))?;
        match row {
            Some((id, first, end)) => Ok((id, Bounds { first: first.cast_unsigned(), end: end.cast_unsigned() })),
            None => match self.count(&partition.topic).await? {
                0 => Err(no_such_topic(&partition.topic)),
                partitions => Err(no_such_partition(partition, partitions as usize)),
            },
        }
    }

    /// How many partitions the topic has; 0 where it does not exist.
    async fn count(&self, topic: &TopicName) -> Result<u32, Fault> {
        sqlx::query_scalar(
            "SELECT COUNT(*) FROM partitions JOIN topics ON topics.id = partitions.topic_id WHERE topics.name = ?1",
        )
        .bind(topic.as_str())
        .fetch_one(&mut *self.questions.lock().await)
        .await
        .map_err(|error| self.database.fault(error))
    }

    /// Adds the topic if it is new. Needs the write lock.
    async fn create_one(&self, connection: &mut SqliteConnection, spec: &TopicSpec) -> Result<(), Fault> {
        let fault = |error| self.database.fault(error);
        let new: Option<i64> = sqlx::query_scalar(include_str!("sql/create_topic.sql"))
            .bind(spec.name.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(fault)?;
        if let Some(topic_id) = new {
            sqlx::query(include_str!("sql/create_partitions.sql"))
                .bind(topic_id)
                .bind(spec.partitions)
                .execute(connection)
                .await
                .map_err(fault)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Topics for Local {
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        if let Some(empty) = topics.iter().find(|spec| spec.partitions == 0) {
            return Err(no_partitions(&empty.name));
        }
        // A connection of its own: should this call be cancelled, its transaction goes with it.
        let mut connection = self.database.connect_to_write().await?;
        self.database.lock(&mut connection).await?;
        for spec in topics {
            self.create_one(&mut connection, spec).await?;
        }
        self.database.commit(&mut connection).await?;
        self.database.close(connection).await
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let mut counts = BTreeMap::new();
        for topic in topics {
            match self.count(topic).await? {
                0 => {}
                count => drop(counts.insert(topic.clone(), count)),
            }
        }
        Ok(counts)
    }

    async fn incarnation(&self, topic: &TopicName) -> Result<Option<Arc<str>>, Fault> {
        let incarnation: Option<String> = sqlx::query_scalar("SELECT incarnation FROM topics WHERE name = ?1")
            .bind(topic.as_str())
            .fetch_optional(&mut *self.questions.lock().await)
            .await
            .map_err(|error| self.database.fault(error))?;
        Ok(incarnation.map(Into::into))
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        self.find(partition).await.map(|(_, bounds)| bounds)
    }

    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        let mut ids = Vec::with_capacity(from.len());
        for (partition, offset) in from {
            let (id, bounds) = self.find(partition).await?;
            bounds.admit(partition, *offset)?;
            ids.push(id);
        }
        let connection = self.database.connect().await?;
        Ok(Box::new(LocalReader::new(self.database.clone(), connection, Arc::clone(&self.commits), ids, from)))
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        records.iter().try_for_each(batch::check_size)?;
        let stopped = || Fault::new(FaultKind::Unavailable, "the writer of the local topics has stopped");
        let (done, answer) = oneshot::channel();
        self.jobs.send(Job { records, done }).await.map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn ping(&self) -> Result<(), Fault> {
        let answer: Result<i64, _> = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *self.questions.lock().await).await;
        answer.map(drop).map_err(|error| self.database.fault(error))
    }
}
