//! Where profiles rest. The [`Sink`] trait, and what implements it: `postgres`, `sqlite`.
//!
//! [`open`] opens a store by its address; [`migrate_run`], [`migrate_show`] and [`migrate_revert`] keep its tables.

mod aside;
mod changelog;
mod columns;
mod critical;
mod dead_letters;
mod headers;
mod loaded;
mod migrations;
mod outbox;
mod postgres;
mod settings;
mod sqlite;
mod state;
mod syncs;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schemas::store::{
    Assigned, Backfill, Batch, Claim, DeadLetterFilter, Lease, Loaded, OutboxEntry, Position, ProfileFilter, StoredChange,
    StoredDeadLetter, Walked, Written,
};
use schemas::{Fault, FaultKind, Reason, TopicName};

pub use columns::{COLUMNS, Column, ColumnKind};
pub use migrations::MigrationStatus;
pub use settings::{DEFAULT_TABLE, Settings};

/// The databases that a profile store can be in, by the scheme of its address.
enum Database {
    /// `postgres://`, `postgresql://`
    Postgres,
    /// `sqlite://`, `sqlite::memory:`
    Sqlite,
}

impl Database {
    /// # Errors
    ///
    /// `Refused` for a scheme that nothing here opens. The address itself is not shown: it may hold a password.
    fn of(url: &str) -> Result<Self, Fault> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "postgres" | "postgresql" => Ok(Self::Postgres),
            "sqlite" => Ok(Self::Sqlite),
            other => {
                let what = format!("sink: no database is known by the scheme {other:?}; known: postgres://, sqlite://");
                Err(Fault::new(FaultKind::Refused, what))
            }
        }
    }
}

/// Opens the store at `url`: `postgres://user:password@host/database`, `sqlite://path`, or `sqlite::memory:` for tests.
///
/// The tables must be there: [`migrate_run`] makes them. Only a store in memory, which nobody else could migrate, makes its own.
///
/// # Errors
///
/// `Refused` for an unknown scheme, names that are no identifiers, or missing tables; `Unavailable` when the database does not answer.
pub async fn open(url: &str, settings: &Settings) -> Result<Arc<dyn Sink>, Fault> {
    match Database::of(url)? {
        Database::Postgres => Ok(Arc::new(postgres::PostgresSink::open(url, settings).await?)),
        Database::Sqlite => Ok(Arc::new(sqlite::SqliteSink::open(url, settings).await?)),
    }
}

/// Applies the migrations that are pending, in order. Answers those that it applied.
///
/// # Errors
///
/// A [`Fault`] of the database; steps before the one that failed stay applied.
pub async fn migrate_run(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    match Database::of(url)? {
        Database::Postgres => postgres::migrate::run(url, settings).await,
        Database::Sqlite => sqlite::migrate::run(url, settings).await,
    }
}

/// Every migration, in order, and when it was applied. Changes nothing.
///
/// # Errors
///
/// A [`Fault`] of the database.
pub async fn migrate_show(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    match Database::of(url)? {
        Database::Postgres => postgres::migrate::show(url, settings).await,
        Database::Sqlite => sqlite::migrate::show(url, settings).await,
    }
}

/// Undoes the migration that was applied last. Answers it, as it was; `None` where none is applied.
///
/// # Errors
///
/// A [`Fault`] of the database.
pub async fn migrate_revert(url: &str, settings: &Settings) -> Result<Option<MigrationStatus>, Fault> {
    match Database::of(url)? {
        Database::Postgres => postgres::migrate::revert(url, settings).await,
        Database::Sqlite => sqlite::migrate::revert(url, settings).await,
    }
}

/// A store of profiles with all that is written in one transaction with them (`architecture.md`, rules 4 to 7).
///
/// Every method may be called by several tasks at once. A method that fails has changed nothing, or all that it was to change
/// (a COMMIT whose answer was lost): calling it again is always right.
#[async_trait]
pub trait Sink: Send + Sync {
    /// The positions of a segment of this pipeline: one for each partition that was ever committed.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault>;

