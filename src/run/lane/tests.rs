#![allow(clippy::unwrap_used, clippy::panic)]

use schemas::profile::SyncStatus;
use schemas::store::{DeadLetterFilter, StoredDeadLetter};
use schemas::{FaultKind, Outgoing, Reason, TopicName};

use crate::run::faulty::{OnWrite, Rig, batch_of, stocks};
use sinks::Sink;

const STOCKS: &str = "admin.customer.stocks.data";
const LOW_STOCK: &str = "admin.alerts.stock.low";

async fn letters(rig: &Rig) -> Vec<StoredDeadLetter> {
    rig.sink.dead_letters(&DeadLetterFilter { limit: 10, ..DeadLetterFilter::default() }).await.unwrap()
}

/// Customers `c-0` to `c-9`, whose stocks are low.
fn ten() -> Vec<Outgoing> {
    (0..10).map(|number| stocks(&format!("c-{number}"), 30, 5, "Riz")).collect()
}

async fn stored(rig: &Rig, customer: &str) -> schemas::profile::Profile {
    rig.sink.read(&[customer.to_owned()], &[]).await.unwrap().profiles.remove(customer).unwrap()
}

#[tokio::test]
async fn a_batch_that_another_worker_overtook_is_merged_over_what_that_wrote() {
    let rig = Rig::new().await;
    let later = batch_of(vec![stocks("c-1", 40, 50, "later")]).await;
    rig.sink.script([OnWrite::Overtaken(Box::new(later))]);
    rig.run(vec![stocks("c-1", 30, 50, "earlier"), stocks("c-2", 30, 50, "Riz")]).await.unwrap();
    let overtaken = stored(&rig, "c-1").await;
    assert!(format!("{:?}", overtaken.sections).contains("later"), "the later event wins, whoever wrote it");
    assert_eq!(overtaken.version, 1, "nothing that we had to say changed it");
    assert_eq!(stored(&rig, "c-2").await.version, 1, "the others of the batch are written");
    assert_eq!(rig.resolved(STOCKS).await, 2);
}

/// A service wants a customer's data at once.
fn urgent(customer: &str) -> Outgoing {
    let value = format!(
        r#"{{"customerId": "{customer}", "requestId": "r-1", "requestingService": "credit-service", "priority": "urgent"}}"#
    );
    let topic = TopicName::try_from("admin.customer.profile.sync.request").unwrap();
    Outgoing { topic, value: value.into_bytes().into(), ..stocks(customer, 30, 50, "Riz") }
}

#[tokio::test]
async fn a_new_profile_and_its_first_sync_know_of_each_other_whichever_is_written_first() {
    let (profile, sync) = (|| stocks("c-1", 30, 50, "Riz"), || urgent("c-1"));
    for (ours, others) in [(profile(), sync()), (sync(), profile())] {
        let rig = Rig::new().await;
        let first = batch_of(vec![others]).await;
        rig.sink.script([OnWrite::Overtaken(Box::new(first))]);
        rig.run(vec![ours]).await.unwrap();
        let stored = stored(&rig, "c-1").await;
        assert!(stored.syncs.open.is_some() && stored.version > 0);
        assert_eq!(stored.sync_status, SyncStatus::PendingSync);
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_has_its_effects_once() {
    let rig = Rig::new().await;
    rig.sink.script([OnWrite::AnswerLost]);
    rig.run(ten()).await.unwrap();
    assert_eq!(rig.held(LOW_STOCK).await.len(), 10);
    assert_eq!(stored(&rig, "c-1").await.version, 1);
    assert_eq!(rig.resolved(STOCKS).await, 10);
}

#[tokio::test]
async fn a_batch_that_lost_against_another_transaction_is_written_again_whole() {
    let rig = Rig::new().await;
    rig.sink.script([OnWrite::Fails(FaultKind::Conflict), OnWrite::Fails(FaultKind::Conflict)]);
    let counts = rig.run(ten()).await.unwrap();
    assert_eq!((counts.retries, counts.rows_written, counts.records_resolved), (2, 10, 10));
    assert_eq!(rig.sink.written().len(), 1);
}

#[tokio::test]
async fn data_that_the_database_refuses_costs_its_own_record_alone() {
    let rig = Rig::new().await;
    rig.sink.refuse("refused");
    let mut records = ten();
    records.insert(4, stocks("c-3", 20, 50, "early"));
    records.insert(7, stocks("c-3", 50, 50, "refused"));
    rig.run(records).await.unwrap();
    let letters = letters(&rig).await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].letter.reason, Reason::Store);
    assert!(String::from_utf8_lossy(&letters[0].letter.value).contains("refused"));
    for number in 0..10 {
        let sections = format!("{:?}", stored(&rig, &format!("c-{number}")).await.sections);
        assert!(sections.contains("Riz"), "c-{number} keeps its other events");
    }
    assert_eq!(rig.resolved(STOCKS).await, 12);
}

