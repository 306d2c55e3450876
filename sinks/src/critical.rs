//! Critical syncs as the tables have them, the same in every database.

use chrono::{DateTime, Utc};
use schemas::profile::{Question, Verdict};
use schemas::store::{ChangeStatus, CriticalChange, Ruling, StoredChange};
use schemas::{Fault, FaultKind, Json};

/// A row of `critical_changes`.
pub(crate) struct ChangeRow {
    pub(crate) customer_id: String,
    pub(crate) request_id: String,
    pub(crate) changes_hash: String,
    pub(crate) sync_type: String,
    pub(crate) priority: String,
    pub(crate) changes: String,
    pub(crate) source: Option<String>,
    pub(crate) status: String,
    pub(crate) event_id: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) origin: String,
    pub(crate) correlation_id: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    pub(crate) reason: Option<String>,
}

impl ChangeRow {
    /// What the row says.
    ///
    /// # Errors
    ///
    /// `Lost`, naming the column, when somebody else wrote something there that no sink writes.
    pub(crate) fn decode(self) -> Result<StoredChange, Fault> {
        let status = ChangeStatus::ALL.into_iter().find(|status| status.as_str() == self.status);
        let status = status.ok_or_else(|| lost("status"))?;
        let question = Question { request_id: self.request_id, changes_hash: self.changes_hash };
        let verdict = match status {
            ChangeStatus::Approved => Some(Verdict::Approved),
            ChangeStatus::Rejected => Some(Verdict::Rejected),
            ChangeStatus::PendingApproval | ChangeStatus::Applied => None,
        };
        let ruling = verdict.map(|verdict| Ruling {
            customer_id: self.customer_id.clone(),
            question: question.clone(),
            verdict,
            by: self.decided_by.unwrap_or_default(),
            reason: self.reason.unwrap_or_default(),
            at: self.decided_at.unwrap_or(self.at),
        });
        let change = CriticalChange {
            customer_id: self.customer_id,
            question,
            sync_type: self.sync_type,
            priority: self.priority,
            changes: Json::parse_own(&self.changes).map_err(|error| caused("changes", error))?,
            source: self.source,
            status,
            event_id: self.event_id.into(),
            at: self.at,
            origin: serde_json::from_str(&self.origin).map_err(|error| caused("origin", error))?,
            correlation_id: self.correlation_id.map(Into::into),
        };
        Ok(StoredChange { change, ruling })
    }
}

fn lost(column: &str) -> Fault {
    Fault::new(FaultKind::Lost, format!("critical_changes: the column {column} cannot be read"))
}

fn caused(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::caused(FaultKind::Lost, format!("critical_changes: the column {column} cannot be read"), error)
}