    /// Loads the profiles of these customers with their syncs, and which of these event ids were seen. One query a table, whatever the number of keys.
    ///
    /// Profiles are loaded until they have about [`Settings::loaded_bytes`] together, one at least; the customers that this leaves out are
    /// named in [`Loaded::left`].
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database; `Lost` when a stored state cannot be read.
    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault>;

    /// Writes a batch in one transaction, or nothing of it.
    ///
    /// Takes the leases' rows, then the profiles' row locks in key order. If a stored version differs from the one a row was made
    /// from, or a seen id is stored already, nothing is written. [`Written::Stale`] names the customers whose version differs; for a seen id,
    /// which does not say whose it is, all customers of the batch.
    /// A batch without rows writes its dead letters, effects and positions all the same.
    ///
    /// # Errors
    ///
    /// `Fenced` when a lease's epoch is no longer ours; `Conflict` to be retried from the read; `Data` when the database refuses a
    /// value; others as they come.
    async fn write(&self, batch: &Batch) -> Result<Written, Fault>;

    /// Takes customers whose syncs have a timer that is due, the longest due first, until a time: others that ask meanwhile get others.
    /// What becomes of them is a batch like any other; a worker that dies leaves them to another after that time.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault>;

    /// Walks over profiles in the order of customers: those after one, at most so many.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn walk(&self, filter: &ProfileFilter, after: Option<&str>, limit: u32) -> Result<Vec<Walked>, Fault>;

    /// How far a backfill of this pipeline is; `None` where there was none of this name.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn backfill(&self, name: &str) -> Result<Option<Backfill>, Fault>;

    /// Notes how far a backfill of this pipeline is.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn save_backfill(&self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault>;

    /// The critical syncs of a customer, of one request or all, the earliest first: those that wait, and what became of the others.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database; `Lost` when a row cannot be read.
    async fn critical_changes(&self, customer: &str, request: Option<&str>) -> Result<Vec<StoredChange>, Fault>;

    /// Claims partitions for `owner`: raises their epochs, unless one is held by somebody else and has not expired.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault>;

    /// Renews leases. Meant to be called every 500 ms; a lease lasts 2 s.
    ///
    /// # Errors
    ///
    /// `Fenced` when one of them was taken over.
    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault>;

    /// Gives leases back, so that the next claim need not wait. Those that were taken over are left alone.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn release(&self, leases: &[Lease]) -> Result<(), Fault>;

    /// The next entries of this pipeline's outbox for these topics, oldest first; `None`: for all. At most `limit`, and about 8 MiB, but one
    /// at least where there is one. One whose profile or letter is gone is [`Outbound::Gone`](schemas::store::Outbound::Gone).
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn outbox(&self, limit: u32, topics: Option<&[TopicName]>) -> Result<Vec<OutboxEntry>, Fault>;

    /// How many entries this pipeline's outbox holds for topics other than these. Reads all of it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn outbox_beside(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u64>, Fault>;

    /// The number of the newest entry of this pipeline's outbox; 0 where there is none. Entries that are written from now on have
    /// greater ones, but for a profile that waits already: it keeps its place.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn outbox_end(&self) -> Result<i64, Fault>;

    /// Deletes entries that the broker acknowledged, under the publisher's leases; a profile's entry only if its version is still the one
    /// that was sent.
    ///
    /// # Errors
    ///
    /// `Fenced` when a lease's epoch is no longer ours: then nothing is deleted; others as they come.
    async fn published(&self, entries: &[OutboxEntry], leases: &[Lease]) -> Result<(), Fault>;

    /// Lists dead letters of this pipeline, oldest first.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault>;

    /// How many dead letters of this pipeline there are, by reason; the filter's limit does not matter.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault>;

    /// Forgets events that were seen before a time, oldest first, at most `limit`: a short transaction. Answers how many.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault>;

    /// Answers when the database does.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the database.
    async fn ping(&self) -> Result<(), Fault>;

    /// Finishes what is under way and closes the connections.
    async fn close(&self);
}
