//! What happens when a write ends otherwise than it should.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::task::{Context, Poll, Waker};

use schemas::TopicName;
use schemas::store::Effect;

use super::*;

fn batch(value: Vec<u8>) -> Batch {
    let topic = TopicName::try_from("admin.notifications").unwrap();
    let effect = Effect {
        id: format!("effect-{}", value.len()),
        topic,
        key: "c-1".into(),
        value,
        headers: Vec::new(),
        timestamp: chrono::DateTime::UNIX_EPOCH,
    };
    Batch { effects: vec![effect], ..Batch::default() }
}

/// A store in a file that may grow to so many pages of 4 KiB.
async fn small(folder: &tempfile::TempDir, pages: u32) -> SqliteSink {
    let settings = Settings::new("pipeline");
    let url = format!("sqlite://{}/profiles.db", folder.path().display());
    migrate::run(&url, &settings).await.unwrap();
    let options = connect::options(&url).unwrap().pragma("max_page_count", pages.to_string());
    let connection = options.connect().await.unwrap();
    SqliteSink::over(connection, options, &settings).await.unwrap()
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sink = small(&folder, 100).await;
    for _ in 0..3 {
        let fault = sink.write(&batch(vec![0; 1 << 20])).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Full, "{fault}");
    }
    assert!(sink.outbox(10, None).await.unwrap().is_empty());
    assert_eq!(sink.write(&batch(vec![0; 10])).await.unwrap(), Written::Durable);
    assert_eq!(sink.outbox(10, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_transaction_behind() {
    let folder = tempfile::tempdir().unwrap();
    let sink = small(&folder, 10_000).await;
    for length in 0..20 {
        let batch = batch(vec![0; length]);
        let mut write = sink.write(&batch);
        // The request is in the queue once the future was asked for the first time.
        let Poll::Pending = write.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!("a write takes time") };
    }
    assert_eq!(sink.write(&batch(vec![0; 100])).await.unwrap(), Written::Durable);
    assert_eq!(sink.outbox(100, None).await.unwrap().len(), 21, "requests are finished in turn, whoever still listens");
}

#[tokio::test]
async fn the_table_has_the_columns_that_the_contract_names_in_its_order() {
    let mut connection = connect::options("sqlite::memory:").unwrap().connect().await.unwrap();
    migrate::apply(&mut connection, &Settings::new("pipeline").names().unwrap()).await.unwrap();
    let columns = sqlx::query("select name from pragma_table_info('customer_detailed_profiles') order by cid");
    let columns = columns.fetch_all(&mut connection).await.unwrap();
    let names: Vec<String> = columns.iter().map(|row| read::get(row, "name").unwrap()).collect();
    assert_eq!(names, crate::COLUMNS.map(|column| column.name));
}
