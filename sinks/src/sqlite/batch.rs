//! Writing a batch: one transaction, or nothing (`architecture.md`, rule 4).

use std::collections::{HashMap, HashSet};

use schemas::Fault;
use schemas::store::Written;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::leases::{self, Terms};
use super::prepared::{Prepared, json_array, letter_entry};
use super::read::get;
use super::statements::Statements;
use super::{fault, seen};

/// Writes the batch under the write lock, which the caller holds, commits and gives back.
///
/// Positions, then profiles, as everywhere: with one writer the order cannot matter here, but it is the same in every store.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    statements: &Statements,
    terms: &Terms,
    batch: Prepared,
) -> Result<Written, Fault> {
    leases::hold(connection, terms, &batch.leases).await?;
    let stale = stale(connection, statements, &terms.pipeline, &batch).await?;
    if let Some(customers) = stale {
        return Ok(Written::Stale(customers));
    }
    statements.upsert_positions.run(connection, batch.positions).await?;
    statements.upsert_profiles.run(connection, batch.profiles).await?;
    statements.upsert_alerts.run(connection, batch.alerts).await?;
    statements.insert_history.run(connection, batch.history).await?;
    statements.upsert_critical_changes.run(connection, batch.critical_changes).await?;
    batch.syncs.write(connection, statements).await?;
    batch.rulings.write(connection, statements).await?;
    statements.insert_seen.run(connection, batch.seen).await?;
    let kept = statements.upsert_dead_letters.run(connection, batch.dead_letters).await?;
    let new: HashSet<String> = kept.iter().filter_map(|row| id_if_new(row).transpose()).collect::<Result<_, _>>()?;
    let letters = batch.letters_to_publish.iter().filter(|(id, _)| new.contains(id));
    let letters = letters.flat_map(|(id, topic)| letter_entry(&terms.pipeline, id, topic));
    let outbox = batch.outbox.into_iter().chain(letters).collect();
    statements.insert_outbox.run(connection, outbox).await?;
    Ok(Written::Durable)
}

/// The id of a dead letter that was not kept before.
fn id_if_new(row: &SqliteRow) -> Result<Option<String>, Fault> {
    if get::<bool>(row, "is_new")? { get(row, "id").map(Some) } else { Ok(None) }
}

/// The customers to be read again: those whose rows have another version, or, where an event was seen, all of the batch. An event's id
/// does not say whose it is, and reading a profile once more than needed does no harm.
async fn stale(
    connection: &mut SqliteConnection,
    statements: &Statements,
    pipeline: &str,
    batch: &Prepared,
) -> Result<Option<Vec<String>>, Fault> {
    let customers: Vec<&str> = batch.versions.iter().map(|(customer, _)| customer.as_str()).collect();
    if let Some(ids) = &batch.seen_ids
        && !seen::which(connection, pipeline, ids).await?.is_empty()
    {
        return Ok(Some(customers.into_iter().map(str::to_owned).collect()));
    }
    let mut stale = batch.syncs.stale(connection).await?;
    if customers.is_empty() {
        return Ok((!stale.is_empty()).then_some(stale));
    }
    let rows = sqlx::query(statements.versions()).bind(json_array(&customers)).fetch_all(connection).await;
    let mut stored = HashMap::with_capacity(customers.len());
    for row in rows.map_err(fault::when("comparing versions"))? {
        let customer: String = row.try_get("customer_id").map_err(fault::when("comparing versions"))?;
        let version: i64 = row.try_get("version").map_err(fault::when("comparing versions"))?;
        stored.insert(customer, version);
    }
    let other = |(customer, version): &&(String, i64)| stored.get(customer).copied().unwrap_or_default() != *version;
    stale.extend(batch.versions.iter().filter(other).map(|(customer, _)| customer.clone()));
    Ok((!stale.is_empty()).then_some(stale))
}
