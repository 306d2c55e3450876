//! Who works on a partition (`architecture.md`, rule 6). All of it runs under the write lock, in the database's time.

use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease};
use schemas::{Fault, FaultKind};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Row, Sqlite, SqliteConnection};

use super::{fault, time};

/// Under which name leases are taken, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) pipeline: String,
    /// A modifier of SQLite's times, such as `+2.000 seconds`.
    lasting: String,
}

impl Terms {
    pub(super) fn new(pipeline: &str, lease: Duration) -> Self {
        Self { pipeline: pipeline.to_owned(), lasting: format!("+{:.3} seconds", lease.as_secs_f64()) }
    }
}

/// Binds the key of a lease's row: `?1` to `?5`.
fn on<'q>(sql: &'static str, terms: &Terms, of: &Assigned) -> Query<'q, Sqlite, SqliteArguments> {
    let query = sqlx::query(sql).bind(terms.pipeline.clone()).bind(of.segment.clone()).bind(of.broker.clone());
    query.bind(of.topic.to_string()).bind(of.partition)
}

/// Makes sure that every lease is still of its epoch, and stays so until the commit.
///
/// # Errors
///
/// `Fenced` when one was claimed by somebody else since.
pub(super) async fn hold(connection: &mut SqliteConnection, terms: &Terms, leases: &[Lease]) -> Result<(), Fault> {
    for lease in leases {
        let query = on(include_str!("sql/lease_epoch.sql"), terms, &lease.of);
        let row = query.fetch_optional(&mut *connection).await.map_err(fault::when("reading a lease"))?;
        let epoch: Option<i64> = row.map(|row| row.try_get("epoch")).transpose().map_err(fault::when("reading a lease"))?;
        if epoch != Some(lease.epoch) {
            return Err(fenced(lease));
        }
    }
    Ok(())
}

/// Claims all partitions, or none.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    terms: &Terms,
    partitions: Vec<Assigned>,
    owner: &str,
) -> Result<Claim, Fault> {
    let claiming = || fault::when("claiming a lease");
    let mut leases = Vec::with_capacity(partitions.len());
    for of in partitions {
        let held = on(include_str!("sql/lease_held.sql"), terms, &of).bind(owner.to_owned());
        if let Some(row) = held.fetch_optional(&mut *connection).await.map_err(claiming())? {
            let owner = row.try_get("owner").map_err(claiming())?;
            return Ok(Claim::Held { of, owner, expires_at: time::column(&row, "expires_at")? });
        }
        let claim = on(include_str!("sql/lease_claim.sql"), terms, &of).bind(owner.to_owned()).bind(terms.lasting.clone());
        let row = claim.fetch_one(&mut *connection).await.map_err(claiming())?;
        leases.push(Lease { of, epoch: row.try_get("epoch").map_err(claiming())? });
    }
    Ok(Claim::Granted(leases))
}

/// Lengthens all leases, or none.
///
/// # Errors
///
/// `Fenced` when one was claimed by somebody else since, or given back.
pub(super) async fn renew(connection: &mut SqliteConnection, terms: &Terms, leases: &[Lease]) -> Result<(), Fault> {
    for lease in leases {
        let query = on(include_str!("sql/lease_renew.sql"), terms, &lease.of).bind(lease.epoch).bind(terms.lasting.clone());
        let done = query.execute(&mut *connection).await.map_err(fault::when("renewing a lease"))?;
        if done.rows_affected() == 0 {
            return Err(fenced(lease));
        }
    }
    Ok(())
}

/// Gives back those leases that are still ours.
pub(super) async fn release(connection: &mut SqliteConnection, terms: &Terms, leases: &[Lease]) -> Result<(), Fault> {
    for lease in leases {
        let query = on(include_str!("sql/lease_release.sql"), terms, &lease.of).bind(lease.epoch);
        query.execute(&mut *connection).await.map_err(fault::when("giving a lease back"))?;
    }
    Ok(())
}

fn fenced(Lease { of, epoch }: &Lease) -> Fault {
    let Assigned { segment, topic, partition, .. } = of;
    let what = format!("sqlite: the lease of segment {segment:?} on {topic}[{partition}] is no longer of epoch {epoch}");
    Fault::new(FaultKind::Fenced, what)
}
