//! Who owns which partition (`architecture.md`, rule 6). All times are the database's.

use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease};
use schemas::{Fault, FaultKind};
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};

use super::partitions::{Partitions, assigned};
use super::{Statement, fault};

/// Claims all of the partitions, or none. The leases come in the order of the partitions.
pub(super) async fn claim(
    session: &mut PgConnection,
    pipeline: &str,
    partitions: &[Assigned],
    owner: &str,
    lease: Duration,
) -> Result<Claim, Fault> {
    let keys = Partitions::of(partitions)?;
    let mut transaction = session.begin().await.map_err(fault::when("claiming partitions"))?;
    for statement in [include_str!("sql/claim_inserts.sql"), include_str!("sql/claim_locks.sql")] {
        bind(sqlx::query(statement), pipeline, &keys)
            .execute(&mut *transaction)
            .await
            .map_err(fault::when("claiming partitions"))?;
    }
    let taken = bind(sqlx::query(include_str!("sql/claim_takes.sql")), pipeline, &keys).bind(owner).bind(lease.as_secs_f64());
    let taken = taken.fetch_all(&mut *transaction).await.map_err(fault::when("claiming partitions"))?;
    if taken.len() < keys.len() {
        let held = holder(&mut transaction, pipeline, &keys, owner).await?;
        transaction.rollback().await.map_err(fault::when("giving a claim up"))?;
        return Ok(held);
    }
    let mut leases = taken.iter().map(granted).collect::<Result<Vec<_>, _>>()?;
    leases.sort_unstable_by_key(|lease| partitions.iter().position(|of| *of == lease.of));
    transaction.commit().await.map_err(fault::when("claiming partitions"))?;
    Ok(Claim::Granted(leases))
}

fn granted(row: &PgRow) -> Result<Lease, Fault> {
    Ok(Lease { of: assigned(row)?, epoch: row.try_get("epoch").map_err(fault::when("reading a lease"))? })
}

async fn holder(connection: &mut PgConnection, pipeline: &str, keys: &Partitions<'_>, owner: &str) -> Result<Claim, Fault> {
    let query = bind(sqlx::query(include_str!("sql/claim_holder.sql")), pipeline, keys).bind(owner);
    let row = query.fetch_optional(connection).await.map_err(fault::when("looking who holds a partition"))?;
    // Nobody holds one: a partition was named twice, and was taken once.
    let row = row.ok_or_else(|| Fault::new(FaultKind::Bug, "a claim names a partition twice"))?;
    Ok(Claim::Held {
        of: assigned(&row)?,
        owner: row.try_get("owner").map_err(fault::when("reading a lease"))?,
        expires_at: row.try_get("expires_at").map_err(fault::when("reading a lease"))?,
    })
}

/// Prolongs all of the leases.
///
/// # Errors
///
/// `Fenced` when one was taken over; the others are prolonged all the same.
pub(super) async fn renew(session: &mut PgConnection, pipeline: &str, leases: &[Lease], lease: Duration) -> Result<(), Fault> {
    let keys = Partitions::of(leases.iter().map(|lease| &lease.of))?;
    let query = bind(sqlx::query(include_str!("sql/renew.sql")), pipeline, &keys).bind(epochs(leases)).bind(lease.as_secs_f64());
    let renewed = query.execute(session).await.map_err(fault::when("renewing leases"))?.rows_affected();
    if renewed < leases.len() as u64 { Err(fenced(leases)) } else { Ok(()) }
}

/// Gives back those of the leases that are still ours.
pub(super) async fn release(session: &mut PgConnection, pipeline: &str, leases: &[Lease]) -> Result<(), Fault> {
    let keys = Partitions::of(leases.iter().map(|lease| &lease.of))?;
    let query = bind(sqlx::query(include_str!("sql/release.sql")), pipeline, &keys).bind(epochs(leases));
    query.execute(session).await.map_err(fault::when("releasing leases"))?;
    Ok(())
}

/// The epochs that the leases were claimed under.
pub(super) fn epochs(leases: &[Lease]) -> Vec<i64> {
    leases.iter().map(|lease| lease.epoch).collect()
}

/// Judges what a fence answers: how many of these leases are still ours.
///
/// # Errors
///
/// `Fenced` unless all are.
pub(super) fn all_ours(row: &PgRow, leases: &[Lease]) -> Result<(), Fault> {
    let ours: i64 = row.try_get(0).map_err(fault::when("checking leases"))?;
    if usize::try_from(ours).is_ok_and(|ours| ours == leases.len()) { Ok(()) } else { Err(fenced(leases)) }
}

/// The fault of a worker that lost one of these.
fn fenced(leases: &[Lease]) -> Fault {
    let names: Vec<String> =
        leases.iter().map(|lease| format!("{} {}[{}]", lease.of.segment, lease.of.topic, lease.of.partition)).collect();
    Fault::new(FaultKind::Fenced, format!("postgres: another worker took over one of: {}", names.join(", ")))
}

/// Binds what every statement here begins with: the pipeline, then the keys.
pub(super) fn bind<'q>(query: Statement<'q>, pipeline: &'q str, keys: &'q Partitions<'_>) -> Statement<'q> {
    query.bind(pipeline).bind(&keys.segments).bind(&keys.brokers).bind(&keys.topics).bind(&keys.numbers)
}
