#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemas::store::{Assigned, Batch, Claim, Effect, Outbound, OutboxEntry};
use schemas::{FaultKind, Outgoing, SystemClock, TopicName};
use serde_json::Value;
use sinks::Sink;

use super::portions::{AT_ONCE_BYTES, portions};
use crate::run::faulty::{FaultyTopics, OnSend, Rig, batch_of, stocks};
use crate::run::stop::Stop;
use crate::topics::Topics;
use crate::topics::memory::Memory;

const LOW_STOCK: &str = "admin.alerts.stock.low";

/// The kinds of a customer's events, in their order.
fn kinds(events: &[Value], customer: &str) -> Vec<String> {
    let of = events.iter().filter(|event| event["subject"] == customer);
    of.map(|event| event["type"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_could_not_be_sent_is_sent_again_the_same_bytes() {
    let rig = Rig::new().await;
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    let before = rig.topics.tried().len();
    rig.topics.script_sends([OnSend::Fails, OnSend::Fails]);
    rig.run(Vec::new()).await.unwrap();
    let tried = rig.topics.tried().split_off(before);
    assert_eq!(tried.len(), 3, "two that failed, one that did not");
    assert_eq!(tried[0], tried[1]);
    assert_eq!(tried[1], tried[2]);
    assert_eq!(rig.held(LOW_STOCK).await.len(), 1);
}

#[tokio::test]
async fn what_was_sent_without_an_acknowledgement_stays_and_is_sent_again() {
    let rig = Rig::new().await;
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    rig.topics.script_sends([OnSend::AnswerLost]);
    rig.run(Vec::new()).await.unwrap();
    let held = rig.held(LOW_STOCK).await;
    assert_eq!(held.len(), 2, "at least once");
    assert_eq!(held[0].value, held[1].value, "with the same id and the same bytes");
    assert!(rig.sink.outbox(10, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_two_records_at_one_place_both_are_announced() {
    let rig = Rig::new().await;
    // The topic was made anew before the first one's dead letter was sent.
    for value in ["{", "["] {
        let malformed = Outgoing { value: value.into(), ..stocks("c-1", 30, 5, "Riz") };
        rig.sink.write(&batch_of(vec![malformed]).await).await.unwrap();
    }
    rig.run(Vec::new()).await.unwrap();
    let announced = rig.values("dlq.failed.messages").await;
    assert_eq!(announced.iter().map(|letter| &letter["value"]).collect::<Vec<_>>(), ["{", "["]);
    assert!(rig.sink.outbox(10, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_lease_is_renewed_while_a_portion_is_on_its_way() {
    let rig = Rig::new().await;
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    rig.topics.script_sends([OnSend::Held]);
    let slow = async {
        rig.sink.until_written(|batches| !batches.is_empty()).await;
        rig.sink.until_outbox_is_renewed(2).await;
        assert!(rig.values(LOW_STOCK).await.is_empty(), "it is still on its way");
        rig.topics.go.notify_one();
    };
    let (ran, ()) = tokio::join!(rig.pipeline.run_until_caught_up(rig.stop.subscribe()), slow);
    ran.unwrap();
    assert_eq!(rig.held(LOW_STOCK).await.len(), 1);
}

#[tokio::test]
async fn a_renewal_that_is_not_answered_does_not_hold_up_what_is_on_its_way() {
    let rig = Rig::new().await;
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    rig.topics.script_sends([OnSend::Held]);
    let slow = async {
        rig.sink.until_written(|batches| !batches.is_empty()).await;
        rig.sink.silence_a_renewal().await;
        rig.topics.go.notify_one();
    };
    let both = async { tokio::join!(rig.pipeline.run_until_caught_up(rig.stop.subscribe()), slow) };
    let (ran, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("what is acknowledged is deleted");
    ran.unwrap();
    assert_eq!(rig.held(LOW_STOCK).await.len(), 1);
}

#[tokio::test]
async fn the_alerts_of_a_customer_keep_their_order_through_failures() {
    let rig = Rig::with(|plan| plan.segments[0].stages[1].batch.records = 1).await;
    rig.pipeline
        .produce((1..=3).map(|minute| stocks("c-1", minute, [5, 0, 50][minute as usize - 1], "Riz")).collect())
        .await
        .unwrap();
    rig.topics.script_sends([OnSend::Fails, OnSend::AnswerLost, OnSend::Fails]);
    rig.run(Vec::new()).await.unwrap();
    let mut kinds = kinds(&rig.values(LOW_STOCK).await, "c-1");
    kinds.dedup();
    // What was sent without an acknowledgement is sent again from its beginning, in its order.
    let last = kinds.split_off(kinds.len() - 3);
    assert_eq!(last, ["raised", "updated", "resolved"]);
    assert!(["raised", "updated", "resolved"].starts_with(&kinds.iter().map(String::as_str).collect::<Vec<_>>()), "{kinds:?}");
}

#[tokio::test]
async fn nothing_is_forgotten_before_it_is_acknowledged() {
    let rig = Rig::new().await;
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    rig.topics.script_sends([OnSend::Fails; 1_000]);
    let running = rig.pipeline.run_until_caught_up(rig.stop.subscribe());
    let stopping = async {
        rig.sink.until_written(|batches| !batches.is_empty()).await;
        rig.topics.until_tried(3).await;
        rig.stop.send_replace(true);
    };
    let (ran, ()) = tokio::join!(running, stopping);
    ran.unwrap();
    assert!(!rig.sink.outbox(10, None).await.unwrap().is_empty());
    assert!(rig.held(LOW_STOCK).await.is_empty());
}

/// An alert as another process of the pipeline writes it.
fn of_another_process(id: &str) -> Batch {
    let now = chrono::Utc::now();
    let topic = TopicName::try_from(LOW_STOCK).unwrap();
    let effect = Effect { id: id.into(), topic, key: "c-9".into(), value: b"{}".to_vec(), headers: Vec::new(), timestamp: now };
    Batch { effects: vec![effect], now, ..Batch::default() }
}

#[tokio::test]
async fn a_run_that_has_ended_waits_for_what_was_written_until_then_and_not_for_what_others_write_after() {
    let rig = Rig::new().await;
    let topic = TopicName::try_from("outbox").unwrap();
    let of = Assigned { segment: "outbox".into(), broker: "memory".into(), topic, partition: 0 };
    let Claim::Granted(leases) = rig.sink.claim(&[of], "another").await.unwrap() else { panic!("nobody publishes yet") };
    rig.sink.write(&of_another_process("before")).await.unwrap();
    let (stop, (_end, ended)) = (Stop::new(), tokio::sync::watch::channel(true));
    let mut running = tokio::spawn(rig.pipeline.publishers(&stop).remove(0).run(ended));
    rig.sink.until_outbox_end_is_asked().await;
    rig.sink.write(&of_another_process("after")).await.unwrap();
    rig.sink.renew(&leases).await.unwrap();
    assert!(
        tokio::time::timeout(Duration::from_millis(500), &mut running).await.is_err(),
        "nobody has sent what was written before"
    );
    rig.sink.renew(&leases).await.unwrap();
    let sent = rig.sink.outbox(1, None).await.unwrap();
    rig.sink.published(&sent, &leases).await.unwrap();
    tokio::time::timeout(Duration::from_secs(30), running).await.expect("the other process still publishes").unwrap().unwrap();
    assert_eq!(rig.sink.outbox(10, None).await.unwrap().len(), 1, "what was written after is the other's");
}

#[tokio::test]
async fn the_one_that_publishes_leaves_what_others_write_after_its_end_to_them() {
    let rig = Rig::new().await;
    rig.sink.write(&of_another_process("before")).await.unwrap();
    rig.topics.script_sends([OnSend::Held]);
    let (stop, (_end, ended)) = (Stop::new(), tokio::sync::watch::channel(true));
    let running = tokio::spawn(rig.pipeline.publishers(&stop).remove(0).run(ended));
    rig.topics.until_tried(1).await;
    rig.sink.write(&of_another_process("after")).await.unwrap();
    rig.topics.go.notify_one();
    tokio::time::timeout(Duration::from_secs(20), running).await.expect("its own is sent").unwrap().unwrap();
    let left = rig.sink.outbox(10, None).await.unwrap();
    assert!(matches!(&left[..], [OutboxEntry { what: Outbound::Effect(effect), .. }] if effect.id == "after"), "{left:?}");
}

#[test]
fn a_portion_is_bounded_in_bytes_and_order_is_kept() {
    let entry = |(seq, size_bytes): (i64, usize)| OutboxEntry {
        seq,
        topic: TopicName::try_from("customer.profiles").unwrap(),
        what: Outbound::Profile { customer_id: "c".into(), version: 1, value: "x".repeat(size_bytes) },
    };
    let sizes = [(1, 10), (2, AT_ONCE_BYTES), (3, AT_ONCE_BYTES / 2), (4, AT_ONCE_BYTES / 2), (5, 1)];
    let portions = portions(sizes.map(entry).into());
    let seqs: Vec<Vec<i64>> = portions.iter().map(|portion| portion.iter().map(|entry| entry.seq).collect()).collect();
    assert_eq!(seqs, [vec![1, 2], vec![3, 4], vec![5]]);
    assert!(super::portions(Vec::new()).is_empty());
}

#[tokio::test]
async fn what_its_topic_does_not_take_is_left_out_and_the_rest_is_sent() {
    let rig = Rig::new().await;
    rig.topics.set_largest_bytes(20_000);
    let large = "x".repeat(19_000);
    let records = ["c-1", "c-2", "c-3"].map(|customer| stocks(customer, 30, 5, if customer == "c-2" { &large } else { "Riz" }));
    rig.run(records.into()).await.unwrap();
    let told: Vec<Value> = rig.values("customer.profiles").await;
    let mut customers: Vec<_> = told.iter().map(|profile| profile["customerId"].as_str().unwrap()).collect();
    customers.sort_unstable();
    assert_eq!(customers, ["c-1", "c-3"]);
    assert_eq!(rig.held(LOW_STOCK).await.len(), 3, "its alert is small");
    assert!(rig.sink.outbox(10, None).await.unwrap().is_empty());
    let metrics = rig.pipeline.metrics().render().unwrap();
    assert!(metrics.contains("syncline_records_left_out_total{topic=\"customer.profiles\"} 1"), "{metrics}");
}

#[tokio::test]
async fn an_alert_that_its_topic_does_not_take_ends_the_run_and_stays() {
    let rig = Rig::new().await;
    rig.sink.write(&batch_of(vec![stocks("c-1", 30, 5, "Riz")]).await).await.unwrap();
    rig.topics.set_largest_bytes(10);
    assert_eq!(rig.run(Vec::new()).await.unwrap_err().kind(), FaultKind::Oversized);
    rig.topics.set_largest_bytes(usize::MAX);
    rig.run(Vec::new()).await.unwrap();
    assert_eq!(rig.held(LOW_STOCK).await.len(), 1, "it was not lost");
}

/// A rig whose alerts of low stocks are on another broker, and that broker.
async fn over_two_brokers() -> (Rig, Arc<FaultyTopics>) {
    let other = Arc::new(FaultyTopics::over(Memory::new(Arc::new(SystemClock))));
    let others = BTreeMap::from([("other".to_owned(), Arc::clone(&other) as Arc<dyn Topics>)]);
    let rig = Rig::beside(others, |plan| {
        let topic = plan.topics.values_mut().find(|topic| topic.name.as_str() == LOW_STOCK).unwrap();
        topic.broker = "other".into();
    });
    (rig.await, other)
}

#[tokio::test]
async fn what_is_for_a_broker_that_is_away_holds_up_nothing_else() {
    let (rig, other) = over_two_brokers().await;
    other.script_sends([OnSend::Fails; 1_000]);
    let first = of_another_process("e-0").effects.remove(0);
    let effects = (0..700).map(|at| Effect { id: format!("e-{at}"), ..first.clone() }).collect();
    rig.sink.write(&Batch { effects, ..of_another_process("e-0") }).await.unwrap();
    rig.pipeline.produce(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    let sent = async {
        while rig.held("customer.profiles").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        rig.stop.send_replace(true);
    };
    let both = async { tokio::join!(rig.pipeline.run_until_caught_up(rig.stop.subscribe()), sent) };
    let (ran, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("a profile passes 700 alerts that wait");
    ran.unwrap();
    let profiles = rig.held("customer.profiles").await.len();
    assert_eq!(profiles, 1, "and what one broker took is not sent again");
    assert!(!rig.sink.outbox(10, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_for_a_topic_that_left_the_file_waits_for_it_and_holds_up_nothing() {
    let rig = Rig::new().await;
    let elsewhere = TopicName::try_from("no.longer.here").unwrap();
    let mut batch = of_another_process("e-1");
    batch.effects[0].topic = elsewhere.clone();
    rig.sink.write(&batch).await.unwrap();
    rig.run(vec![stocks("c-1", 30, 5, "Riz")]).await.unwrap();
    assert_eq!(rig.held("customer.profiles").await.len(), 1);
    let declared: Vec<_> = rig.pipeline.plan().topics.keys().cloned().collect();
    assert_eq!(rig.sink.outbox_beside(&declared).await.unwrap(), BTreeMap::from([(elsewhere, 1)]));
}

#[tokio::test]
async fn what_is_published_carries_the_correlation_id_of_its_event_over_a_broker_too() {
    for rig in [Rig::new().await, Rig::split().await] {
        let mut event = stocks("c-1", 30, 5, "Riz");
        let mut value = event.value.into_bytes();
        value.splice(1..1, br#""correlationId": "corr-7", "#.iter().copied());
        event.value = value.into();
        rig.run(vec![event]).await.unwrap();
        let held = rig.held(LOW_STOCK).await;
        let alert: Value = serde_json::from_slice(&held[0].value).unwrap();
        assert_eq!(alert["correlationid"], "corr-7");
        assert_eq!(held[0].headers[0].value, b"application/cloudevents+json; charset=UTF-8");
        let profile: Value = serde_json::from_slice(&rig.held("customer.profiles").await[0].value).unwrap();
        assert_eq!(profile["correlationId"], "corr-7");
    }
}
