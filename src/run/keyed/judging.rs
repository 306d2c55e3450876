//! Administrators' verdicts over critical syncs that wait (spec/2 §1, spec/4 §2).

use chrono::{DateTime, Utc};
use schemas::Json;
use schemas::profile::{Profile, Verdict};
use schemas::store::{AdminAct, Administrator, ChangeStatus, CriticalChange, Ruling};
use serde::Serialize;
use transforms::decide;
use uuid::Uuid;

/// What an administrator decides over a critical sync.
#[derive(Debug, Clone)]
pub(in crate::run) struct Judgment {
    /// The critical sync, as it is stored.
    pub(in crate::run) change: CriticalChange,
    /// The verdict.
    pub(in crate::run) verdict: Verdict,
    /// Who decides.
    pub(in crate::run) by: Administrator,
    /// Why, in the administrator's words.
    pub(in crate::run) reason: String,
    /// When.
    pub(in crate::run) at: DateTime<Utc>,
}

impl Judgment {
    /// Passes it over the profile. Answers what is written of it; `None` where the profile does not wait for the critical sync, or one
    /// that is approved asks for what no critical sync may set any more, or for more than the profile takes: that one can only be rejected.
    pub(super) fn pass(&self, profile: &mut Profile, pipeline: &str) -> Option<(Ruling, AdminAct)> {
        let Self { change, verdict, by, reason, at } = self;
        let covered = match decide(profile, change, *verdict, *at) {
            Ok(covered) => covered?,
            Err(reject) => {
                tracing::warn!(violations = ?reject.violations, "a critical sync that waits asks for what may not be set, or for too much: reject it");
                return None;
            }
        };
        let ruling = Ruling {
            customer_id: change.customer_id.clone(),
            question: change.question.clone(),
            verdict: *verdict,
            by: by.subject.clone(),
            reason: reason.clone(),
            at: *at,
        };
        let act = AdminAct {
            id: act_id(pipeline, change),
            by: by.clone(),
            action: action(*verdict),
            customer_id: Some(change.customer_id.clone()),
            reason: Some(reason.clone()),
            before: Some(stands(change, ChangeStatus::PendingApproval, &[])),
            after: Some(stands(change, ChangeStatus::from(*verdict), &covered)),
            at: *at,
        };
        Some((ruling, act))
    }
}

/// The name in `admin_activity`.
fn action(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approve_critical_change",
        Verdict::Rejected => "reject_critical_change",
    }
}

/// Always the same for a question: it is decided once.
fn act_id(pipeline: &str, change: &CriticalChange) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:syncline:decision");
    Uuid::new_v5(&namespace, format!("{pipeline}\0{}\0{}", change.customer_id, change.question).as_bytes())
}

/// How a critical sync stands, in `admin_activity`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stands<'a> {
    request_id: &'a str,
    status: &'static str,
    /// As sent.
    changes: &'a Json,
    /// The fields where newer data shows, so that nothing of what was approved is seen there.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    covered_by_newer: &'a [String],
}

fn stands(change: &CriticalChange, status: ChangeStatus, covered_by_newer: &[String]) -> Json {
    let (request_id, status) = (change.question.request_id.as_str(), status.as_str());
    Json::from_serialize(&Stands { request_id, status, changes: &change.changes, covered_by_newer })
}