#[tokio::test]
async fn a_worker_whose_lease_was_taken_over_joins_again() {
    let rig = Rig::new().await;
    rig.sink.script([OnWrite::Fails(FaultKind::Fenced)]);
    rig.run(ten()).await.unwrap();
    assert_eq!(rig.sink.written().len(), 1, "the batch is written once, by the new claim");
    assert_eq!((rig.held(LOW_STOCK).await.len(), rig.resolved(STOCKS).await), (10, 10));
}

#[tokio::test]
async fn a_batch_touches_the_leases_and_positions_of_what_it_holds() {
    let rig = Rig::new().await;
    rig.run(ten()).await.unwrap();
    let batch = &rig.sink.written()[0];
    assert!(batch.leases.iter().all(|lease| lease.of.topic.as_str() == STOCKS), "{:?}", batch.leases);
    assert!(!batch.leases.is_empty());
    let moved: Vec<_> = batch.positions.iter().map(|position| &position.of).collect();
    assert!(moved.iter().all(|of| batch.leases.iter().any(|lease| lease.of == **of)), "{moved:?}");
    assert_eq!(batch.positions.iter().map(|position| position.offset).sum::<u64>(), 10);
}

#[tokio::test]
async fn a_batch_that_is_twice_too_slow_is_halved() {
    let rig = Rig::new().await;
    rig.sink.script((0..2).map(|_| OnWrite::Fails(FaultKind::Overlong)));
    rig.run(ten()).await.unwrap();
    let portions: Vec<usize> = rig.sink.written().iter().map(|batch| batch.rows.len()).collect();
    assert_eq!(portions, [5, 5]);
    assert_eq!((rig.resolved(STOCKS).await, letters(&rig).await.len()), (10, 0));
}

#[tokio::test]
async fn one_record_that_is_too_slow_is_tried_again() {
    let rig = Rig::new().await;
    rig.sink.script((0..3).map(|_| OnWrite::Fails(FaultKind::Overlong)));
    rig.run(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    assert_eq!((rig.sink.written().len(), rig.resolved(STOCKS).await, letters(&rig).await.len()), (1, 1, 0));
}

#[tokio::test]
async fn a_batch_of_large_profiles_is_written_in_portions() {
    let rig = Rig::new().await;
    rig.sink.read_at_once(3);
    let mut records = ten();
    records.push(stocks("c-0", 40, 50, "later"));
    records.push(Outgoing { value: b"{".to_vec().into(), ..stocks("c-1", 30, 5, "Riz") });
    let counts = rig.run(records).await.unwrap();
    let portions: Vec<usize> = rig.sink.written().iter().map(|batch| batch.rows.len()).collect();
    assert_eq!(portions.iter().sum::<usize>(), 10, "{portions:?}: each customer once, with all its records");
    assert!(portions.len() >= 4 && portions.iter().all(|rows| *rows <= 3), "{portions:?}");
    assert!(format!("{:?}", stored(&rig, "c-0").await.sections).contains("later"));
    assert_eq!((counts.retries, rig.resolved(STOCKS).await, letters(&rig).await.len()), (0, 12, 1));
}

#[tokio::test]
async fn a_database_that_comes_back_finds_the_batch_waiting() {
    let rig = Rig::new().await;
    rig.sink.script((0..3).map(|_| OnWrite::Fails(FaultKind::Unavailable)));
    let counts = rig.run(ten()).await.unwrap();
    assert_eq!((counts.retries, counts.rows_written), (3, 10));
    assert!(rig.pipeline.health().reasons().is_empty(), "the trouble is over");
}

#[tokio::test]
async fn a_batch_that_is_halved_writes_its_outputs_once() {
    let rig = Rig::split().await;
    rig.sink.script([OnWrite::Fails(FaultKind::Data)]);
    let mut records = ten();
    records.extend((0..2).map(|_| Outgoing { value: b"{".to_vec().into(), ..stocks("c-1", 30, 5, "Riz") }));
    rig.run(records).await.unwrap();
    assert_eq!(rig.held("profile.events").await.len(), 10);
    assert_eq!(letters(&rig).await.len(), 2);
    assert_eq!(rig.resolved(STOCKS).await, 12);
}

#[tokio::test]
async fn a_record_that_its_topic_does_not_take_becomes_a_dead_letter_and_the_others_go_on() {
    for exactly_once in [false, true] {
        let rig = if exactly_once { Rig::exactly_once(|_| {}).await } else { Rig::split().await };
        let mut records = ten();
        records[4] = stocks("c-4", 30, 5, &"x".repeat(20_000));
        rig.pipeline.produce(records).await.unwrap();
        rig.topics.set_largest_bytes(20_000);
        rig.run(Vec::new()).await.unwrap();
        assert_eq!(rig.held("profile.events").await.len(), 9, "exactly once: {exactly_once}");
        let letters = letters(&rig).await;
        let told: Vec<_> = letters.iter().map(|stored| (stored.letter.reason, stored.letter.stage.as_str())).collect();
        assert_eq!(told, [(Reason::Store, "intake")], "exactly once: {exactly_once}");
        assert!(letters[0].letter.violations[0].message.contains("too many bytes"), "{letters:?}");
        assert_eq!(rig.resolved(STOCKS).await, 10);
    }
}
