//! Which records ask for a sync, how soon, and for what (spec/3 §1, §2).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use schemas::sync::{Ask, Requested, SyncPriority};
use schemas::{JsonRef, Record};
use uuid::Uuid;

use super::Workflow;

/// Sections whose change cannot wait (spec/3 §2).
const CRITICAL: [&str; 6] =
    ["basic_info", "legal_info", "financial_data", "compliance_data", "regulatory_info", "identification"];
/// More updated fields than this are of medium impact.
const MANY_FIELDS: usize = 5;
/// So many updated fields, or fewer, are of low impact.
const FEW_FIELDS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Impact {
    Low,
    Medium,
    High,
}

impl Workflow {
    /// The id under which a record that asks for a sync is remembered, so that it asks once; `None` for one that does not ask.
    #[must_use]
    pub fn ask_id(record: &Record) -> Option<String> {
        let customer = record.key.as_deref().unwrap_or_default();
        matches!(&*record.kind, "profile_updated" | "sync_request").then(|| format!("{customer}\n{}\n{}", record.kind, record.id))
    }

    /// What a record asks for; `None` for one that does not. `id` is that of the sync that is made if none is planned.
    #[must_use]
    pub fn ask_of(&self, record: &Record, id: Uuid) -> Option<Ask> {
        match &*record.kind {
            "profile_updated" => Some(self.of_notification(record, id)),
            "sync_request" => Some(self.of_request(record, id)),
            _ => None,
        }
    }

    /// A sync that is asked for by name: by an administrator, by a backfill.
    #[must_use]
    pub fn ask_by(&self, id: Uuid, by: &str, priority: SyncPriority, reason: &str, sections: Vec<String>) -> Ask {
        let (by, reason, requested) = (by.to_owned(), reason.to_owned(), Requested::named(sections));
        Ask { id, priority, reason, by, requested, delay: TimeDelta::zero() }
    }

    fn of_notification(&self, record: &Record, id: Uuid) -> Ask {
        let payload = record.value.as_ref();
        let fields: BTreeSet<String> = texts(payload.get("updatedFields")).collect();
        let critical = fields.iter().any(|field| CRITICAL.contains(&field.split('.').next().unwrap_or_default()));
        let impact = match payload.get("impact").and_then(JsonRef::as_str).as_deref() {
            Some("low") => Impact::Low,
            Some("medium") => Impact::Medium,
            Some("high") => Impact::High,
            _ if critical => Impact::High,
            _ if fields.len() > MANY_FIELDS => Impact::Medium,
            _ if fields.len() <= FEW_FIELDS => Impact::Low,
            _ => Impact::Medium,
        };
        let priority = match impact {
            _ if critical => SyncPriority::Urgent,
            Impact::High => SyncPriority::Urgent,
            Impact::Medium => SyncPriority::High,
            Impact::Low if fields.len() > MANY_FIELDS => SyncPriority::High,
            Impact::Low if fields.len() <= FEW_FIELDS => SyncPriority::Low,
            Impact::Low => SyncPriority::Medium,
        };
        let context = payload.get("updateContext");
        let by = context.and_then(|context| context.get("updatedBy")).and_then(JsonRef::as_str);
        let source = context.and_then(|context| context.get("updateSource")).and_then(JsonRef::as_str);
        let changed = fields.into_iter().collect::<Vec<_>>().join(", ");
        Ask {
            id,
            priority,
            reason: format!("profile updated ({}): {changed}", source.as_deref().unwrap_or("source unknown")),
            by: by.as_deref().unwrap_or("customer-service").to_owned(),
            requested: Requested::named([]),
            delay: if impact == Impact::High { TimeDelta::zero() } else { self.params.notification_delay() },
        }
    }

    fn of_request(&self, record: &Record, id: Uuid) -> Ask {
        let payload = record.value.as_ref();
        let priority = match payload.get("priority").and_then(JsonRef::as_str).as_deref() {
            Some("urgent") => SyncPriority::Urgent,
            Some("high") => SyncPriority::High,
            Some("low") => SyncPriority::Low,
            _ => SyncPriority::Medium,
        };
        let by = payload.get("requestingService").and_then(JsonRef::as_str);
        let request = payload.get("requestId").and_then(JsonRef::as_str);
        Ask {
            id,
            priority,
            reason: format!("requested ({})", request.as_deref().unwrap_or_default()),
            by: by.as_deref().unwrap_or("unknown service").to_owned(),
            requested: Requested::named(texts(payload.get("requestedData"))),
            delay: self.params.request_delay(priority),
        }
    }
}

/// The texts of an array that are not empty.
fn texts(array: Option<JsonRef<'_>>) -> impl Iterator<Item = String> {
    let texts = array.into_iter().flat_map(JsonRef::elements).filter_map(JsonRef::as_str).map(std::borrow::Cow::into_owned);
    texts.filter(|text| !text.is_empty())
}
