//! Syncs, with and without a profile, and their timers.

use chrono::TimeDelta;
use schemas::profile::{Profile, SyncStatus};
use schemas::store::{Batch, SyncEntry, SyncStage, Syncs, Written};
use schemas::sync::{Phase, Requested, Sync, SyncPriority, SyncState};
use uuid::Uuid;

use super::{Place, batch, noon, profile, read, row, store};

/// The id of the one sync of a customer.
fn id(customer: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, customer.as_bytes())
}

fn sync(customer: &str, phase: Phase, due_in: i64) -> Sync {
    Sync {
        id: id(customer),
        priority: SyncPriority::High,
        reason: "asked".into(),
        by: "admin-1".into(),
        requested: Requested::named([]),
        data: vec!["basic_info".into()],
        phase,
        attempt: 1,
        asked_at: noon(),
        started_at: Some(noon()),
        due: Some(noon() + TimeDelta::minutes(due_in)),
        finished_at: None,
        steps: Vec::new(),
        error: None,
    }
}

/// An open sync that is due in so many minutes, over the state that was read.
fn opened(customer: &str, read: &SyncState, due_in: i64) -> Syncs {
    let entry = SyncEntry {
        seq: read.entries + 1,
        sync_id: id(customer),
        attempt: 1,
        what: SyncStage::Started,
        who: "admin-1".into(),
        why: "asked".into(),
        before: "not_synced",
        after: "pending_sync",
        at: noon(),
    };
    let open = sync(customer, Phase::Pending, due_in);
    let state = SyncState { version: read.version, open: Some(open.clone()), entries: entry.seq, ..SyncState::default() };
    Syncs { customer_id: customer.into(), state, changed: vec![open], entries: vec![entry] }
}

fn with(syncs: Vec<Syncs>) -> Batch {
    Batch { syncs, ..batch(Vec::new()) }
}

pub async fn syncs_come_back_with_a_profile_and_without_one(place: &impl Place) {
    let sink = store(place).await;
    let syncs = opened("c-1", &SyncState::default(), 5);
    let mut pending = profile("c-1");
    (pending.sync_status, pending.syncs) = (SyncStatus::PendingSync, syncs.state.clone());
    let both = Batch { syncs: vec![syncs.clone(), opened("c-2", &SyncState::default(), 5)], ..batch(vec![row(pending)]) };
    assert_eq!(sink.write(&both).await.unwrap(), Written::Durable);
    let known = read(&sink, "c-1").await.unwrap();
    assert_eq!((known.version, known.sync_status), (1, SyncStatus::PendingSync));
    assert_eq!(known.syncs, SyncState { version: 1, ..syncs.state });
    let unknown = read(&sink, "c-2").await.unwrap();
    assert_eq!((unknown.version, unknown.syncs.version), (0, 1), "it has syncs, and no profile");
    for query in [
        "select count(*) from sync_requests where status = 'pending' and customer_id = 'c-2'",
        "select count(*) from customer_history where customer_id = 'c-2' and what = 'started'",
        "select count(*) from dash_recent_activity where source = 'sync' and customer_id = 'c-1'",
        "select count(*) from customer_detailed_profiles where sync_status = 'pending_sync' and next_scheduled_sync is null",
    ] {
        assert_eq!(place.number(query).await, 1, "{query}");
    }
    let mut answered = known;
    answered.sync_status = SyncStatus::Synced;
    let state = SyncState { version: 1, last_sync_at: Some(noon()), ..SyncState::default() };
    let completed = Sync { due: None, finished_at: Some(noon() + TimeDelta::seconds(90)), ..sync("c-1", Phase::Completed, 0) };
    let over = Syncs { customer_id: "c-1".into(), state, changed: vec![completed], entries: Vec::new() };
    let written = sink.write(&Batch { syncs: vec![over], ..batch(vec![row(answered)]) }).await.unwrap();
    assert_eq!(written, Written::Durable);
    assert_eq!(read(&sink, "c-1").await.unwrap().sync_status, SyncStatus::Synced);
    let ended = "select count(*) from sync_requests where status = 'completed' and duration_ms = 90000";
    assert_eq!(place.number(ended).await, 1);
}

pub async fn syncs_over_another_version_write_nothing(place: &impl Place) {
    let sink = store(place).await;
    assert_eq!(sink.write(&with(vec![opened("c-1", &SyncState::default(), 5)])).await.unwrap(), Written::Durable);
    // Somebody who had read nothing, and brings another customer's profile, too.
    let late = Batch { rows: vec![row(profile("c-2"))], ..with(vec![opened("c-1", &SyncState::default(), 9)]) };
    assert_eq!(sink.write(&late).await.unwrap(), Written::Stale(vec!["c-1".into()]));
    assert_eq!(read(&sink, "c-2").await, None);
    let read = read(&sink, "c-1").await.unwrap().syncs;
    assert_eq!(read.open.as_ref().unwrap().due, Some(noon() + TimeDelta::minutes(5)));
    assert_eq!(sink.write(&with(vec![opened("c-1", &read, 9)])).await.unwrap(), Written::Durable);
    assert_eq!(place.number("select count(*) from sync_history").await, 2);
}

pub async fn a_timer_that_is_due_is_taken_by_one(place: &impl Place) {
    let sink = store(place).await;
    let syncs = [("c-1", 5), ("c-2", 3), ("c-3", 60)].map(|(customer, due)| opened(customer, &SyncState::default(), due));
    assert_eq!(sink.write(&with(syncs.to_vec())).await.unwrap(), Written::Durable);
    let at = |minutes| noon() + TimeDelta::minutes(minutes);
    assert!(sink.due(at(2), 10, at(4)).await.unwrap().is_empty(), "none is due");
    assert_eq!(sink.due(at(5), 1, at(7)).await.unwrap(), ["c-2"], "the one that is due longest");
    assert_eq!(sink.due(at(6), 10, at(8)).await.unwrap(), ["c-1"], "the other is taken");
    assert!(sink.due(at(6), 10, at(8)).await.unwrap().is_empty());
    assert_eq!(sink.due(at(7), 10, at(9)).await.unwrap(), ["c-2"], "whoever took it does nothing");
    // Who writes it gives it back.
    let read = read(&sink, "c-1").await.map(|profile: Profile| profile.syncs).unwrap();
    assert_eq!(sink.write(&with(vec![opened("c-1", &read, 6)])).await.unwrap(), Written::Durable);
    assert_eq!(sink.due(at(7), 10, at(9)).await.unwrap(), ["c-1"]);
}
