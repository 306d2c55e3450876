//! The synchronisation workflow in the shipped pipeline, by a clock that the test moves.

use std::collections::BTreeMap;
use std::process::Command;

use schemas::profile::CustomerType;
use schemas::store::{Backfill, ProfileFilter};
use schemas::sync::SyncPriority;
use schemas::{Clock, FaultKind};
use serde_json::{Value, json};
use syncline::config::Rollout;
use syncline::run::BackfillPlan;
use tokio::sync::watch;

use super::harness::{Bench, Database, root};
use super::world::{World, complete, text};

const REQUESTS: &str = "admin.customer.profile.sync.request";

fn request(customer: &str, id: &str, priority: &str) -> (&'static str, Value) {
    let value = json!({"customerId": customer, "requestId": id, "requestingService": "credit-service", "priority": priority});
    (REQUESTS, value)
}

/// What happened to the syncs of a customer: what, attempt, before, after.
async fn history(world: &World, customer: &str) -> Vec<String> {
    let columns = ["customer_id", "what", "attempt", "before", "after"];
    let rows = world.bench.rows("sync_history", &columns, "customer_id, seq").await;
    let of = rows.iter().filter(|row| row["customer_id"] == customer);
    of.map(|row| format!("{} {} {} {}", text(row, "what"), row["attempt"], text(row, "before"), text(row, "after"))).collect()
}

async fn statuses(world: &World) -> Vec<String> {
    let rows = world.bench.rows("sync_requests", &["customer_id", "status"], "customer_id, requested_at").await;
    rows.iter().map(|row| format!("{} {}", text(row, "customer_id"), text(row, "status"))).collect()
}

async fn a_request_is_answered(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1")]).await;
    world.after(1, &[request("c-1", "r-1", "urgent")]).await;
    assert_eq!(world.profile(&["sync_status", "last_sync_at"]).await, [json!("pending_sync"), Value::Null]);
    let sent = world.published("customer.sync.request").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["data"]["customerId"], "c-1");
    assert_eq!(sent[0]["data"]["priority"], "urgent");
    assert_eq!(sent[0]["data"]["requestedData"][1], "company_profile");
    // The same request again, and one beside it: it waits for the end of the one that is open.
    world.after(10, &[request("c-1", "r-1", "urgent"), request("c-1", "r-2", "low")]).await;
    assert_eq!(world.published("customer.sync.request").await.len(), 1);
    world.after(20, &[complete("c-1")]).await;
    let [status, at] = &world.profile(&["sync_status", "last_sync_at"]).await[..] else { panic!("two columns") };
    assert_eq!(status, "synced");
    assert!(at.as_str().unwrap().starts_with("2026-03-01T08:00:31"), "{at}");
    let expected = [
        "scheduled 0 not_synced sync_scheduled",
        "started 1 sync_scheduled pending_sync",
        "scheduled 0 pending_sync pending_sync",
        "completed 1 pending_sync sync_scheduled",
        "completed 0 sync_scheduled synced",
    ];
    assert_eq!(history(&world, "c-1").await, expected);
    assert_eq!(statuses(&world).await, ["c-1 completed", "c-1 completed"]);
    let counted = world.pipeline.counters().counts().syncs;
    assert_eq!(counted, BTreeMap::from([("scheduled", 2), ("started", 1), ("completed", 2)]));
    world.pipeline.sink().close().await;
}

