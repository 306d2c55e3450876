//! Critical syncs that wait for an administrator, in the shipped pipeline (spec/2 §1, spec/4 §2).

use chrono::TimeDelta;
use schemas::profile::Verdict;
use schemas::store::{Administrator, ChangeStatus, StoredChange};
use serde_json::{Value, json};
use syncline::run::{Desk, Judged};

use super::harness::Database;
use super::world::{World, complete, text};

const CRITICAL: &str = "admin.customer.critical.sync.priority";
const NAME: &str = "name";

/// Asks for another name, and waits for approval.
fn renaming(request: &str, name: &str) -> (&'static str, Value) {
    let value = json!({
        "customerId": "c-1", "syncType": "full_profile", "priority": "high",
        "changes": [{"field": "name", "oldValue": "Kin Export", "newValue": name, "impact": "high"}],
        "metadata": {"source": "back-office", "requestId": request, "requiresAdminApproval": true},
        "dataVersion": "2.1", "correlationId": format!("because-{request}"),
    });
    (CRITICAL, value)
}

fn administrator(subject: &str) -> Administrator {
    Administrator { subject: subject.into(), role: "admin".into(), request_id: Some("http-1".into()) }
}

async fn decide(desk: &Desk, request: &str, verdict: Verdict) -> Judged {
    desk.decide("c-1", request, verdict, &administrator("admin-7"), "seen the deed").await.unwrap()
}

fn statuses(changes: &[StoredChange]) -> Vec<ChangeStatus> {
    changes.iter().map(|stored| stored.change.status).collect()
}

async fn acts(world: &World) -> Vec<Value> {
    let columns = ["who", "role", "action", "customer_id", "reason", "request_id"];
    world.bench.rows("admin_activity", &columns, "at").await
}

async fn what_is_approved_takes_effect(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1")]).await;
    world.after(60, &[renaming("r-1", "Kin Export SARL")]).await;
    assert_eq!(world.profile(&[NAME, "admin_status"]).await, ["Kin Export", "requires_attention"]);
    let notified = world.published("admin.notifications").await;
    assert_eq!(notified.len(), 1);
    assert_eq!(notified[0]["type"], "com.wanzo.profile.critical_change.approval_wanted");
    assert_eq!(notified[0]["correlationid"], "because-r-1");
    assert_eq!(
        (&notified[0]["data"]["requestId"], &notified[0]["data"]["changes"][0]["newValue"]),
        (&json!("r-1"), &json!("Kin Export SARL"))
    );

    world.clock.advance(TimeDelta::hours(1));
    let desk = world.pipeline.approvals().unwrap();
    let Judged::Decided(changes) = decide(&desk, "r-1", Verdict::Approved).await else { panic!("it waits") };
    assert_eq!(statuses(&changes), [ChangeStatus::Approved]);
    let ruling = changes[0].ruling.as_ref().unwrap();
    assert_eq!((ruling.by.as_str(), ruling.reason.as_str()), ("admin-7", "seen the deed"));
    assert_eq!(world.profile(&[NAME, "admin_status"]).await, ["Kin Export SARL", "under_review"]);
    let act = json!({
        "who": "admin-7", "role": "admin", "action": "approve_critical_change", "customer_id": "c-1", "reason": "seen the deed",
        "request_id": "http-1",
    });
    assert_eq!(acts(&world).await, std::slice::from_ref(&act));
    let after = world.bench.json("SELECT CAST(after AS TEXT) FROM admin_activity").await;
    assert_eq!((&after[0]["status"], after[0].get("coveredByNewer")), (&json!("approved"), None));

    // Once for all: neither another verdict nor the event again changes it.
    let Judged::Settled(changes) = decide(&desk, "r-1", Verdict::Rejected).await else { panic!("it is decided") };
    assert_eq!(statuses(&changes), [ChangeStatus::Approved]);
    world.after(60, &[renaming("r-1", "Kin Export SARL")]).await;
    assert_eq!(world.profile(&[NAME, "admin_status"]).await, ["Kin Export SARL", "under_review"]);
    assert_eq!(acts(&world).await, [act]);
    assert_eq!(world.published("admin.notifications").await.len(), 1);
    world.pipeline.sink().close().await;
}

