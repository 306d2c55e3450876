//! The profile store in PostgreSQL (13 or later).
//!
//! | file | what |
//! |---|---|
//! | `connect`, `sessions` | connections, and what becomes of them when the server falls silent |
//! | `write` | a batch, in one transaction |
//! | `profiles`, `records` | the two statements that write its rows |
//! | `syncs` | where syncs stand, and their timers |
//! | `leases` | who owns which partition |
//! | `outbox`, `published`, `dead_letters` | what waits to be published |
//! | `migrate` | the tables |
//! | `sql/` | every statement, with what it locks and why |

mod backfills;
mod connect;
mod critical;
mod dead_letters;
mod expansion;
mod fault;
mod leases;
pub(crate) mod migrate;
mod outbox;
mod partitions;
mod profiles;
mod published;
mod records;
mod sessions;
mod syncs;
mod write;

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
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres};
use tokio::time::timeout;

use crate::Sink;
use crate::columns::json_bytes;
use crate::settings::{Names, Settings};
use crate::syncs::attach;
use expansion::Expansion;
use sessions::Sessions;

/// A statement whose parameters are being bound.
type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A store of profiles in PostgreSQL. Every method has a session for itself for as long as it runs.
pub(crate) struct PostgresSink {
    sessions: Sessions,
    pipeline: String,
    lease: Duration,
    loaded_bytes: u32,
    expansion: Expansion,
    statements: Statements,
}

/// The statements over the profiles' table, with its names as this database has them.
struct Statements {
    read_profiles: Arc<str>,
    merge_profiles: Arc<str>,
    published_profiles: Arc<str>,
    outbox: Arc<str>,
    published: Arc<str>,
    walk_profiles: Arc<str>,
}

impl Statements {
    fn of(names: &Names) -> Result<Self, Fault> {
        let render = |sql: &str| names.render(&sql.replace("{json_bytes}", &json_bytes("pg_column_size"))).map(Arc::from);
        Ok(Self {
            read_profiles: render(include_str!("sql/read_profiles.sql"))?,
            merge_profiles: render(include_str!("sql/merge_profiles.sql"))?,
            published_profiles: render(include_str!("sql/published_profiles.sql"))?,
            outbox: render(include_str!("sql/outbox.sql"))?,
            published: render(include_str!("sql/published.sql"))?,
            walk_profiles: render(include_str!("sql/walk_profiles.sql"))?,
        })
    }
}

impl PostgresSink {
    /// Connects to a migrated database.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the server does not answer; `Refused` when it lacks the database, the tables, or the right to use them.
    pub(crate) async fn open(url: &str, settings: &Settings) -> Result<Self, Fault> {
        let statements = Statements::of(&settings.names()?)?;
        let options = connect::session(url, settings)?;
        let sessions = Sessions::of(options.clone(), settings);
        // Outside the pool, which would try for seconds to reach a server that refuses, and then not say so.
        let mut connection = connect::now(&options, connect::patience(settings.answer_timeout)).await?;
        match timeout(settings.answer_timeout, look(&mut connection, &statements)).await {
            Ok(looked) => looked?,
            Err(_) => {
                return Err(connect::silent(FaultKind::Unavailable, &options, "looking at the tables", settings.answer_timeout));
            }
        }
        connection.close().await.map_err(fault::when("closing a connection"))?;
        let (pipeline, lease, loaded_bytes) = (settings.pipeline.clone(), settings.lease, settings.loaded_bytes);
        Ok(Self { sessions, pipeline, lease, loaded_bytes, expansion: Expansion::new(), statements })
    }
}

/// Finds migrations that are missing, and a table and columns that are named otherwise than the settings say, before the first record
/// is read.
async fn look(connection: &mut PgConnection, statements: &Statements) -> Result<(), Fault> {
    migrate::check(connection).await?;
    let nobody = |statement| sqlx::query(AssertSqlSafe(Arc::clone(statement))).bind([""; 0].as_slice());
    for probe in [nobody(&statements.read_profiles).bind(0_i64), nobody(&statements.published_profiles)] {
        probe.fetch_all(&mut *connection).await.map_err(fault::when("looking at the profiles' table"))?;
    }
    Ok(())
}

