//! The profile store in a SQLite file: one writer, a few readers, and the file's own lock against other processes.
//!
//! Every statement is a file of `sql/`; the tables are those of `migrations/sqlite/`.

mod backfills;
mod batch;
mod changelog;
mod connect;
mod critical;
mod dead_letters;
mod fault;
mod leases;
pub(crate) mod migrate;
mod outbox;
mod prepared;
mod read;
mod seen;
mod statements;
mod syncs;
mod time;
mod value;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemas::store::{
    Assigned, Backfill, Batch, Claim, DeadLetterFilter, Lease, Loaded, OutboxEntry, Position, ProfileFilter, StoredChange,
    StoredDeadLetter, Walked, Written,
};
use schemas::{Fault, FaultKind, Reason, TopicName};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool};

use crate::aside;
use crate::syncs::attach;
use crate::{Settings, Sink};
use leases::Terms;
use prepared::Prepared;
use statements::Statements;
use writer::Writer;

/// How long a reader waits for a connection of the pool. Reads are short: only a stuck disk makes them last.
const POOL_TIMEOUT: Duration = Duration::from_secs(10);

/// A store in a SQLite file, or in memory.
pub(crate) struct SqliteSink {
    pipeline: String,
    statements: Arc<Statements>,
    loaded_bytes: u32,
    readers: SqlitePool,
    writer: Writer,
}

impl SqliteSink {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// `Refused` for names that are no identifiers, a file that does not exist, or tables that are missing or of an older program.
    pub(crate) async fn open(url: &str, settings: &Settings) -> Result<Self, Fault> {
        let options = connect::options(url)?;
        let mut connection = options.connect().await.map_err(fault::when("opening the database"))?;
        if connect::in_memory(url) {
            migrate::apply(&mut connection, &settings.names()?).await?;
        }
        Self::over(connection, options, settings).await
    }

    /// Opens the store over the connection that is to write. `options` open further ones.
    async fn over(mut connection: SqliteConnection, options: SqliteConnectOptions, settings: &Settings) -> Result<Self, Fault> {
        let statements = Arc::new(Statements::new(&settings.names()?)?);
        migrated(&mut connection).await?;
        // Finds tables and columns that are named otherwise than the settings say, before the first record is read.
        let nobody = |statement| sqlx::query(statement).bind("[]");
        for probe in [nobody(statements.read_profiles()).bind(0), nobody(statements.published_profiles())] {
            probe.fetch_all(&mut connection).await.map_err(fault::when("looking at the profiles' table"))?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(settings.connections.saturating_sub(1).max(1))
            .acquire_timeout(POOL_TIMEOUT)
            .connect_lazy_with(options.clone().pragma("query_only", "on"));
        let terms = Terms::new(&settings.pipeline, settings.lease);
        let writer = Writer::start(connection, options, Arc::clone(&statements), terms);
        let (pipeline, loaded_bytes) = (settings.pipeline.clone(), settings.loaded_bytes);
        Ok(Self { pipeline, statements, loaded_bytes, readers, writer })
    }

    async fn reader(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.readers.acquire().await.map_err(fault::when("opening a connection to read"))
    }
}

/// Makes sure that every migration was applied.
async fn migrated(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let steps = migrate::steps(connection).await?;
    match steps.iter().find(|step| step.applied_at.is_none()) {
        None => Ok(()),
        Some(step) => {
            let what = format!("sqlite: migration {:04}_{} was not applied", step.number, step.name);
            Err(Fault::new(FaultKind::Refused, what).advise("run `syncline migrate run`"))
        }
    }
}

#[async_trait]
impl Sink for SqliteSink {
    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault> {
        let query = sqlx::query(include_str!("sql/positions.sql")).bind(self.pipeline.clone()).bind(segment.to_owned());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(fault::when("reading positions"))?;
        let position = |row: &sqlx::sqlite::SqliteRow| {
            let (topic, broker, partition) = (read::topic(row)?, read::get(row, "broker")?, read::get(row, "partition")?);
            let offset = u64::try_from(read::get::<i64>(row, "offset")?);
            let offset = offset.map_err(|error| Fault::caused(FaultKind::Lost, "sqlite: a negative position", error))?;
            let incarnation = read::get::<Option<String>>(row, "incarnation")?.map(Into::into);
            Ok(Position { of: Assigned { segment: segment.to_owned(), broker, topic, partition }, offset, incarnation })
        };
        rows.iter().map(position).collect()
    }

    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault> {
        let mut reader = self.reader().await?;
        let mut loaded = read::profiles(&mut reader, &self.statements, customers, self.loaded_bytes).await?;
        if !customers.is_empty() {
            attach(&mut loaded, syncs::read(&mut reader, customers).await?);
        }
        let seen = read::seen(&mut reader, &self.pipeline, event_ids).await?;
        Ok(Loaded { seen, ..loaded })
    }

    async fn write(&self, batch: &Batch) -> Result<Written, Fault> {
        let prepared = aside::run(|| Prepared::of(&self.pipeline, batch))?;
        self.writer.write(prepared).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        self.writer.due(now, limit, until).await
    }

    async fn walk(&self, filter: &ProfileFilter, after: Option<&str>, limit: u32) -> Result<Vec<Walked>, Fault> {
        backfills::walk(&mut *self.reader().await?, &self.statements, filter, after, limit).await
    }

    async fn backfill(&self, name: &str) -> Result<Option<Backfill>, Fault> {
        backfills::read(&mut *self.reader().await?, &self.pipeline, name).await
    }

    async fn save_backfill(&self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        self.writer.save_backfill(backfill.clone(), now).await
    }

    async fn critical_changes(&self, customer: &str, request: Option<&str>) -> Result<Vec<StoredChange>, Fault> {
        critical::read(&mut *self.reader().await?, customer, request).await
    }

    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault> {
        self.writer.claim(partitions.to_vec(), owner.to_owned()).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.writer.renew(leases.to_vec()).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<(), Fault> {
        self.writer.release(leases.to_vec()).await
    }

    async fn outbox(&self, limit: u32, topics: Option<&[TopicName]>) -> Result<Vec<OutboxEntry>, Fault> {
        let mut reader = self.reader().await?;
        // One transaction: entries and the rows that they name are of one moment.
        let mut moment = reader.begin().await.map_err(fault::when("reading the outbox"))?;
        outbox::next(&mut moment, &self.statements, &self.pipeline, limit, topics).await
    }

    async fn outbox_beside(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u64>, Fault> {
        outbox::beside(&mut *self.reader().await?, &self.pipeline, topics).await
    }

    async fn outbox_end(&self) -> Result<i64, Fault> {
        outbox::end(&mut *self.reader().await?, &self.pipeline).await
    }

    async fn published(&self, entries: &[OutboxEntry], leases: &[Lease]) -> Result<(), Fault> {
        self.writer.published(outbox::sent(entries), leases.to_vec()).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault> {
        dead_letters::list(&mut *self.reader().await?, &self.pipeline, filter).await
    }

    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault> {
        dead_letters::counts(&mut *self.reader().await?, &self.pipeline, filter).await
    }

    async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        self.writer.forget_events(before, limit).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        let answer = sqlx::query("select 1").execute(&mut *self.reader().await?).await;
        answer.map(|_| ()).map_err(fault::when("asking whether the database answers"))
    }

    async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

#[cfg(test)]
mod tests;
