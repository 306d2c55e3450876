#![allow(clippy::unwrap_used)]

use super::*;

#[tokio::test]
async fn what_does_not_answer_is_named_before_that_is_a_fault() {
    let health = Health::default();
    let (answer, answered) = tokio::sync::oneshot::channel();
    let asking = told_when_slow(&health, "kafka", Duration::ZERO, answered);
    let watching = async {
        health.until(|troubles| troubles.contains_key("kafka")).await;
        assert_eq!(health.reasons()["kafka"], "has not answered for 0 s");
        answer.send(7).unwrap();
    };
    let (answer, ()) = tokio::join!(asking, watching);
    assert_eq!(answer.unwrap(), 7);
}

#[tokio::test]
async fn a_fault_says_more_than_that_there_is_no_answer() {
    let health = Health::default();
    health.bad("kafka", "nobody listens");
    let (answer, answered) = tokio::sync::oneshot::channel::<()>();
    let asking = told_when_slow(&health, "kafka", Duration::ZERO, answered);
    let watching = async {
        // Its time is over by the second turn of the clock.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(health.reasons()["kafka"], "nobody listens");
        answer.send(()).unwrap();
    };
    tokio::join!(asking, watching).0.unwrap();
}

#[tokio::test]
async fn a_conflict_that_lasts_is_told_and_ends_with_the_run() {
    let (health, stop) = (Health::default(), Stop::new());
    let retries = Retries { health: &health, part: "profiles", stop: &stop, counters: None };
    let began = tokio::time::Instant::now();
    let trying = retries.until_it_works(|| async { Err::<(), _>(Fault::new(FaultKind::Conflict, "the database is locked")) });
    let watching = async {
        health.until(|troubles| troubles.contains_key("profiles")).await;
        assert!(began.elapsed() >= SOON, "{:?}", began.elapsed());
        stop.tell();
    };
    let (tried, ()) = tokio::join!(trying, watching);
    assert_eq!(tried.unwrap_err().kind(), FaultKind::Conflict);
}
