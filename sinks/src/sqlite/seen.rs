//! Events whose effects happened (`architecture.md`, rule 7).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use schemas::Fault;
use sqlx::SqliteConnection;

use super::read::get;
use super::{fault, time};

/// Which of the events, a JSON array of ids, had their effects.
pub(super) async fn which(connection: &mut SqliteConnection, pipeline: &str, event_ids: &str) -> Result<HashSet<String>, Fault> {
    let query = sqlx::query(include_str!("sql/seen.sql")).bind(pipeline.to_owned()).bind(event_ids.to_owned());
    let rows = query.fetch_all(connection).await.map_err(fault::when("looking for seen events"))?;
    rows.iter().map(|row| get(row, "event_id")).collect()
}

/// Forgets events that were seen before a time, at most so many. Answers how many.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    pipeline: &str,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, Fault> {
    let query = sqlx::query(include_str!("sql/forget_events.sql")).bind(pipeline.to_owned()).bind(time::text(before)).bind(limit);
    let forgotten = query.execute(connection).await.map_err(fault::when("forgetting events"))?;
    Ok(forgotten.rows_affected())
}
