//! Reading batches in order, and waiting for those to come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{Fault, FaultKind, Raw};
use sqlx::SqliteConnection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::batch;
use super::database::Database;
use crate::topics::read_ahead::{Fetched, ReadAhead};
use crate::topics::{FORGOTTEN_ADVICE, ReadLimits, Reader, TopicPartition};

/// How often one looks whether another process has committed: a read of shared memory, some microseconds.
const POLL: Duration = Duration::from_millis(5);

/// The most batches that one query returns.
const MAX_BATCHES: usize = 256;

/// A reader with a connection of its own.
pub(super) struct LocalReader {
    database: Database,
    connection: SqliteConnection,
    /// Changes when this process commits. The sender is held as well: so the channel stays open without the broker's handle.
    commits: (Arc<watch::Sender<u64>>, watch::Receiver<u64>),
    /// The ids of the partitions, in the order of `read_ahead`.
    ids: Vec<i64>,
    read_ahead: ReadAhead,
}

impl LocalReader {
    pub(super) fn new(
        database: Database,
        connection: SqliteConnection,
        commits: Arc<watch::Sender<u64>>,
        ids: Vec<i64>,
        from: &[(TopicPartition, u64)],
    ) -> Self {
        let receiver = commits.subscribe();
        Self { database, connection, commits: (commits, receiver), ids, read_ahead: ReadAhead::new(from) }
    }

    /// Fetches what the limits could take of each partition, those that are served next first, until about as many bytes wait as the limits
    /// allow: of many partitions with large records, some come another time.
    async fn fetch(&mut self, limits: &ReadLimits) -> Result<(), Fault> {
        let ends = self.ends().await?;
        let end_of = |id: &i64| ends.get(id).copied().unwrap_or(0);
        let partitions = self.read_ahead.partitions();
        let waiting = |(fetched, id): &(&mut Fetched, &i64)| fetched.len() > 0 || fetched.next < end_of(id);
        let shares = partitions.iter_mut().zip(&self.ids).filter(waiting).count().max(1);
        let (records, bytes) = ((limits.records / shares).max(1), (limits.bytes / shares).max(1));
        for at in self.read_ahead.in_turn() {
            let left = limits.bytes.max(1).saturating_sub(self.read_ahead.size_bytes());
            if left == 0 {
                break;
            }
            let (fetched, id) = (&mut self.read_ahead.partitions()[at], &self.ids[at]);
            let missing = records.saturating_sub(fetched.len());
            if fetched.next >= end_of(id) || missing == 0 {
                continue;
            }
            let rows = query_batches(&mut self.connection, *id, fetched.next, bytes.min(left), missing.min(MAX_BATCHES))
                .await
                .map_err(|error| self.database.fault(error))?;
            queue(fetched, &rows)?;
        }
        Ok(())
    }

    /// Where the partitions of this reader end, by their id.
    async fn ends(&mut self) -> Result<BTreeMap<i64, u64>, Fault> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as("SELECT id, end_offset FROM partitions WHERE id IN (SELECT value FROM json_each(?1))")
                .bind(format!("{:?}", self.ids))
                .fetch_all(&mut self.connection)
                .await
                .map_err(|error| self.database.fault(error))?;
        Ok(rows.into_iter().map(|(id, end)| (id, end.cast_unsigned())).collect())
    }

    /// A number that changes with every commit of another connection, in this process or not.
    async fn data_version(&mut self) -> Result<i64, Fault> {
        let version = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut self.connection).await;
        version.map_err(|error| self.database.fault(error))
    }

    /// Waits for a commit after `seen`; false when the deadline came first.
    async fn committed_since(&mut self, seen: i64, deadline: Instant) -> Result<bool, Fault> {
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Ok(false);
            }
            if tokio::time::timeout_at(deadline.min(now + POLL), self.commits.1.changed()).await.is_ok()
                || self.data_version().await? != seen
            {
                return Ok(true);
            }
        }
    }
}

/// First and last offset, and the records.
type BatchRow = (i64, i64, Vec<u8>);