async fn what_is_rejected_does_not(database: Database) {
    // Whether syncs are switched on or not.
    let world = World::new(database, &[("ENABLE_V21_WORKFLOW", "false")]).await;
    world.after(0, &[complete("c-1"), renaming("r-1", "Kin Export SARL")]).await;
    let desk = world.pipeline.approvals().unwrap();
    let Judged::Decided(changes) = decide(&desk, "r-1", Verdict::Rejected).await else { panic!("it waits") };
    assert_eq!(statuses(&changes), [ChangeStatus::Rejected]);
    assert_eq!(world.profile(&[NAME, "admin_status"]).await, ["Kin Export", "under_review"]);
    assert_eq!(acts(&world).await[0]["action"], "reject_critical_change");
    assert_eq!(world.published("admin.notifications").await.len(), 1, "it was told of");
    assert_eq!(decide(&desk, "r-2", Verdict::Approved).await, Judged::Unknown);
    let of = world.bench.rows("customer_history", &["source", "what"], "at, source, seq").await;
    let happened: Vec<_> = of.iter().map(|row| (text(row, "source"), text(row, "what"))).collect();
    assert!(happened.contains(&("critical_change", "pending_approval")), "{happened:?}");
    assert!(happened.contains(&("administrator", "reject_critical_change")), "{happened:?}");
    world.pipeline.sink().close().await;
}

async fn what_is_approved_falls_under_newer_data(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[renaming("r-1", "Kin Export SARL")]).await;
    world.after(60, &[complete("c-1")]).await;
    let desk = world.pipeline.approvals().unwrap();
    let Judged::Decided(_) = decide(&desk, "r-1", Verdict::Approved).await else { panic!("it waits") };
    assert_eq!(world.profile(&[NAME]).await, ["Kin Export"]);
    let after = world.bench.json("SELECT CAST(after AS TEXT) FROM admin_activity").await;
    assert_eq!(after[0]["coveredByNewer"], json!(["name"]), "the administrator can see it");
    world.pipeline.sink().close().await;
}

async fn all_that_waits_under_one_request_is_decided_together(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1")]).await;
    world.after(1, &[renaming("r-1", "Kin Export SARL")]).await;
    world.after(1, &[renaming("r-1", "Kin Export SA"), renaming("r-2", "Another")]).await;
    let desk = world.pipeline.approvals().unwrap();
    let Judged::Decided(changes) = decide(&desk, "r-1", Verdict::Approved).await else { panic!("they wait") };
    assert_eq!(statuses(&changes), [ChangeStatus::Approved, ChangeStatus::Approved]);
    assert_eq!(world.profile(&[NAME, "admin_status"]).await, ["Kin Export SA", "requires_attention"], "the later; r-2 waits");
    assert_eq!(acts(&world).await.len(), 2);
    world.pipeline.sink().close().await;
}

async fn of_two_who_decide_at_once_one_does(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1"), renaming("r-1", "Kin Export SARL")]).await;
    let desk = world.pipeline.approvals().unwrap();
    let verdict = async |subject: &str, verdict| desk.decide("c-1", "r-1", verdict, &administrator(subject), "so").await.unwrap();
    let (yes, no) = tokio::join!(verdict("admin-1", Verdict::Approved), verdict("admin-2", Verdict::Rejected));
    let (winner, name) = match (&yes, &no) {
        (Judged::Decided(_), Judged::Settled(_)) => ("admin-1", "Kin Export SARL"),
        (Judged::Settled(_), Judged::Decided(_)) => ("admin-2", "Kin Export"),
        both => panic!("{both:?}"),
    };
    assert_eq!(world.profile(&[NAME]).await, [name]);
    let acts = acts(&world).await;
    assert_eq!(acts.iter().map(|act| text(act, "who")).collect::<Vec<_>>(), [winner]);
    let rows = world.bench.rows("critical_changes", &["decided_by"], "customer_id").await;
    assert_eq!(text(&rows[0], "decided_by"), winner);
    world.pipeline.sink().close().await;
}

async fn what_was_applied_needs_no_verdict(database: Database) {
    let world = World::new(database, &[]).await;
    let (topic, mut value) = renaming("r-1", "Kin Export SARL");
    value["metadata"]["requiresAdminApproval"] = json!(false);
    world.after(0, &[complete("c-1"), (topic, value)]).await;
    let desk = world.pipeline.approvals().unwrap();
    let Judged::Settled(changes) = decide(&desk, "r-1", Verdict::Rejected).await else { panic!("it was applied") };
    assert_eq!((statuses(&changes), changes[0].ruling.as_ref()), (vec![ChangeStatus::Applied], None));
    assert_eq!(world.profile(&[NAME]).await, ["Kin Export SARL"]);
    assert!(world.published("admin.notifications").await.is_empty());
    world.pipeline.sink().close().await;
}

super::world::on_both!(
    what_is_approved_takes_effect,
    what_is_rejected_does_not,
    what_is_approved_falls_under_newer_data,
    all_that_waits_under_one_request_is_decided_together,
    of_two_who_decide_at_once_one_does,
    what_was_applied_needs_no_verdict
);