async fn without_an_answer_it_is_given_up_and_a_late_answer_resolves_that(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1")]).await;
    world.after(60, &[request("c-1", "r-1", "urgent")]).await;
    // Attempts of 2, 5 and 5 minutes, with about 2 and 4 between them.
    for (seconds, requests) in [(119, 1), (1, 1), (133, 2), (300, 2), (265, 3), (299, 3)] {
        world.after(seconds, &[]).await;
        assert_eq!(world.published("customer.sync.request").await.len(), requests, "after {seconds} s more");
    }
    assert_eq!(world.profile(&["sync_status"]).await, ["pending_sync"]);
    world.after(1, &[]).await;
    let columns = ["sync_status", "admin_status", "attention_reasons"];
    assert_eq!(world.profile(&columns).await[..2], ["sync_failed", "requires_attention"]);
    let failed = world.published("admin.alerts.sync.failed").await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["type"], "com.wanzo.profile.alert.sync_failure.raised");
    let requests = world.published("customer.sync.request").await;
    let data = json!({"syncStatus": "sync_failed", "syncId": requests[0]["data"]["syncId"], "attempts": 3});
    assert_eq!(failed[0]["data"]["data"], data);
    let notified = world.published("admin.notifications").await;
    assert_eq!(notified.len(), 1);
    assert_eq!((&notified[0]["type"], &notified[0]["data"]["attempts"]), (&json!("com.wanzo.profile.sync.given_up"), &json!(3)));
    let errors = world.bench.json("SELECT CAST(sync_errors AS TEXT) FROM customer_detailed_profiles").await;
    let attempts: Vec<_> = errors[0].as_array().unwrap().iter().map(|error| error["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2, 3]);

    world.after(3_600, &[complete("c-1")]).await;
    assert_eq!(world.profile(&["sync_status"]).await, ["synced"]);
    let types: Vec<_> = world.published("admin.alerts.sync.failed").await.iter().map(|alert| alert["type"].clone()).collect();
    assert_eq!(types, ["com.wanzo.profile.alert.sync_failure.raised", "com.wanzo.profile.alert.sync_failure.resolved"]);
    assert_eq!(statuses(&world).await, ["c-1 completed"]);
    world.pipeline.sink().close().await;
}

async fn a_customer_without_a_profile_is_asked_for_and_makes_none(database: Database) {
    let world = World::new(database, &[]).await;
    let updated = json!({"customerId": "c-2", "customerType": "COMPANY", "updatedFields": ["name", "phone", "logo"]});
    world.after(0, &[("admin.customer.profile.updated", updated.clone())]).await;
    assert_eq!(statuses(&world).await, ["c-2 scheduled"]);
    world.after(60, &[request("c-2", "r-1", "normal")]).await;
    assert_eq!(statuses(&world).await, ["c-2 scheduled"], "it joins");
    assert!(world.published("customer.sync.request").await.is_empty());
    world.after(300, &[]).await;
    assert_eq!(statuses(&world).await, ["c-2 pending"], "the earliest time wins");
    assert!(world.bench.rows("customer_detailed_profiles", &["customer_id"], "customer_id").await.is_empty());
    world.after(30, &[complete("c-2")]).await;
    assert_eq!(world.profile(&["sync_status", "customer_id"]).await, ["synced", "c-2"]);
    world.pipeline.sink().close().await;
}

async fn who_asks_twice_by_one_id_asks_once(database: Database) {
    let world = World::new(database, &[]).await;
    let desk = world.pipeline.desk().unwrap();
    let ask = |id| desk.ask(id, "c-1", "admin-7", SyncPriority::High, "they called", vec!["assets_data".into()]);
    let asked = ask("a-1").await.unwrap().sync.unwrap();
    assert_eq!((asked.attempt, asked.data.as_slice()), (1, &["assets_data".to_owned()][..]));
    assert_eq!(ask("a-1").await.unwrap().sync, None);
    world.after(0, &[]).await;
    assert_eq!(world.published("customer.sync.request").await[0]["data"]["requestedData"], json!(["assets_data"]));
    assert_eq!(statuses(&world).await, ["c-1 pending"]);
    world.pipeline.sink().close().await;
}

async fn switched_off_no_sync_starts(database: Database) {
    let world = World::new(database, &[("ENABLE_V21_WORKFLOW", "false")]).await;
    world.after(0, &[complete("c-1"), request("c-1", "r-1", "urgent")]).await;
    assert_eq!(world.profile(&["sync_status"]).await, ["not_synced"]);
    assert!(statuses(&world).await.is_empty());
    assert!(world.pipeline.desk().is_none());
    world.pipeline.sink().close().await;
}

async fn a_backfill_asks_for_each_profile_once_and_goes_on_where_it_was_ended(database: Database) {
    let world = World::new(database, &[]).await;
    let customers: Vec<String> = (0..30).map(|number| format!("c-{number:02}")).collect();
    let profiles: Vec<_> = customers.iter().map(|customer| complete(customer)).collect();
    world.after(0, &profiles).await;
    let desk = world.pipeline.desk().unwrap();
    let filter = ProfileFilter { customer_type: Some(CustomerType::Pme), ..ProfileFilter::default() };
    let (name, by, reason) = ("all".to_owned(), "admin-7".to_owned(), "backfill".to_owned());
    let plan = BackfillPlan { name, filter, rate: 100, priority: SyncPriority::Low, by, reason };
    assert_eq!(desk.rehearse(&plan).await.unwrap().asked, 30);
    // Of version 2.1, as all of these are.
    let old = ProfileFilter { data_version_not: Some("2.1".into()), ..ProfileFilter::default() };
    assert_eq!(desk.rehearse(&BackfillPlan { filter: old, ..plan.clone() }).await.unwrap().asked, 0);

    let (stop, stopped) = watch::channel(false);
    let slow = BackfillPlan { rate: 20, ..plan.clone() };
    let report = desk.backfill(&slow, stopped, |_| stop.send(true).unwrap()).await.unwrap();
    assert_eq!((report.asked, report.finished), (10, false), "it ends behind the portion that it has in hand");
    let left = desk.rehearse(&plan).await.unwrap();
    assert_eq!((left.asked, left.resumed), (20, true));
    let (_stop, stopped) = watch::channel(false);
    let report = desk.backfill(&plan, stopped, |_| {}).await.unwrap();
    assert_eq!((report.asked, report.asked_in_all, report.resumed, report.finished), (20, 30, true, true));

    world.after(1, &[]).await;
    let asked = world.published("customer.sync.request").await;
    let mut of: Vec<_> = asked.iter().map(|message| text(&message["data"], "customerId").to_owned()).collect();
    of.sort();
    assert_eq!(of, customers);
    world.pipeline.sink().close().await;
}

async fn who_is_left_out_by_a_smaller_rollout_is_not_left_waiting(database: Database) {
    let world = World::new(database, &[]).await;
    let customer = (0..).map(|number| format!("c-{number}")).find(|customer| !Rollout::percent(1).has(customer)).unwrap();
    world.after(0, &[complete(&customer)]).await;
    world.after(1, &[request(&customer, "r-1", "urgent")]).await;
    assert_eq!(world.profile(&["sync_status"]).await, ["pending_sync"]);
    world.pipeline.sink().close().await;
    world.bench.file(|text| text.replace("      - use: keep_in_sync\n", "      - use: keep_in_sync\n        rollout: 1\n"));
    let pipeline = world.bench.pipeline_at(&[], world.clock.clone()).await;
    let world = World { pipeline, ..world };
    world.after(10, &[complete(&customer), request(&customer, "r-2", "urgent")]).await;
    assert_eq!(world.profile(&["sync_status"]).await, ["synced"]);
    assert_eq!(statuses(&world).await, [format!("{customer} completed")], "and it is not asked for again");
    assert!(!world.pipeline.desk().unwrap().concerns(&customer));
    world.pipeline.sink().close().await;
}

async fn a_backfill_goes_on_through_the_same_profiles_and_alone(database: Database) {
    let world = World::new(database, &[]).await;
    let customers = ["c-1", "c-2", "c-3"].map(complete);
    world.after(0, &customers).await;
    let desk = world.pipeline.desk().unwrap();
    let (name, filter) = ("migration".to_owned(), ProfileFilter::default());
    let plan = BackfillPlan { name, filter, rate: 2, priority: SyncPriority::Low, by: "b".into(), reason: "r".into() };
    let (stop, stopped) = watch::channel(false);
    let report = desk.backfill(&plan, stopped, |_| stop.send(true).unwrap()).await.unwrap();
    assert_eq!((report.asked, report.left_out, report.finished), (1, 0, false));
    let filter = ProfileFilter { customer_type: Some(CustomerType::Pme), ..ProfileFilter::default() };
    let refused = desk.rehearse(&BackfillPlan { filter, ..plan.clone() }).await.unwrap_err();
    assert!(refused.to_string().contains("all profiles; these are profiles of type PME"), "{refused}");
    let sink = world.pipeline.sink();
    let own = sink.backfill("migration").await.unwrap().unwrap();
    let other = Backfill { run: uuid::Uuid::new_v4(), ..own.clone() };
    assert_eq!(sink.save_backfill(&other, world.clock.now()).await.unwrap_err().kind(), FaultKind::Refused);
    sink.save_backfill(&Backfill { finished_at: Some(world.clock.now()), ..own }, world.clock.now()).await.unwrap();
    sink.save_backfill(&other, world.clock.now()).await.unwrap();
    world.pipeline.sink().close().await;
}

async fn a_backfill_that_was_ended_behind_its_last_portion_begins_anew(database: Database) {
    let world = World::new(database, &[]).await;
    world.after(0, &[complete("c-1"), complete("c-2")]).await;
    let desk = world.pipeline.desk().unwrap();
    let (name, filter) = ("migration".to_owned(), ProfileFilter::default());
    let plan = BackfillPlan { name, filter, rate: 10, priority: SyncPriority::Low, by: "b".into(), reason: "r".into() };
    let (stop, stopped) = watch::channel(false);
    let report = desk.backfill(&plan, stopped, |_| stop.send(true).unwrap()).await.unwrap();
    assert_eq!((report.asked, report.finished), (2, false));
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.args(["backfill", "--all-versions"]).current_dir(root()).envs(world.bench.variables());
    let ended = command.output().unwrap();
    assert_eq!(String::from_utf8(ended.stdout).unwrap(), "nothing to ask for, going on where it had ended\n");
    let again = desk.rehearse(&plan).await.unwrap();
    assert_eq!((again.asked, again.resumed), (2, false), "it was through");
    world.pipeline.sink().close().await;
}

async fn a_rollout_asks_for_some_customers_and_stores_all(database: Database) {
    let bench = Bench::new(database).await;
    bench.file(|text| text.replace("      - use: keep_in_sync\n", "      - use: keep_in_sync\n        rollout: 30\n"));
    let world = World::on(bench, &[]).await;
    let customers: Vec<String> = (0..60).map(|number| format!("c-{number:02}")).collect();
    let wishes = customers.iter().flat_map(|customer| [complete(customer), request(customer, "r-1", "urgent")]);
    world.after(0, &wishes.collect::<Vec<_>>()).await;
    assert_eq!(world.bench.rows("customer_detailed_profiles", &["customer_id"], "customer_id").await.len(), 60);
    let asked: Vec<_> = world.bench.rows("sync_requests", &["customer_id"], "customer_id").await;
    let expected: Vec<_> = customers.iter().filter(|customer| Rollout::percent(30).has(customer)).collect();
    assert!((10..30).contains(&expected.len()));
    assert_eq!(asked.iter().map(|row| text(row, "customer_id")).collect::<Vec<_>>(), expected);
    world.pipeline.sink().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_asks_and_says_what_it_did() {
    let world = World::new(Database::Sqlite, &[]).await;
    world.after(0, &[complete("c-1")]).await;
    let syncline = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        let ran = command.args(arguments).current_dir(root()).envs(world.bench.variables()).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
    };
    let (code, asked, _) = syncline(&["sync", "c-1", "--priority", "urgent", "--format", "json"]);
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!((code, &asked["status"], asked["steps"].as_array().unwrap().len()), (Some(0), &json!("pending"), 4));
    let (code, said, _) = syncline(&["backfill", "--dry-run", "--all-versions"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("would ask for 1 profiles") && said.contains("pending_sync"), "{said}");
    let (code, said, _) = syncline(&["backfill"]);
    assert_eq!((code, said.as_str()), (Some(0), "nothing to ask for\n"));
    for wrong in [&["c-1", "--priority", "now"][..], &["c-1", "--sections", "assets"], &[&"c".repeat(256)]] {
        assert_eq!(syncline(&[&["sync"], wrong].concat()).0, Some(2), "{wrong:?}");
    }
    let off = Command::new(env!("CARGO_BIN_EXE_syncline"))
        .args(["sync", "c-1"])
        .current_dir(root())
        .envs(world.bench.variables())
        .env("ENABLE_V21_WORKFLOW", "false")
        .output()
        .unwrap();
    assert_eq!(off.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&off.stderr).contains("ENABLE_V21_WORKFLOW"));
    world.pipeline.sink().close().await;
}

super::world::on_both!(
    a_request_is_answered,
    without_an_answer_it_is_given_up_and_a_late_answer_resolves_that,
    a_customer_without_a_profile_is_asked_for_and_makes_none,
    who_asks_twice_by_one_id_asks_once,
    a_backfill_asks_for_each_profile_once_and_goes_on_where_it_was_ended,
    a_backfill_goes_on_through_the_same_profiles_and_alone,
    a_backfill_that_was_ended_behind_its_last_portion_begins_anew,
    a_rollout_asks_for_some_customers_and_stores_all,
    who_is_left_out_by_a_smaller_rollout_is_not_left_waiting,
    switched_off_no_sync_starts
);
