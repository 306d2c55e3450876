#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemas::store::{Assigned, Batch, DeadLetterFilter, Position};
use schemas::{Clock, FaultKind, Outgoing, Raw, Reason, Reject, SystemClock};
use sinks::Sink;
use tokio::sync::mpsc;

use crate::run::cache::Cache;
use crate::run::faulty::{OnCommit, OnWrite, Rig, stocks};
use crate::run::health::Part;
use crate::run::item::{Item, Work};
use crate::run::lane::Lane;
use crate::run::stop::Stop;
use crate::run::tracker::Tracker;
use crate::topics::TopicPartition;

const STOCKS: &str = "admin.customer.stocks.data";
const BETWEEN: &str = "profile.events";

fn ten() -> Vec<Outgoing> {
    (0..10).map(|number| stocks(&format!("c-{number}"), 30, 5, "Riz")).collect()
}

/// Ten records, and one that becomes a dead letter.
fn ten_and_a_letter() -> Vec<Outgoing> {
    let refused = Outgoing { value: b"{".to_vec().into(), ..stocks("c-1", 40, 5, "Riz") };
    ten().into_iter().chain([refused]).collect()
}

/// How many records are between the stages: each customer's once.
async fn passed_on(rig: &Rig) -> usize {
    let held = rig.held(BETWEEN).await;
    let customers: BTreeMap<_, _> = held.iter().map(|raw| (raw.key.clone(), ())).collect();
    assert_eq!(customers.len(), held.len(), "a record was written twice");
    held.len()
}

#[tokio::test]
async fn outputs_go_by_transactions_alone_and_the_sink_knows_the_positions_in_the_end() {
    let rig = Rig::exactly_once(|_| {}).await;
    rig.run(ten()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    assert_eq!(rig.topics.commits().iter().sum::<usize>(), 10);
    assert!(rig.topics.tried().iter().flatten().all(|record| record.topic.as_str() != BETWEEN));
    assert_eq!(rig.resolved(STOCKS).await, 10);
    assert_eq!(rig.pipeline.backlog().await.unwrap(), 0);
}

#[tokio::test]
async fn a_commit_that_was_made_and_whose_answer_was_lost_is_not_made_again() {
    let rig = Rig::exactly_once(|_| {}).await;
    rig.topics.script_commits([OnCommit::AnswerLost]);
    let counts = rig.run(ten()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    assert_eq!((counts.retries, counts.records_written), (1, 10));
}

#[tokio::test]
async fn a_commit_that_was_not_made_is_made() {
    let rig = Rig::exactly_once(|_| {}).await;
    rig.topics.script_commits([OnCommit::Fails, OnCommit::Fails, OnCommit::AnswerLost]);
    rig.run(ten()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    assert_eq!(rig.resolved(STOCKS).await, 10);
}

#[tokio::test]
async fn nothing_is_seen_before_the_sink_has_the_dead_letters() {
    let rig = Rig::exactly_once(|_| {}).await;
    rig.sink.script([OnWrite::Fails(FaultKind::Unavailable), OnWrite::AnswerLost]);
    rig.run(ten_and_a_letter()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    let letters = rig.sink.dead_letters(&DeadLetterFilter { limit: 10, ..DeadLetterFilter::default() }).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(rig.resolved(STOCKS).await, 11);
}

#[tokio::test]
async fn a_worker_whose_lease_was_taken_over_commits_nothing_and_joins_again() {
    let rig = Rig::exactly_once(|_| {}).await;
    rig.sink.script([OnWrite::Fails(FaultKind::Fenced)]);
    rig.run(ten_and_a_letter()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    assert_eq!(rig.resolved(STOCKS).await, 11);
}

#[tokio::test]
async fn each_batch_is_a_transaction_and_the_sink_is_never_ahead_of_it() {
    let rig = Rig::exactly_once(|plan| plan.segments[0].stages[0].batch.records = 1).await;
    rig.topics.script_commits([OnCommit::Fails, OnCommit::AnswerLost]);
    rig.run(ten_and_a_letter()).await.unwrap();
    assert_eq!(passed_on(&rig).await, 10);
    let commits = rig.topics.commits();
    assert_eq!((commits.len(), commits.iter().sum::<usize>()), (11, 10), "{commits:?}");
    let letter = &rig.sink.written()[0];
    let own = &letter.dead_letters[0].origin;
    let told = letter.positions.iter().find(|told| told.of.topic == own.topic && told.of.partition == own.partition);
    assert!(told.is_none_or(|told| told.offset <= own.offset), "{told:?} is told before {own:?} is committed");
    assert_eq!(rig.resolved(STOCKS).await, 11);
}

/// What the sink has of the partition 0 of [`STOCKS`].
async fn store(rig: &Rig, offset: u64) {
    let of = Assigned { segment: "intake".into(), broker: "memory".into(), topic: STOCKS.try_into().unwrap(), partition: 0 };
    let position = Position { of, offset, incarnation: None };
    rig.sink.write(&Batch { positions: vec![position], now: SystemClock.now(), ..Batch::default() }).await.unwrap();
}

#[tokio::test]
async fn reading_begins_at_the_greater_of_both_positions() {
    let rig = Rig::exactly_once(|_| {}).await;
    let declared = |customer| Outgoing { partition: Some(0), ..stocks(customer, 30, 5, "Riz") };
    // The sink's is of a time when the segment was not exactly once.
    store(&rig, 1).await;
    rig.run(vec![declared("before"), declared("c-1")]).await.unwrap();
    assert_eq!(passed_on(&rig).await, 1);
    // The group's is ahead of a sink that was not told in time.
    store(&rig, 0).await;
    assert_eq!(rig.pipeline.backlog().await.unwrap(), 0);
    rig.run(vec![declared("c-2")]).await.unwrap();
    assert_eq!(passed_on(&rig).await, 2);
}

/// A record of two outputs at the end of a batch of one.
#[tokio::test]
async fn a_transaction_holds_all_outputs_of_a_record() {
    let rig = Rig::exactly_once(|_| {}).await;
    let partition = TopicPartition { topic: STOCKS.try_into().unwrap(), partition: 0 };
    let (sender, items) = mpsc::channel(4);
    let tracker = Arc::new(Tracker::starting_at(&[(partition.clone(), 0)]));
    let mut lane = Lane {
        index: 0,
        part: Part::new(rig.pipeline.health(), "lane".to_owned()),
        segment: Arc::new(rig.pipeline.segment(0, &Stop::new())),
        tracker: Arc::clone(&tracker),
        leases: Arc::default(),
        items,
        cache: Cache::new(0),
        stored: HashMap::new(),
        incarnations: Arc::default(),
        exactly_once: None,
    };
    let origin = schemas::Origin { topic: partition.topic.clone(), partition: 0, offset: 0 };
    let raw = Raw { key: None, value: Vec::new().into(), headers: Vec::new(), timestamp: SystemClock.now(), origin };
    let ticket = tracker.read(partition, 0, None).unwrap();
    ticket.expect(3);
    let reject = Reject::new(Reason::Transform, "", "refused");
    let item = Item { raw: Arc::new(raw), ticket, what: Work::Dead(0, reject) };
    sender.send(item.clone()).await.unwrap();
    sender.send(item.clone()).await.unwrap();
    assert_eq!(lane.whole(vec![item.clone()]).await.len(), 3);
    assert_eq!(lane.whole(Vec::new()).await.len(), 0);
    drop(sender);
    assert_eq!(lane.whole(vec![item.clone(), item]).await.len(), 0, "half of a record never goes");
}