#[async_trait]
impl Sink for PostgresSink {
    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault> {
        let read = async |session: &mut PgConnection| partitions::positions(session, &self.pipeline, segment).await;
        self.sessions.run("reading positions", read).await
    }

    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault> {
        let read = async |session: &mut PgConnection| {
            let mut loaded = profiles::read(session, &self.statements, customers, self.loaded_bytes, &self.expansion).await?;
            if !customers.is_empty() {
                attach(&mut loaded, syncs::read(session, customers).await?);
            }
            let seen = records::seen(session, &self.pipeline, event_ids).await?;
            Ok(Loaded { seen, ..loaded })
        };
        self.sessions.run("reading profiles", read).await
    }

    async fn write(&self, batch: &Batch) -> Result<Written, Fault> {
        // Made before a session is taken, and anything locked: it takes the processor a while, and others wait for those.
        let rows = profiles::columns(batch);
        let write =
            async |session: &mut PgConnection| write::write(session, &self.statements, &self.pipeline, batch, &rows).await;
        self.sessions.run("writing a batch", write).await
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        let due = async |session: &mut PgConnection| syncs::due(session, now, limit, until).await;
        self.sessions.run("looking for timers that are due", due).await
    }

    async fn walk(&self, filter: &ProfileFilter, after: Option<&str>, limit: u32) -> Result<Vec<Walked>, Fault> {
        let walk = async |session: &mut PgConnection| backfills::walk(session, &self.statements, filter, after, limit).await;
        self.sessions.run("walking over profiles", walk).await
    }

    async fn backfill(&self, name: &str) -> Result<Option<Backfill>, Fault> {
        let read = async |session: &mut PgConnection| backfills::read(session, &self.pipeline, name).await;
        self.sessions.run("reading how far a backfill is", read).await
    }

    async fn save_backfill(&self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        let save = async |session: &mut PgConnection| backfills::save(session, &self.pipeline, backfill, now).await;
        self.sessions.run("noting how far a backfill is", save).await
    }

    async fn critical_changes(&self, customer: &str, request: Option<&str>) -> Result<Vec<StoredChange>, Fault> {
        let read = async |session: &mut PgConnection| critical::read(session, customer, request).await;
        self.sessions.run("reading critical changes", read).await
    }

    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault> {
        let claim =
            async |session: &mut PgConnection| leases::claim(session, &self.pipeline, partitions, owner, self.lease).await;
        self.sessions.run("claiming partitions", claim).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault> {
        let renew = async |session: &mut PgConnection| leases::renew(session, &self.pipeline, leases, self.lease).await;
        self.sessions.run("renewing leases", renew).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<(), Fault> {
        let release = async |session: &mut PgConnection| leases::release(session, &self.pipeline, leases).await;
        self.sessions.run("releasing leases", release).await
    }

    async fn outbox(&self, limit: u32, topics: Option<&[TopicName]>) -> Result<Vec<OutboxEntry>, Fault> {
        let next =
            async |session: &mut PgConnection| outbox::next(session, &self.statements, &self.pipeline, limit, topics).await;
        self.sessions.run("reading the outbox", next).await
    }

    async fn outbox_beside(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u64>, Fault> {
        let beside = async |session: &mut PgConnection| outbox::beside(session, &self.pipeline, topics).await;
        self.sessions.run("counting what waits in the outbox", beside).await
    }

    async fn outbox_end(&self) -> Result<i64, Fault> {
        let end = async |session: &mut PgConnection| outbox::end(session, &self.pipeline).await;
        self.sessions.run("looking for the end of the outbox", end).await
    }

    async fn published(&self, entries: &[OutboxEntry], leases: &[Lease]) -> Result<(), Fault> {
        let published = async |session: &mut PgConnection| {
            outbox::published(session, &self.statements, &self.pipeline, entries, leases).await
        };
        self.sessions.run("deleting published records", published).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault> {
        let list = async |session: &mut PgConnection| dead_letters::list(session, &self.pipeline, filter).await;
        self.sessions.run("reading dead letters", list).await
    }

    async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        let forget = async |session: &mut PgConnection| records::forget(session, &self.pipeline, before, limit).await;
        self.sessions.run("forgetting events", forget).await
    }

    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault> {
        let count = async |session: &mut PgConnection| dead_letters::counts(session, &self.pipeline, filter).await;
        self.sessions.run("counting dead letters", count).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        let ping = async |session: &mut PgConnection| session.ping().await.map_err(fault::when("asking whether it answers"));
        self.sessions.run("asking whether it answers", ping).await
    }

    async fn close(&self) {
        self.sessions.close().await;
    }
}
