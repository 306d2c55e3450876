//! Backfills: which profiles there are, one portion after the other, and how far one is.

use chrono::{DateTime, Utc};
use schemas::Fault;
use schemas::profile::{CustomerType, SyncStatus};
use schemas::store::{Backfill, ProfileFilter, Walked};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{Statements, fault};
use crate::syncs::under_way;

/// The profiles after a customer, at most so many.
pub(super) async fn walk(
    connection: &mut PgConnection,
    statements: &Statements,
    filter: &ProfileFilter,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Walked>, Fault> {
    let query = sqlx::query(AssertSqlSafe(statements.walk_profiles.clone()))
        .bind(after)
        .bind(i64::from(limit))
        .bind(filter.data_version_not.as_deref())
        .bind(filter.customer_type.map(CustomerType::as_str))
        .bind(filter.sync_status.map(SyncStatus::as_str))
        .bind(filter.not_synced_since);
    let rows = query.fetch_all(connection).await.map_err(fault::when("walking over profiles"))?;
    rows.iter().map(walked).collect::<Result<_, _>>().map_err(fault::when("walking over profiles"))
}

fn walked(row: &PgRow) -> Result<Walked, sqlx::Error> {
    Ok(Walked {
        customer_id: row.try_get("customer_id")?,
        customer_type: row.try_get("customer_type")?,
        data_version: row.try_get("data_version")?,
        sync_status: row.try_get("sync_status")?,
    })
}

/// How far a backfill is; `None` where there was none of this name.
pub(super) async fn read(connection: &mut PgConnection, pipeline: &str, name: &str) -> Result<Option<Backfill>, Fault> {
    let query = sqlx::query(include_str!("sql/backfill.sql")).bind(pipeline).bind(name);
    let row = query.fetch_optional(connection).await.map_err(fault::when("reading how far a backfill is"))?;
    row.map(|row| stored(name, &row)).transpose().map_err(fault::when("reading how far a backfill is"))
}

fn stored(name: &str, row: &PgRow) -> Result<Backfill, sqlx::Error> {
    Ok(Backfill {
        name: name.to_owned(),
        run: row.try_get("run")?,
        filter: row.try_get("filter")?,
        after: row.try_get("after")?,
        asked: row.try_get::<i64, _>("asked")?.unsigned_abs(),
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

/// Notes how far a backfill is.
pub(super) async fn save(
    connection: &mut PgConnection,
    pipeline: &str,
    backfill: &Backfill,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let query = sqlx::query(include_str!("sql/save_backfill.sql"))
        .bind(pipeline)
        .bind(&backfill.name)
        .bind(backfill.run)
        .bind(&backfill.filter)
        .bind(backfill.after.as_deref())
        .bind(backfill.asked.cast_signed())
        .bind(backfill.started_at)
        .bind(now)
        .bind(backfill.finished_at);
    let noted = query.execute(connection).await.map_err(fault::when("noting how far a backfill is"))?;
    if noted.rows_affected() == 0 { Err(under_way(&backfill.name)) } else { Ok(()) }
}
