//! Backfills: which profiles there are, one portion after the other, and how far one is.

use chrono::{DateTime, Utc};
use schemas::profile::{CustomerType, SyncStatus};
use schemas::store::{Backfill, ProfileFilter, Walked};
use schemas::{Fault, FaultKind};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::read::get;
use super::statements::Statements;
use super::{fault, time};
use crate::syncs::under_way;

/// The profiles after a customer, at most so many.
pub(super) async fn walk(
    connection: &mut SqliteConnection,
    statements: &Statements,
    filter: &ProfileFilter,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Walked>, Fault> {
    let query = sqlx::query(statements.walk_profiles())
        .bind(after.map(str::to_owned))
        .bind(limit)
        .bind(filter.data_version_not.clone())
        .bind(filter.customer_type.map(CustomerType::as_str))
        .bind(filter.sync_status.map(SyncStatus::as_str))
        .bind(filter.not_synced_since.map(time::text));
    let rows = query.fetch_all(connection).await.map_err(fault::when("walking over profiles"))?;
    rows.iter().map(walked).collect()
}

fn walked(row: &SqliteRow) -> Result<Walked, Fault> {
    Ok(Walked {
        customer_id: get(row, "customer_id")?,
        customer_type: get(row, "customer_type")?,
        data_version: get(row, "data_version")?,
        sync_status: get(row, "sync_status")?,
    })
}

/// How far a backfill is; `None` where there was none of this name.
pub(super) async fn read(connection: &mut SqliteConnection, pipeline: &str, name: &str) -> Result<Option<Backfill>, Fault> {
    let query = sqlx::query(include_str!("sql/backfill.sql")).bind(pipeline.to_owned()).bind(name.to_owned());
    let row = query.fetch_optional(connection).await.map_err(fault::when("reading how far a backfill is"))?;
    row.map(|row| stored(name, &row)).transpose()
}

fn stored(name: &str, row: &SqliteRow) -> Result<Backfill, Fault> {
    let run: String = get(row, "run")?;
    let run = Uuid::parse_str(&run).map_err(|error| Fault::caused(FaultKind::Lost, "sqlite: column run of backfills", error))?;
    Ok(Backfill {
        name: name.to_owned(),
        run,
        filter: get(row, "filter")?,
        after: get(row, "after")?,
        asked: get::<i64>(row, "asked")?.unsigned_abs(),
        started_at: time::column(row, "started_at")?,
        finished_at: time::optional(row, "finished_at")?,
    })
}

/// Notes how far a backfill is.
pub(super) async fn save(
    connection: &mut SqliteConnection,
    pipeline: &str,
    backfill: &Backfill,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let query = sqlx::query(include_str!("sql/save_backfill.sql"))
        .bind(pipeline.to_owned())
        .bind(backfill.name.clone())
        .bind(backfill.run.to_string())
        .bind(backfill.filter.clone())
        .bind(backfill.after.clone())
        .bind(backfill.asked.cast_signed())
        .bind(time::text(backfill.started_at))
        .bind(time::text(now))
        .bind(backfill.finished_at.map(time::text));
    let noted = query.execute(connection).await.map_err(fault::when("noting how far a backfill is"))?;
    if noted.rows_affected() == 0 { Err(under_way(&backfill.name)) } else { Ok(()) }
}
