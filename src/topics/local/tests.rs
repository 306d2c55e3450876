//! What only the file itself can show: removed records, a full disk, another format. The rest is in the contract suite.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use schemas::SystemClock;

use super::*;
use crate::topics::ReadLimits;

async fn with_topic(dir: &Path) -> Local {
    let local = Local::open(dir, Arc::new(SystemClock)).await.unwrap();
    local.create(&[TopicSpec { name: partition().topic, partitions: 1 }]).await.unwrap();
    local
}

fn partition() -> TopicPartition {
    TopicPartition { topic: TopicName::try_from("t").unwrap(), partition: 0 }
}

fn records(count: usize, value_bytes: usize) -> Vec<Outgoing> {
    let TopicPartition { topic, partition } = partition();
    let value = vec![b'x'; value_bytes];
    vec![
        Outgoing { topic, partition: Some(partition), key: None, value: value.into(), headers: Vec::new(), timestamp: None };
        count
    ]
}

fn limits(records: usize) -> ReadLimits {
    ReadLimits { records, bytes: usize::MAX, wait: Duration::ZERO }
}

async fn execute(local: &Local, sql: &'static str) {
    sqlx::query(sql).execute(&mut *local.questions.lock().await).await.unwrap();
}

#[tokio::test]
async fn offsets_stay_when_older_records_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    for _ in 0..3 {
        local.write(records(10, 5)).await.unwrap();
    }
    execute(&local, "DELETE FROM batches WHERE last_offset < 15").await;
    assert_eq!(local.bounds(&partition()).await.unwrap(), Bounds { first: 10, end: 30 });
    let Err(fault) = local.reader(&[(partition(), 9)]).await else { panic!("offset 9 is removed") };
    assert_eq!(fault.kind(), FaultKind::Lost);
    let mut reader = local.reader(&[(partition(), 12)]).await.unwrap();
    assert_eq!(reader.read(&limits(100)).await.unwrap().first().unwrap().origin.offset, 12);
    execute(&local, "DELETE FROM batches").await;
    assert_eq!(local.bounds(&partition()).await.unwrap(), Bounds { first: 30, end: 30 });
    local.write(records(1, 5)).await.unwrap();
    assert_eq!(reader.read(&limits(100)).await.unwrap().first().unwrap().origin.offset, 30);
}

#[tokio::test]
async fn records_removed_under_a_reader_are_lost_and_not_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    let mut reader = local.reader(&[(partition(), 0)]).await.unwrap();
    local.write(records(2, 5)).await.unwrap();
    local.write(records(2, 5)).await.unwrap();
    execute(&local, "DELETE FROM batches WHERE last_offset = 1").await;
    assert_eq!(reader.read(&limits(100)).await.unwrap_err().kind(), FaultKind::Lost);
    execute(&local, "DELETE FROM batches").await;
    let fault = reader.read(&limits(100)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Lost);
    assert!(fault.to_string().contains("t[0]") && fault.to_string().contains("offset 0"), "{fault}");
}

#[tokio::test]
async fn a_damaged_batch_is_lost_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    local.write(records(2, 5)).await.unwrap();
    execute(&local, "UPDATE batches SET records = x'00ff'").await;
    let fault = local.reader(&[(partition(), 0)]).await.unwrap().read(&limits(1)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Lost);
    assert!(fault.to_string().contains("offsets 0 to 1"), "{fault}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_writing_goes_on_once_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    let (_, jobs) = mpsc::channel(1);
    let (database, commits) = (local.database.clone(), Arc::clone(&local.commits));
    let writer = Writer { database, clock: Arc::new(SystemClock), jobs, commits };
    let mut small = local.database.connect_to_write().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 20").execute(&mut small).await.unwrap();
    let (done, answer) = oneshot::channel();
    assert!(writer.write(small, vec![Job { records: records(10, 100_000), done }]).await.is_none());
    let fault = answer.await.unwrap().unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Full, "{fault}");
    assert!(fault.to_string().starts_with("no space is left for the local topics in "), "{fault}");
    assert_eq!(fault.advice(), FaultKind::Full.policy().1);
    assert_eq!(local.bounds(&partition()).await.unwrap().end, 0);
    local.write(records(10, 100_000)).await.unwrap();
    assert_eq!(local.bounds(&partition()).await.unwrap().end, 10);
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    execute(&with_topic(dir.path()).await, "PRAGMA user_version = 3").await;
    let Err(fault) = Local::open(dir.path(), Arc::new(SystemClock)).await else { panic!("format 3 is unknown") };
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("format 3"), "{fault}");
}

