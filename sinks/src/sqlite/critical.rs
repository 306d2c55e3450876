//! Critical syncs that are stored, and what administrators decide over them.

use schemas::Fault;
use schemas::store::{AdminAct, Batch, ChangeStatus, Ruling, StoredChange};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::read::get;
use super::statements::Statements;
use super::value::Value;
use super::{fault, time};
use crate::critical::ChangeRow;

/// Those of a customer, of one request or all, the earliest first.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    customer: &str,
    request: Option<&str>,
) -> Result<Vec<StoredChange>, Fault> {
    let query = sqlx::query(include_str!("sql/critical_changes.sql")).bind(customer.to_owned()).bind(request.map(str::to_owned));
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading critical changes"))?;
    rows.iter().map(|row| stored(row)?.decode()).collect()
}

fn stored(row: &SqliteRow) -> Result<ChangeRow, Fault> {
    Ok(ChangeRow {
        customer_id: get(row, "customer_id")?,
        request_id: get(row, "request_id")?,
        changes_hash: get(row, "changes_hash")?,
        sync_type: get(row, "sync_type")?,
        priority: get(row, "priority")?,
        changes: get(row, "changes")?,
        source: get(row, "source")?,
        status: get(row, "status")?,
        event_id: get(row, "event_id")?,
        at: time::column(row, "at")?,
        origin: get(row, "origin")?,
        correlation_id: get(row, "correlation_id")?,
        decided_by: get(row, "decided_by")?,
        decided_at: time::optional(row, "decided_at")?,
        reason: get(row, "reason")?,
    })
}

/// What administrators decided and did, as values.
#[derive(Debug, Default)]
pub(super) struct PreparedRulings {
    rulings: Vec<[Value; 7]>,
    acts: Vec<Value>,
}

impl PreparedRulings {
    pub(super) fn of(batch: &Batch) -> Self {
        Self { rulings: batch.rulings.iter().map(ruling).collect(), acts: batch.acts.iter().flat_map(act).collect() }
    }

    /// Writes them, under the write lock; versions were compared.
    pub(super) async fn write(self, connection: &mut SqliteConnection, statements: &Statements) -> Result<(), Fault> {
        for values in self.rulings {
            let query =
                values.into_iter().fold(sqlx::query(include_str!("sql/decide_change.sql")), |query, value| value.bind(query));
            query.execute(&mut *connection).await.map_err(fault::when("writing what administrators decided"))?;
        }
        statements.insert_admin_activity.run(connection, self.acts).await?;
        Ok(())
    }
}

/// In the order of `sql/decide_change.sql`.
fn ruling(ruling: &Ruling) -> [Value; 7] {
    [
        ruling.customer_id.as_str().into(),
        ruling.question.request_id.as_str().into(),
        ruling.question.changes_hash.as_str().into(),
        ChangeStatus::from(ruling.verdict).as_str().into(),
        ruling.by.as_str().into(),
        ruling.at.into(),
        ruling.reason.as_str().into(),
    ]
}

/// In the order of `sql/insert_admin_activity.sql`.
fn act(act: &AdminAct) -> [Value; 10] {
    [
        act.id.to_string().into(),
        act.by.subject.as_str().into(),
        act.by.role.as_str().into(),
        act.action.into(),
        act.customer_id.as_deref().into(),
        act.reason.as_deref().into(),
        act.before.as_ref().map(|before| before.as_ref().text()).into(),
        act.after.as_ref().map(|after| after.as_ref().text()).into(),
        act.at.into(),
        act.by.request_id.as_deref().into(),
    ]
}
