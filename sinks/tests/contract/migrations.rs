//! The tables, and their names.

use schemas::FaultKind;
use schemas::store::{Batch, DeadLetter, Outbound};
use sinks::{migrate_revert, migrate_run, migrate_show};

use super::dead_letters::letter;
use super::outbox::effect;
use super::{Place, batch, json, opened, profile, read, row, settings, store, topic, write};

pub async fn they_run_once_and_back_again(place: &impl Place) {
    let settings = settings();
    let known = migrate_show(place.url(), &settings).await.unwrap();
    assert!(!known.is_empty() && known.iter().all(|step| step.applied_at.is_none()), "{known:?}");
    assert_eq!(migrate_revert_all(place, &settings).await, 0);
    for _ in 0..2 {
        let applied = migrate_run(place.url(), &settings).await.unwrap();
        assert_eq!(applied.len(), known.len());
        assert!(migrate_run(place.url(), &settings).await.unwrap().is_empty());
        let shown = migrate_show(place.url(), &settings).await.unwrap();
        assert!(shown.iter().all(|step| step.applied_at.is_some()), "{shown:?}");
        let numbers: Vec<i64> = shown.iter().map(|step| step.number).collect();
        assert!(numbers.is_sorted());
        write(&sinks::open(place.url(), &settings).await.unwrap(), vec![profile("c-1")]).await;
        assert_eq!(migrate_revert_all(place, &settings).await, known.len());
        assert_eq!(migrate_show(place.url(), &settings).await.unwrap(), known, "nothing is left of it");
    }
}

/// A step that makes the outbox anew must lose nothing that waits in it, and give no number again.
pub async fn what_waits_to_be_published_outlives_each_step(place: &impl Place) {
    let sink = store(place).await;
    let known = migrate_show(place.url(), &settings()).await.unwrap();
    let letter = DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(1) };
    let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(profile("c-1"))]) };
    sink.write(&changed).await.unwrap();
    let effects = |ids: &[&str]| ids.iter().map(|id| effect(id)).collect();
    sink.write(&Batch { dead_letters: vec![letter], effects: effects(&["e-1", "e-2"]), ..batch(vec![]) }).await.unwrap();
    let mut waiting = sink.outbox(10, None).await.unwrap();
    assert_eq!(waiting.len(), 4);
    // The last number goes: it must not come again.
    let last = waiting.pop().unwrap();
    sink.published(std::slice::from_ref(&last), &[]).await.unwrap();
    sink.close().await;
    let outbox_made = known.iter().position(|step| step.name == "engine").unwrap();
    for _ in outbox_made + 1..known.len() {
        migrate_revert(place.url(), &settings()).await.unwrap();
    }
    let sink = store(place).await;
    assert_eq!(sink.outbox(10, None).await.unwrap(), waiting);
    sink.write(&Batch { effects: effects(&["e-3"]), ..batch(vec![]) }).await.unwrap();
    assert!(sink.outbox(10, None).await.unwrap()[3].seq > last.seq);
}

async fn migrate_revert_all(place: &impl Place, settings: &sinks::Settings) -> usize {
    let mut reverted = Vec::new();
    while let Some(step) = migrate_revert(place.url(), settings).await.unwrap() {
        reverted.push(step.number);
    }
    assert!(reverted.is_sorted_by(|left, right| left > right), "the last one first: {reverted:?}");
    reverted.len()
}

pub async fn a_store_that_is_not_migrated_is_refused(place: &impl Place) {
    let settings = settings();
    migrate_run(place.url(), &settings).await.unwrap();
    migrate_revert(place.url(), &settings).await.unwrap();
    let fault = sinks::open(place.url(), &settings).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.advice().contains("run `syncline migrate run`"), "{fault}");
}

pub async fn tables_and_columns_can_be_renamed(place: &impl Place) {
    let mut renamed = settings();
    renamed.table = "CustomerDetailedProfile".into();
    for (ours, theirs) in [("customer_id", "customerId"), ("company_profile", "companyProfile"), ("version", "order")] {
        renamed.columns.insert(ours.into(), theirs.into());
    }
    let sink = opened(place, &renamed).await;
    let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(profile("c-1"))]) };
    sink.write(&changed).await.unwrap();
    write(&sink, vec![read(&sink, "c-1").await.unwrap()]).await;
    let stored = r#"select "order" from "CustomerDetailedProfile" where "customerId" = 'c-1'"#;
    assert_eq!(place.number(stored).await, 2);
    assert_eq!(place.number("select count(*) from dash_attention where customer_id = 'c-1'").await, 1, "views keep our names");
    let entries = sink.outbox(1, None).await.unwrap();
    let Outbound::Profile { value, .. } = &entries[0].what else { panic!("{entries:?} holds no profile") };
    assert_eq!(json(value).as_ref().get("customerId").unwrap().text(), "\"c-1\"");
    // The tables are there, but not under the names that these settings say.
    let fault = sinks::open(place.url(), &settings()).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
}

pub async fn views_answer(place: &impl Place) {
    let sink = store(place).await;
    write(&sink, vec![profile("c-1"), profile("c-2")]).await;
    for (view, rows) in [
        ("dash_completeness", 1),
        ("dash_risk", 1),
        ("dash_compliance_trend", 0),
        ("dash_sync_health", 1),
        ("dash_attention", 2),
        ("dash_alerts", 0),
        ("dash_data_versions", 1),
        ("dash_recent_activity", 0),
    ] {
        assert_eq!(place.number(&format!("select count(*) from {view}")).await, rows, "{view}");
    }
    assert_eq!(place.number("select profiles from dash_completeness where band = 'minimal'").await, 2);
}
