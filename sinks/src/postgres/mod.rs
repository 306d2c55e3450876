//! The profile store in PostgreSQL (13 or later).
//!
//! | file | what |
//! |---|---|
//! | `write` | a batch, in one transaction |
//! | `profiles`, `records` | the two statements that write its rows |
//! | `leases` | who owns which partition |
//! | `outbox`, `published`, `dead_letters` | what waits to be published |
//! | `migrate` | the tables |
//! | `sql/` | every statement, with what it locks and why |

mod connect;
mod dead_letters;
mod fault;
mod leases;
pub(crate) mod migrate;
mod outbox;
mod partitions;
mod profiles;
mod published;
mod records;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::store::{Assigned, Batch, Claim, DeadLetterFilter, Lease, Loaded, OutboxEntry, Position, StoredDeadLetter, Written};
use schemas::{Fault, Reason};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Row};

use crate::Sink;
use crate::settings::{Names, Settings};

/// A statement whose parameters are being bound.
type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A store of profiles in PostgreSQL. Sessions are pooled; every method takes one for as long as it runs.
pub(crate) struct PostgresSink {
    pool: PgPool,
    pipeline: String,
    lease: Duration,
    statements: Statements,
}

/// The statements over the profiles' table, with its names as this database has them.
struct Statements {
    read_profiles: Arc<str>,
    merge_profiles: Arc<str>,
    published_profiles: Arc<str>,
}

impl Statements {
    fn of(names: &Names) -> Result<Self, Fault> {
        let render = |sql| names.render(sql).map(Arc::from);
        Ok(Self {
            read_profiles: render(include_str!("sql/read_profiles.sql"))?,
            merge_profiles: render(include_str!("sql/merge_profiles.sql"))?,
            published_profiles: render(include_str!("sql/published_profiles.sql"))?,
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
        let pool = connect::pool(url, settings).await?;
        let mut connection = pool.acquire().await.map_err(fault::when("connecting"))?;
        migrate::check(&mut connection).await?;
        // Finds a table and columns that are named otherwise than the settings say, before the first record is read.
        for statement in [&statements.read_profiles, &statements.published_profiles] {
            let probe =
                sqlx::query(AssertSqlSafe(Arc::clone(statement))).bind([""; 0].as_slice()).fetch_all(&mut *connection).await;
            probe.map_err(fault::when("looking at the profiles' table"))?;
        }
        drop(connection);
        Ok(Self { pool, pipeline: settings.pipeline.clone(), lease: settings.lease, statements })
    }
}

#[async_trait]
impl Sink for PostgresSink {
    async fn positions(&self, segment: &str) -> Result<Vec<Position>, Fault> {
        let query = sqlx::query(include_str!("sql/positions.sql")).bind(&self.pipeline).bind(segment);
        let rows = query.fetch_all(&self.pool).await.map_err(fault::when("reading positions"))?;
        let position =
            |row| Ok(Position { of: partitions::assigned(row)?, offset: partitions::unsigned::<i64, u64>(row, "offset")? });
        rows.iter().map(position).collect()
    }

    async fn read(&self, customers: &[String], event_ids: &[String]) -> Result<Loaded, Fault> {
        let mut loaded = Loaded::default();
        if !customers.is_empty() {
            let profiles = profiles::read(&self.pool, &self.statements, customers).await?;
            loaded.profiles = profiles.into_iter().map(|profile| (profile.customer_id.clone(), profile)).collect();
        }
        if !event_ids.is_empty() {
            let query = sqlx::query(include_str!("sql/seen_events.sql")).bind(&self.pipeline).bind(event_ids);
            let rows = query.fetch_all(&self.pool).await.map_err(fault::when("reading seen events"))?;
            let seen = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>();
            loaded.seen = seen.map_err(fault::when("reading seen events"))?;
        }
        Ok(loaded)
    }

    async fn write(&self, batch: &Batch) -> Result<Written, Fault> {
        write::write(&self.pool, &self.statements, &self.pipeline, batch).await
    }

    async fn claim(&self, partitions: &[Assigned], owner: &str) -> Result<Claim, Fault> {
        leases::claim(&self.pool, &self.pipeline, partitions, owner, self.lease).await
    }

    async fn renew(&self, leases: &[Lease]) -> Result<(), Fault> {
        leases::renew(&self.pool, &self.pipeline, leases, self.lease).await
    }

    async fn release(&self, leases: &[Lease]) -> Result<(), Fault> {
        leases::release(&self.pool, &self.pipeline, leases).await
    }

    async fn outbox(&self, limit: u32) -> Result<Vec<OutboxEntry>, Fault> {
        outbox::next(&self.pool, &self.statements, &self.pipeline, limit).await
    }

    async fn published(&self, entries: &[OutboxEntry]) -> Result<(), Fault> {
        outbox::published(&self.pool, &self.pipeline, entries).await
    }

    async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<StoredDeadLetter>, Fault> {
        dead_letters::list(&self.pool, &self.pipeline, filter).await
    }

    async fn dead_letter_counts(&self, filter: &DeadLetterFilter) -> Result<BTreeMap<Reason, u64>, Fault> {
        dead_letters::counts(&self.pool, &self.pipeline, filter).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map_err(fault::when("asking whether it answers"))?;
        Ok(())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
