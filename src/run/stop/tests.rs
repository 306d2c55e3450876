#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use schemas::store::{Assigned, Claim};
use schemas::{FaultKind, Outgoing, TopicName};
use sinks::Sink;
use tokio::sync::Notify;

use crate::run::faulty::{OnRead, OnWrite, Rig, stocks};

const STOCKS: &str = "admin.customer.stocks.data";
/// What "at once" may take on a busy machine; far below any timeout of the program.
const PROMPT: Duration = Duration::from_secs(3);

fn customers(count: u32) -> Vec<Outgoing> {
    (0..count).map(|number| stocks(&format!("c-{number}"), 30, 50, "Riz")).collect()
}

/// Whether somebody else can have the partitions that `segment` reads of a topic.
async fn is_free(rig: &Rig, segment: &str, topic: &str) -> bool {
    let of =
        Assigned { segment: segment.into(), broker: "memory".into(), topic: TopicName::try_from(topic).unwrap(), partition: 0 };
    matches!(rig.sink.claim(&[of], "somebody else").await.unwrap(), Claim::Granted(_))
}

/// Stops once a part waits for something; answers how long the end took.
async fn stopped_while_waiting(rig: &Rig, part: &str) -> Duration {
    rig.pipeline.health().until(|troubles| troubles.contains_key(part)).await;
    rig.stop.send_replace(true);
    let told = Instant::now();
    rig.stop.closed().await;
    told.elapsed()
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_a_broker() {
    for caught_up in [false, true] {
        let rig = Rig::new().await;
        rig.pipeline.produce(customers(3)).await.unwrap();
        rig.topics.script_reads([OnRead::LostAfter(0)]);
        let running = async {
            let stop = rig.stop.subscribe();
            if caught_up { rig.pipeline.run_until_caught_up(stop).await } else { rig.pipeline.run(stop).await }
        };
        let away = async {
            rig.topics.until_asked(1).await;
            rig.topics.set_away(true);
            stopped_while_waiting(&rig, "reading of memory for intake").await
        };
        let (ran, took) = tokio::join!(running, away);
        ran.unwrap();
        assert!(took < PROMPT, "caught up {caught_up}: {took:?}");
    }
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_a_reader_that_never_answers() {
    for never in [OnRead::Silent, OnRead::NeverOpens] {
        let rig = Rig::new().await;
        rig.pipeline.produce(customers(3)).await.unwrap();
        rig.topics.script_reads([never]);
        let stopping = async {
            rig.topics.until_asked(1).await;
            rig.stop.send_replace(true);
        };
        let began = Instant::now();
        let (ran, ()) = tokio::join!(rig.pipeline.run_until_caught_up(rig.stop.subscribe()), stopping);
        ran.unwrap();
        assert!(began.elapsed() < PROMPT, "{never:?}: {:?}", began.elapsed());
        assert!(is_free(&rig, "intake", STOCKS).await);
    }
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_a_database() {
    let rig = Rig::new().await;
    rig.pipeline.produce(customers(3)).await.unwrap();
    rig.sink.script([OnWrite::Fails(FaultKind::Unavailable)]);
    let away = async {
        rig.sink.arrived.notified().await;
        rig.sink.set_away(true);
        stopped_while_waiting(&rig, "lane 0 of intake").await
    };
    let (ran, took) = tokio::join!(rig.pipeline.run_until_caught_up(rig.stop.subscribe()), away);
    ran.unwrap();
    assert!(took < PROMPT, "{took:?}");
}

#[tokio::test]
async fn a_stop_under_load_finishes_the_batch_in_hand_and_no_other() {
    let rig = Rig::with(|plan| plan.segments[0].stages[1].batch.records = 10).await;
    rig.pipeline.produce(customers(200)).await.unwrap();
    let go = Arc::new(Notify::new());
    rig.sink.script([OnWrite::Held(Arc::clone(&go))]);
    let stopping = async {
        rig.sink.arrived.notified().await;
        rig.stop.send_replace(true);
        // What follows runs after everybody who waits for the stop has seen it.
        tokio::task::yield_now().await;
        go.notify_one();
    };
    let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), stopping);
    ran.unwrap();
    let written: usize = rig.sink.written().iter().map(|batch| batch.rows.len()).sum();
    assert_eq!(written, 10);
    assert_eq!(rig.resolved(STOCKS).await, 10, "its position is committed, and passes nothing else");
    assert!(is_free(&rig, "intake", STOCKS).await);

    rig.stop.send_replace(false);
    rig.run(Vec::new()).await.unwrap();
    assert_eq!(rig.resolved(STOCKS).await, 200, "the next run reads the others");
}

#[tokio::test]
async fn a_database_that_never_answers_does_not_keep_a_run_that_is_to_end() {
    let rig = Rig::new().await;
    rig.pipeline.produce(customers(3)).await.unwrap();
    rig.sink.script([OnWrite::Silent]);
    let stopping = async {
        rig.sink.arrived.notified().await;
        rig.stop.send_replace(true);
    };
    let began = Instant::now();
    let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), stopping);
    ran.unwrap();
    assert!(began.elapsed() < super::DRAINING + PROMPT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_segment_that_fails_stops_the_others_in_order() {
    let rig = Rig::split().await;
    rig.pipeline.produce(customers(30)).await.unwrap();
    rig.sink.script([OnWrite::Fails(FaultKind::Refused)]);
    let ran = tokio::time::timeout(PROMPT, rig.pipeline.run(rig.stop.subscribe())).await.expect("it ends by itself");
    assert_eq!(ran.unwrap_err().kind(), FaultKind::Refused);
    assert_eq!(rig.resolved(STOCKS).await, 30, "the other segment commits what it has done");
    for (segment, topic) in [("intake", STOCKS), ("profile", "profile.events")] {
        assert!(is_free(&rig, segment, topic).await, "{segment} gives its lease back");
    }
}
