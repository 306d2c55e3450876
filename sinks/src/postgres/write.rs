//! One batch, one transaction (`architecture.md`, rule 4): leases and positions, then profiles, then what goes with them.

use schemas::Fault;
use schemas::store::{Batch, Written};
use sqlx::{Connection, PgConnection, Postgres, Transaction};

use super::partitions::{Partitions, offset};
use super::{Statements, critical, fault, leases, profiles, records, syncs};
use crate::columns::ProfileColumns;

/// Writes a batch, or nothing of it; `rows` are its profiles, from [`profiles::columns`]. Five round trips: BEGIN, the fence, the
/// profiles, the other records, COMMIT; one more for syncs, where there are any, and for
/// what administrators decided.
pub(super) async fn write(
    session: &mut PgConnection,
    statements: &Statements,
    pipeline: &str,
    batch: &Batch,
    rows: &[ProfileColumns],
) -> Result<Written, Fault> {
    let mut transaction = session.begin().await.map_err(fault::when("beginning a batch"))?;
    fence(&mut transaction, pipeline, batch).await?;
    if !rows.is_empty() {
        let stale = profiles::merge(&mut transaction, statements, pipeline, batch, rows).await?;
        if !stale.is_empty() {
            return undo(transaction, stale).await;
        }
    }
    if !batch.syncs.is_empty() {
        let stale = syncs::write(&mut transaction, &batch.syncs).await?;
        if !stale.is_empty() {
            return undo(transaction, stale).await;
        }
    }
    critical::write(&mut transaction, batch).await?;
    if records::any(batch) {
        let repeated = records::write(&mut transaction, pipeline, batch).await?;
        if !repeated.is_empty() {
            // An event's id does not say whose it is, and reading a profile once more than needed does no harm.
            let customers = batch.rows.iter().map(|row| row.profile.customer_id.clone()).collect();
            return undo(transaction, customers).await;
        }
    }
    transaction.commit().await.map_err(fault::when("committing a batch"))?;
    Ok(Written::Durable)
}

/// Rolls back now rather than when the connection is used next: others wait for these rows.
async fn undo(transaction: Transaction<'_, Postgres>, stale: Vec<String>) -> Result<Written, Fault> {
    transaction.rollback().await.map_err(fault::when("undoing a batch"))?;
    Ok(Written::Stale(stale))
}

/// Checks the leases and moves the positions.
async fn fence(connection: &mut PgConnection, pipeline: &str, batch: &Batch) -> Result<(), Fault> {
    if batch.leases.is_empty() && batch.positions.is_empty() {
        return Ok(());
    }
    let held = Partitions::of(batch.leases.iter().map(|lease| &lease.of))?;
    // In key order: all who move positions lock them in one order.
    let mut positions: Vec<_> = batch.positions.iter().collect();
    positions.sort_unstable_by(|left, right| left.of.cmp(&right.of));
    let moved = Partitions::of(positions.iter().map(|position| &position.of))?;
    let offsets = positions.iter().map(|position| offset(position.offset)).collect::<Result<Vec<_>, _>>()?;
    let incarnations: Vec<_> = positions.iter().map(|position| position.incarnation.as_deref()).collect();
    let query = sqlx::query(include_str!("sql/fence.sql"))
        .bind(pipeline)
        .bind(batch.now)
        .bind(&held.segments)
        .bind(&held.brokers)
        .bind(&held.topics)
        .bind(&held.numbers)
        .bind(leases::epochs(&batch.leases))
        .bind(&moved.segments)
        .bind(&moved.brokers)
        .bind(&moved.topics)
        .bind(&moved.numbers)
        .bind(offsets)
        .bind(incarnations);
    let row = query.fetch_one(connection).await.map_err(fault::when("checking leases and moving positions"))?;
    leases::all_ours(&row, &batch.leases)
}