#[tokio::test]
async fn a_topic_that_was_made_anew_is_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let name = partition().topic;
    let first = with_topic(dir.path()).await.incarnation(&name).await.unwrap().unwrap();
    let again = with_topic(dir.path()).await;
    assert_eq!(again.incarnation(&name).await.unwrap().unwrap(), first, "opened again");
    assert_eq!(again.incarnation(&TopicName::try_from("other").unwrap()).await.unwrap(), None);
    drop(again);
    let elsewhere = tempfile::tempdir().unwrap();
    assert_ne!(with_topic(elsewhere.path()).await.incarnation(&name).await.unwrap().unwrap(), first);
}

#[tokio::test]
async fn topics_of_an_older_program_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    local.write(records(3, 5)).await.unwrap();
    execute(&local, "ALTER TABLE topics DROP COLUMN incarnation").await;
    execute(&local, "PRAGMA user_version = 1").await;
    drop(local);
    let open = || Local::open(dir.path(), Arc::new(SystemClock));
    let (one, other, third) = tokio::join!(open(), open(), open());
    let mut incarnations = Vec::new();
    for local in [one, other, third] {
        let local = local.unwrap();
        assert_eq!(local.bounds(&partition()).await.unwrap().end, 3);
        incarnations.push(local.incarnation(&partition().topic).await.unwrap().unwrap());
    }
    assert_eq!(incarnations[0].len(), 32);
    assert!(incarnations.iter().all(|incarnation| *incarnation == incarnations[0]), "{incarnations:?}");
}

#[tokio::test]
async fn a_record_too_large_for_a_row_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let fault = with_topic(dir.path()).await.write(records(1, 256 * 1024 * 1024)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Oversized);
}

#[tokio::test]
async fn writes_that_wait_share_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let local = Arc::new(with_topic(dir.path()).await);
    let before = *local.commits.borrow();
    let mut lock = local.database.connect_to_write().await.unwrap();
    local.database.lock(&mut lock).await.unwrap();
    let writes: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn({
                let local = Arc::clone(&local);
                async move { local.write(records(1, 5)).await }
            })
        })
        .collect();
    // All of them have asked once each task has had its turn; the writer waits for the lock with those that came first.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    local.database.commit(&mut lock).await.unwrap();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(local.bounds(&partition()).await.unwrap().end, 50);
    let commits = *local.commits.borrow() - before;
    assert!(commits <= 2, "50 writes took {commits} transactions");
}

/// Opens a file that something was done to, which gives a fault.
async fn fault_of_opening(dir: &Path) -> Fault {
    match Local::open(dir, Arc::new(SystemClock)).await {
        Ok(local) => local.partitions(&[partition().topic]).await.unwrap_err(),
        Err(fault) => fault,
    }
}

#[tokio::test]
async fn a_damaged_file_is_lost_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let local = with_topic(dir.path()).await;
    local.write(records(50, 10_000)).await.unwrap();
    execute(&local, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    drop(local);
    let path = dir.path().join("topics.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // All but the header, which says that it is a database.
    bytes[100..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let fault = fault_of_opening(dir.path()).await;
    assert_eq!(fault.kind(), FaultKind::Lost, "{fault}");
    assert!(fault.to_string().contains(&path.display().to_string()) && fault.to_string().contains("are damaged"), "{fault}");
}

#[tokio::test]
async fn a_directory_in_the_place_of_the_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("topics.db")).unwrap();
    let fault = fault_of_opening(dir.path()).await;
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.to_string().contains("cannot be opened to write"), "{fault}");
}

#[tokio::test]
async fn a_file_where_the_directory_should_be_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "").unwrap();
    let fault = fault_of_opening(&path).await;
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.advice().contains("SYNCLINE_DIR"), "{}", fault.advice());
}
