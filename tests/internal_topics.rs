//! A topic between two stages: over a broker, then inside the process.

use schemas::{FaultKind, Outgoing};
use tokio::sync::watch;

use super::harness::{Bench, Database, root, topic};

fn stocks() -> Outgoing {
    Outgoing {
        topic: topic("admin.customer.stocks.data"),
        partition: None,
        key: None,
        value: std::fs::read(root().join("tests/pipelines/fixtures/stocks.json")).unwrap().into(),
        headers: Vec::new(),
        timestamp: None,
    }
}

async fn refused_while_unread(database: Database) {
    let mut bench = Bench::new(database).await;
    bench.split = true;
    let split = bench.pipeline(&[]).await;
    split.produce(vec![stocks()]).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    split.run_until_caught_up(stopped.clone()).await.unwrap();
    bench.split = false;
    bench.connect(&[]).await.expect("everything is read").sink().close().await;

    // As if the first stage had passed it on, and the process ended there.
    split.produce(vec![Outgoing { topic: topic("profile.events"), ..stocks() }]).await.unwrap();
    let Err(fault) = bench.connect(&[]).await else { panic!("a record would be lost") };
    assert_eq!(fault.kind(), FaultKind::Refused);
    let told = fault.to_string();
    assert!(told.contains("\"profile.events\"") && told.contains("holds 1 record(s)") && told.contains("`profile`"), "{told}");

    split.run_until_caught_up(stopped).await.unwrap();
    split.sink().close().await;
    bench.connect(&[]).await.expect("everything is read again").sink().close().await;
}

/// A position in a topic that is no more says nothing of the one that has its name now.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_made_anew_is_unread() {
    let mut bench = Bench::new(Database::Sqlite).await;
    bench.split = true;
    let split = bench.pipeline(&[]).await;
    split.produce(vec![stocks()]).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    split.run_until_caught_up(stopped).await.unwrap();
    split.sink().close().await;
    drop(split);
    std::fs::remove_file(bench.dir.path().join("topics.db")).unwrap();
    let split = bench.pipeline(&[]).await;
    // In every partition: one of them has the old position.
    let anew = |partition| Outgoing { topic: topic("profile.events"), partition: Some(partition), ..stocks() };
    split.produce((0..3).map(anew).collect()).await.unwrap();
    split.sink().close().await;
    bench.split = false;
    let Err(fault) = bench.connect(&[]).await else { panic!("records would be lost") };
    assert!(fault.to_string().contains("holds 3 record(s)"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_unread_records_cannot_become_internal_on_sqlite() {
    refused_while_unread(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_unread_records_cannot_become_internal_on_postgres() {
    refused_while_unread(Database::Postgres).await;
}
