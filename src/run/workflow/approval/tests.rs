#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::Utc;
use schemas::profile::Verdict;
use schemas::store::{Administrator, Batch, ChangeStatus};
use schemas::{FaultKind, Outgoing, TopicName};
use serde_json::json;

use super::Judged;
use crate::run::faulty::{OnWrite, Rig, stocks};

fn renaming() -> Outgoing {
    let value = json!({
        "customerId": "c-1", "syncType": "full_profile", "priority": "high",
        "changes": [{"field": "name", "newValue": "Kin Export SARL", "impact": "high"}],
        "metadata": {"source": "back-office", "requestId": "r-1", "requiresAdminApproval": true},
        "timestamp": Utc::now(), "dataVersion": "2.1",
    });
    Outgoing {
        topic: TopicName::try_from("admin.customer.critical.sync.priority").unwrap(),
        partition: None,
        key: Some("c-1".into()),
        value: value.to_string().into_bytes().into(),
        headers: Vec::new(),
        timestamp: None,
    }
}

/// Decides with a store to which this happens meanwhile.
async fn decided_with(steps: Vec<OnWrite>) {
    let rig = Rig::new().await;
    rig.run(vec![renaming()]).await.unwrap();
    rig.sink.script(steps);
    let by = Administrator { subject: "admin-7".into(), role: "admin".into(), request_id: None };
    let desk = rig.pipeline.approvals().unwrap();
    let judged = desk.decide("c-1", "r-1", Verdict::Approved, &by, "so").await.unwrap();
    let Judged::Decided(changes) = judged else { panic!("{judged:?}") };
    assert_eq!((changes.len(), changes[0].change.status), (1, ChangeStatus::Approved));
    let written = rig.sink.written();
    let rulings: usize = written.iter().map(|batch| batch.rulings.len()).sum();
    assert_eq!(rulings, 1, "once");
}

#[tokio::test]
async fn a_verdict_whose_answer_is_lost_stands() {
    decided_with(vec![OnWrite::AnswerLost]).await;
}

#[tokio::test]
async fn a_verdict_is_passed_again_over_what_a_worker_wrote_meanwhile() {
    let worker = Rig::new().await;
    worker.run(vec![renaming()]).await.unwrap();
    worker.run(vec![stocks("c-1", 5, 5, "riz")]).await.unwrap();
    let later = worker.sink.written().pop().unwrap();
    let later = Batch { positions: Vec::new(), leases: Vec::new(), ..later };
    decided_with(vec![OnWrite::Overtaken(Box::new(later))]).await;
}

#[tokio::test]
async fn a_store_that_is_away_for_a_moment_is_asked_again() {
    decided_with(vec![OnWrite::Fails(FaultKind::Unavailable), OnWrite::Fails(FaultKind::Conflict)]).await;
}
