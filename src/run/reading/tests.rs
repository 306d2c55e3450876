#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use schemas::{FaultKind, Outgoing, TopicName};
use tokio::time::{sleep, timeout};

use crate::run::faulty::{OnRead, Rig, stocks};
use crate::topics::{TopicPartition, Topics};

#[tokio::test]
async fn a_lost_reader_is_opened_again_where_the_last_record_was() {
    let rig = Rig::new().await;
    rig.topics.script_reads([OnRead::LostAfter(3), OnRead::LostAfter(0), OnRead::LostAfter(4)]);
    let records = (0..20).map(|number| stocks(&format!("c-{number}"), 30, 50, "Riz")).collect();
    let counts = rig.run(records).await.unwrap();
    assert_eq!((counts.records_read, counts.records_resolved), (20, 20), "nothing lost, nothing twice");
    assert_eq!(counts.profiles_created, 20);
    assert_eq!(rig.resolved("admin.customer.stocks.data").await, 20);
    assert_eq!(counts.retries, 3);
}

#[tokio::test]
async fn a_reader_that_goes_back_ends_the_run() {
    let rig = Rig::new().await;
    rig.topics.script_reads([OnRead::Repeats]);
    let fault = rig.run(vec![stocks("c-1", 30, 50, "Riz"), stocks("c-1", 31, 50, "Riz")]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Bug, "{fault}");
    assert!(fault.to_string().contains("admin.customer.stocks.data[") && fault.to_string().contains("offset 0"), "{fault}");
}

#[tokio::test]
async fn a_partition_that_ends_with_no_record_is_read_to_its_end_while_another_is_never_quiet() {
    let rig = Rig::new().await;
    let of = TopicPartition { topic: TopicName::try_from("admin.customer.stocks.data").unwrap(), partition: 0 };
    rig.topics.end_with_marks(of, 2);
    // Faster than a reader stops to wait.
    let topics = Arc::clone(&rig.topics);
    let never_quiet = tokio::spawn(async move {
        for minute in (0..60).cycle() {
            topics.write(vec![Outgoing { partition: Some(1), ..stocks("c-1", minute, 50, "Riz") }]).await.unwrap();
            sleep(Duration::from_millis(5)).await;
        }
    });
    let ended = timeout(Duration::from_secs(20), rig.run(Vec::new())).await;
    never_quiet.abort();
    ended.expect("it does not wait for quiet").unwrap();
    assert!(rig.resolved("admin.customer.stocks.data").await >= 2, "the marks are passed");
}
