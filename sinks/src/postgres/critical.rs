//! Critical syncs that are stored, and what administrators decide over them.

use schemas::Fault;
use schemas::store::{AdminAct, Batch, ChangeStatus, Ruling, StoredChange};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{Statement, fault};
use crate::critical::ChangeRow;

/// Those of a customer, of one request or all, the earliest first.
pub(super) async fn read(
    connection: &mut PgConnection,
    customer: &str,
    request: Option<&str>,
) -> Result<Vec<StoredChange>, Fault> {
    let query = sqlx::query(include_str!("sql/critical_changes.sql")).bind(customer).bind(request);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading critical changes"))?;
    rows.iter().map(|row| stored(row).map_err(fault::when("reading critical changes"))?.decode()).collect()
}

fn stored(row: &PgRow) -> Result<ChangeRow, sqlx::Error> {
    Ok(ChangeRow {
        customer_id: row.try_get("customer_id")?,
        request_id: row.try_get("request_id")?,
        changes_hash: row.try_get("changes_hash")?,
        sync_type: row.try_get("sync_type")?,
        priority: row.try_get("priority")?,
        changes: row.try_get("changes")?,
        source: row.try_get("source")?,
        status: row.try_get("status")?,
        event_id: row.try_get("event_id")?,
        at: row.try_get("at")?,
        origin: row.try_get("origin")?,
        correlation_id: row.try_get("correlation_id")?,
        decided_by: row.try_get("decided_by")?,
        decided_at: row.try_get("decided_at")?,
        reason: row.try_get("reason")?,
    })
}

/// Writes what administrators decided and did, if the batch has any.
pub(super) async fn write(connection: &mut PgConnection, batch: &Batch) -> Result<(), Fault> {
    if batch.rulings.is_empty() && batch.acts.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::query(include_str!("sql/decide_changes.sql"));
    query = bind_rulings(query, &batch.rulings);
    query = bind_acts(query, &batch.acts);
    query.execute(connection).await.map_err(fault::when("writing what administrators decided"))?;
    Ok(())
}

fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn bind_rulings<'q>(query: Statement<'q>, rulings: &[Ruling]) -> Statement<'q> {
    query
        .bind(column(rulings, |ruling| ruling.customer_id.as_str()))
        .bind(column(rulings, |ruling| ruling.question.request_id.as_str()))
        .bind(column(rulings, |ruling| ruling.question.changes_hash.as_str()))
        .bind(column(rulings, |ruling| ChangeStatus::from(ruling.verdict).as_str()))
        .bind(column(rulings, |ruling| ruling.by.as_str()))
        .bind(column(rulings, |ruling| ruling.at))
        .bind(column(rulings, |ruling| ruling.reason.as_str()))
}

fn bind_acts<'q>(query: Statement<'q>, acts: &[AdminAct]) -> Statement<'q> {
    query
        .bind(column(acts, |act| act.id))
        .bind(column(acts, |act| act.by.subject.as_str()))
        .bind(column(acts, |act| act.by.role.as_str()))
        .bind(column(acts, |act| act.action))
        .bind(column(acts, |act| act.customer_id.as_deref()))
        .bind(column(acts, |act| act.reason.as_deref()))
        .bind(column(acts, |act| act.before.as_ref().map(|before| before.as_ref().text())))
        .bind(column(acts, |act| act.after.as_ref().map(|after| after.as_ref().text())))
        .bind(column(acts, |act| act.at))
        .bind(column(acts, |act| act.by.request_id.as_deref()))
}
