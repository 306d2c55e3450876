//! Syncs: where they stand, and their timers.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use schemas::Fault;
use schemas::store::{SyncEntry, Syncs};
use schemas::sync::SyncState;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{Statement, fault};
use crate::syncs::{RequestRow, StateRow, decode};

/// Where the syncs of these customers stand; those that never had one are not among them.
pub(super) async fn read(connection: &mut PgConnection, customers: &[String]) -> Result<Vec<(String, SyncState)>, Fault> {
    let query = sqlx::query(include_str!("sql/read_syncs.sql")).bind(customers);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading syncs"))?;
    rows.iter().map(stored).collect()
}

fn stored(row: &PgRow) -> Result<(String, SyncState), Fault> {
    let column =
        || -> Result<_, sqlx::Error> { Ok((row.try_get("customer_id")?, row.try_get("version")?, row.try_get("state")?)) };
    let (customer, version, state): (_, _, &str) = column().map_err(fault::when("reading syncs"))?;
    Ok((customer, decode(version, state)?))
}

/// Writes syncs. Answers the customers whose row is not the one that was read; if there are any, the caller rolls back.
pub(super) async fn write(connection: &mut PgConnection, batch: &[Syncs]) -> Result<Vec<String>, Fault> {
    let mut states: Vec<StateRow> = batch.iter().map(StateRow::of).collect();
    states.sort_unstable_by(|left, right| left.customer_id.cmp(&right.customer_id));
    let mut query = sqlx::query(include_str!("sql/write_syncs.sql"));
    query = bind_states(query, &states);
    query = bind_requests(query, &RequestRow::all(batch));
    query = bind_history(query, batch);
    let rows = query.fetch_all(connection).await.map_err(fault::when("writing syncs"))?;
    let written = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<String>, _>>();
    let written = written.map_err(fault::when("writing syncs"))?;
    Ok(states.into_iter().map(|state| state.customer_id).filter(|customer| !written.contains(customer)).collect())
}

/// Takes customers whose timers are due, until a time; at most so many.
pub(super) async fn due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u32,
    until: DateTime<Utc>,
) -> Result<Vec<String>, Fault> {
    let query = sqlx::query(include_str!("sql/due_syncs.sql")).bind(now).bind(i64::from(limit)).bind(until);
    let rows = query.fetch_all(connection).await.map_err(fault::when("looking for timers that are due"))?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(fault::when("looking for timers that are due"))
}

fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn bind_states<'q>(query: Statement<'q>, states: &[StateRow]) -> Statement<'q> {
    query
        .bind(column(states, |state| state.customer_id.as_str()))
        .bind(column(states, |state| state.version))
        .bind(column(states, |state| state.due))
        .bind(column(states, |state| state.state.as_str()))
}

fn bind_requests<'q>(query: Statement<'q>, rows: &[RequestRow<'_>]) -> Statement<'q> {
    query
        .bind(column(rows, |row| row.sync.id))
        .bind(column(rows, |row| row.customer_id))
        .bind(column(rows, |row| row.sync.reason.as_str()))
        .bind(column(rows, |row| row.sync.priority.as_str()))
        .bind(column(rows, |row| row.requested_data.as_str()))
        .bind(column(rows, |row| row.sync.phase.as_str()))
        .bind(column(rows, |row| attempt(row.sync.attempt)))
        .bind(column(rows, |row| row.sync.started_at))
        .bind(column(rows, |row| row.sync.due))
        .bind(column(rows, |row| row.sync.finished_at))
        .bind(column(rows, |row| row.steps.as_str()))
        .bind(column(rows, |row| row.sync.error.as_deref()))
        .bind(column(rows, |row| row.sync.by.as_str()))
        .bind(column(rows, |row| row.sync.asked_at))
        .bind(column(rows, |row| row.duration_ms))
}

fn bind_history<'q>(query: Statement<'q>, batch: &[Syncs]) -> Statement<'q> {
    let entries: Vec<(&str, &SyncEntry)> =
        batch.iter().flat_map(|syncs| syncs.entries.iter().map(|entry| (syncs.customer_id.as_str(), entry))).collect();
    query
        .bind(column(&entries, |(customer, _)| *customer))
        .bind(column(&entries, |(_, entry)| entry.seq))
        .bind(column(&entries, |(_, entry)| entry.sync_id))
        .bind(column(&entries, |(_, entry)| attempt(entry.attempt)))
        .bind(column(&entries, |(_, entry)| entry.what.as_str()))
        .bind(column(&entries, |(_, entry)| entry.who.as_str()))
        .bind(column(&entries, |(_, entry)| entry.why.as_str()))
        .bind(column(&entries, |(_, entry)| entry.before))
        .bind(column(&entries, |(_, entry)| entry.after))
        .bind(column(&entries, |(_, entry)| entry.at))
}

/// There are ten attempts at most.
fn attempt(attempt: u32) -> i16 {
    i16::try_from(attempt).unwrap_or(i16::MAX)
}
