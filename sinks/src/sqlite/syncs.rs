//! Syncs: where they stand, and their timers.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemas::Fault;
use schemas::store::{SyncEntry, Syncs};
use schemas::sync::SyncState;
use sqlx::SqliteConnection;

use super::prepared::json_array;
use super::read::get;
use super::statements::Statements;
use super::value::Value;
use super::{fault, time};
use crate::syncs::{RequestRow, StateRow, decode};

/// Syncs of a batch as values, table by table, row after row.
#[derive(Debug, Default)]
pub(super) struct PreparedSyncs {
    /// The customers with the version that was read.
    pub(super) versions: Vec<(String, i64)>,
    states: Vec<Value>,
    requests: Vec<Value>,
    history: Vec<Value>,
}

impl PreparedSyncs {
    pub(super) fn of(batch: &[Syncs]) -> Self {
        let states: Vec<StateRow> = batch.iter().map(StateRow::of).collect();
        let entries = batch.iter().flat_map(|syncs| syncs.entries.iter().map(|entry| (syncs.customer_id.as_str(), entry)));
        Self {
            versions: states.iter().map(|state| (state.customer_id.clone(), state.version - 1)).collect(),
            requests: RequestRow::all(batch).iter().flat_map(request).collect(),
            history: entries.flat_map(|(customer, entry)| line(customer, entry)).collect(),
            states: states.into_iter().flat_map(state).collect(),
        }
    }

    /// Writes them, under the write lock; versions were compared.
    pub(super) async fn write(self, connection: &mut SqliteConnection, statements: &Statements) -> Result<(), Fault> {
        statements.upsert_sync_states.run(connection, self.states).await?;
        statements.upsert_sync_requests.run(connection, self.requests).await?;
        statements.insert_sync_history.run(connection, self.history).await?;
        Ok(())
    }

    /// The customers whose row is not the one that was read.
    pub(super) async fn stale(&self, connection: &mut SqliteConnection) -> Result<Vec<String>, Fault> {
        if self.versions.is_empty() {
            return Ok(Vec::new());
        }
        let customers: Vec<&str> = self.versions.iter().map(|(customer, _)| customer.as_str()).collect();
        let query = sqlx::query(include_str!("sql/sync_versions.sql")).bind(json_array(&customers));
        let rows = query.fetch_all(connection).await.map_err(fault::when("comparing versions of syncs"))?;
        let mut stored = HashMap::with_capacity(rows.len());
        for row in &rows {
            stored.insert(get::<String>(row, "customer_id")?, get::<i64>(row, "version")?);
        }
        let other = |(customer, version): &&(String, i64)| stored.get(customer).copied().unwrap_or_default() != *version;
        Ok(self.versions.iter().filter(other).map(|(customer, _)| customer.clone()).collect())
    }
}

/// Where the syncs of these customers stand; those that never had one are not among them.
pub(super) async fn read(connection: &mut SqliteConnection, customers: &[String]) -> Result<Vec<(String, SyncState)>, Fault> {
    let query = sqlx::query(include_str!("sql/read_syncs.sql")).bind(json_array(customers));
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading syncs"))?;
    rows.iter().map(|row| Ok((get(row, "customer_id")?, decode(get(row, "version")?, get(row, "state")?)?))).collect()
}

/// Takes customers whose timers are due, until a time; at most so many.
pub(super) async fn due(
    connection: &mut SqliteConnection,
    now: DateTime<Utc>,
    limit: u32,
    until: DateTime<Utc>,
) -> Result<Vec<String>, Fault> {
    let query = sqlx::query(include_str!("sql/due_syncs.sql")).bind(time::text(now)).bind(limit).bind(time::text(until));
    let rows = query.fetch_all(connection).await.map_err(fault::when("looking for timers that are due"))?;
    rows.iter().map(|row| get(row, "customer_id")).collect()
}

/// In the order of `sql/upsert_sync_states.sql`.
fn state(row: StateRow) -> [Value; 4] {
    [row.customer_id.into(), row.version.into(), row.due.into(), row.state.into()]
}

/// In the order of `sql/upsert_sync_requests.sql`.
fn request(row: &RequestRow<'_>) -> [Value; 15] {
    let sync = row.sync;
    [
        sync.id.to_string().into(),
        row.customer_id.into(),
        sync.reason.as_str().into(),
        sync.priority.as_str().into(),
        row.requested_data.as_str().into(),
        sync.phase.as_str().into(),
        sync.attempt.into(),
        sync.started_at.into(),
        sync.due.into(),
        sync.finished_at.into(),
        row.steps.as_str().into(),
        sync.error.as_deref().into(),
        sync.by.as_str().into(),
        sync.asked_at.into(),
        row.duration_ms.into(),
    ]
}

/// In the order of `sql/insert_sync_history.sql`.
fn line(customer: &str, entry: &SyncEntry) -> [Value; 10] {
    [
        customer.into(),
        entry.seq.into(),
        entry.sync_id.to_string().into(),
        entry.attempt.into(),
        entry.what.as_str().into(),
        entry.who.as_str().into(),
        entry.why.as_str().into(),
        entry.before.into(),
        entry.after.into(),
        entry.at.into(),
    ]
}