async fn query_batches(
    connection: &mut SqliteConnection,
    partition_id: i64,
    offset: u64,
    bytes: usize,
    batches: usize,
) -> Result<Vec<BatchRow>, sqlx::Error> {
    sqlx::query_as(include_str!("sql/fetch_batches.sql"))
        .bind(partition_id)
        .bind(offset.cast_signed())
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(i64::try_from(batches).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
}

/// Queues the records of the rows. The partition goes on beyond `fetched.next`, so there is a row that holds it, if nobody removed it.
fn queue(fetched: &mut Fetched, rows: &[BatchRow]) -> Result<(), Fault> {
    if rows.is_empty() {
        return Err(removed(fetched));
    }
    for (first, last, records) in rows {
        let (first, last) = (first.cast_unsigned(), last.cast_unsigned());
        if first > fetched.next {
            return Err(removed(fetched));
        }
        for record in batch::decode(&fetched.partition, (first, last), records, fetched.next)? {
            fetched.push(record);
        }
    }
    Ok(())
}

fn removed(fetched: &Fetched) -> Fault {
    let Fetched { partition, next, .. } = fetched;
    Fault::new(FaultKind::Lost, format!("{partition}: the record at offset {next} was removed before it was read"))
        .advise(FORGOTTEN_ADVICE)
}

#[async_trait]
impl Reader for LocalReader {
    async fn read(&mut self, limits: &ReadLimits) -> Result<Vec<Raw>, Fault> {
        let deadline = limits.deadline();
        loop {
            // In this order: what is committed after these two is seen by the wait, what came before by the fetch.
            self.commits.1.borrow_and_update();
            let seen = self.data_version().await?;
            self.fetch(limits).await?;
            let taken = self.read_ahead.take(limits);
            if !taken.is_empty() || !self.committed_since(seen, deadline).await? {
                return Ok(taken);
            }
        }
    }

    fn positions(&self) -> Vec<(TopicPartition, u64)> {
        self.read_ahead.positions()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use schemas::{Outgoing, SystemClock, TopicName};

    use super::*;
    use crate::topics::local::Local;
    use crate::topics::{TopicSpec, Topics};

    #[tokio::test]
    async fn large_records_of_many_partitions_come_a_few_at_a_time() {
        const PARTITIONS: u32 = 40;
        const VALUE_BYTES: usize = 200_000;
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(dir.path(), Arc::new(SystemClock)).await.unwrap();
        let topic = TopicName::try_from("t").unwrap();
        local.create(&[TopicSpec { name: topic.clone(), partitions: PARTITIONS }]).await.unwrap();
        let record = |partition| Outgoing {
            topic: topic.clone(),
            partition: Some(partition),
            key: None,
            value: vec![b'x'; VALUE_BYTES].into(),
            headers: Vec::new(),
            timestamp: None,
        };
        local.write((0..PARTITIONS).map(record).collect()).await.unwrap();
        let from: Vec<_> = (0..PARTITIONS).map(|partition| (TopicPartition { topic: topic.clone(), partition }, 0)).collect();
        let mut ids = Vec::new();
        for (partition, _) in &from {
            ids.push(local.find(partition).await.unwrap().0);
        }
        let connection = local.database.connect().await.unwrap();
        let mut reader = LocalReader::new(local.database.clone(), connection, Arc::clone(&local.commits), ids, &from);
        let limits = ReadLimits { records: 1_000, bytes: 3 * VALUE_BYTES, wait: Duration::ZERO };
        let mut read = Vec::new();
        loop {
            let ahead = reader.read_ahead.size_bytes();
            let records = reader.read(&limits).await.unwrap();
            let fetched = reader.read_ahead.size_bytes() + records.iter().map(Raw::size_bytes).sum::<usize>() - ahead;
            assert!(fetched < limits.bytes + 2 * VALUE_BYTES, "{fetched} bytes fetched at once");
            if records.is_empty() {
                break;
            }
            read.extend(records.into_iter().map(|raw| raw.origin.partition));
        }
        read.sort_unstable();
        assert_eq!(read, (0..PARTITIONS).collect::<Vec<_>>());
    }
}
