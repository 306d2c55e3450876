//! The small events: critical syncs, notifications, sync requests (spec/1 §3.6, §3.8, §3.9), and the envelope (§1).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::customer::{Customer, Kind, full_name};
use super::draw::{Draw, iso};

/// A critical sync, and whether its priority is high.
pub(super) fn critical_sync(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> (Value, bool) {
    let high = draw.percent(60);
    let changes = draw.list(1, 2, |draw| {
        let (field, value) = match (customer.kind, draw.below(4)) {
            (_, 0) => ("name", json!(format!("{} (ex {})", customer.name, full_name(draw)))),
            (_, 1) => ("profileData.phone", json!(format!("+2439{:08}", draw.below(100_000_000)))),
            (Kind::Company(_), 2) => ("companyProfile.legalForm", json!("SA")),
            (Kind::Company(_), _) => ("companyProfile.capital.montant", draw.amount(1_000, 900_000)),
            (Kind::Institution(_), 2) => ("specificData.ratioSolvabilite", draw.ratio_percent(5, 20)),
            (Kind::Institution(_), _) => ("regulatoryProfile.complianceStatus", json!("under_review")),
        };
        json!({"field": field, "oldValue": null, "newValue": value, "impact": draw.pick(&["low", "medium", "high"])})
    });
    let payload = json!({
        "customerId": customer.id,
        "syncType": draw.pick(&["full_profile", "financial_data", "assets_update", "compliance_update"]),
        "priority": if high { "high" } else { draw.pick(&["medium", "low"]) },
        "changes": changes,
        "metadata": {"source": "customer-service", "requestId": draw.uuid(), "requiresAdminApproval": draw.percent(50)},
        "timestamp": iso(at),
        "dataVersion": "2.1",
    });
    (payload, high)
}

/// A notification that something of the profile changed.
pub(super) fn profile_updated(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    let kind = if matches!(customer.kind, Kind::Company(_)) { "COMPANY" } else { "FINANCIAL_INSTITUTION" };
    let sources = &["form_submission", "admin_action", "system_update"];
    let mut notification = json!({
        "customerId": customer.id,
        "customerType": kind,
        "updatedFields": draw.some(&["phone", "logo", "legal_info", "financial_data", "address", "contacts", "identification"]),
        "updateContext": {"updatedBy": full_name(draw), "updateSource": draw.pick(sources), "formType": "profil"},
        "timestamp": iso(at),
    });
    if draw.percent(50) {
        notification["impact"] = json!(draw.pick(&["low", "medium", "high"]));
    }
    notification
}

/// A service asks for a sync.
pub(super) fn sync_request(draw: &mut Draw, customer: &Customer, at: DateTime<Utc>) -> Value {
    json!({
        "customerId": customer.id,
        "requestingService": draw.pick(&["portfolio-service", "credit-service", "admin-service"]),
        "requestedData": draw.some(&["basic_info", "financial_data", "compliance_info"]),
        "priority": draw.pick(&["low", "normal", "medium", "high", "urgent"]),
        "requestId": draw.uuid(),
        "timestamp": iso(at),
    })
}

/// The payload as a standard message.
pub(super) fn enveloped(draw: &mut Draw, topic: &str, payload: Value, at: DateTime<Utc>) -> Value {
    let id = draw.uuid();
    let version = json!({"version": "2.1.0", "schemaVersion": "v2.1.0", "compatibleVersions": ["v2.0.0", "v2.1.0"]});
    json!({
        "id": id,
        "eventType": topic,
        "data": payload,
        "metadata": {
            "id": id, "correlationId": draw.uuid(), "timestamp": iso(at), "source": "customer-service", "version": version,
            "retryCount": 0,
        },
    })
}
