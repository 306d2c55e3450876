//! The local broker keeps the contract, and what is in its directory stays.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use schemas::{Clock, FaultKind, ManualClock, SystemClock};
use syncline::topics::local::Local;
use syncline::topics::{Broker, Topics};
use tempfile::TempDir;

use crate::contract::contract;
use crate::subject::{Subject, at, create, numbered, read_all, reader, record, values, with_topic};

struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

#[async_trait]
impl Subject for InDirectory {
    async fn open(&self) -> Arc<dyn Topics> {
        open(self.0.path()).await
    }
}

pub(crate) async fn open(dir: &Path) -> Arc<dyn Topics> {
    Broker::Local { dir: dir.into() }.open(Arc::new(SystemClock)).await.unwrap()
}

contract!(InDirectory::new());

#[tokio::test]
async fn topics_and_records_are_there_again_when_the_directory_is_opened_again() {
    let subject = InDirectory::new();
    let topics = with_topic(&subject, 2).await;
    topics.write(numbered(0..500)).await.unwrap();
    drop(topics);
    let topics = subject.open().await;
    assert_eq!(read_all(&*topics, "t", 2).await.len(), 500);
    topics.write(vec![record("more")]).await.unwrap();
    let bounds = topics.bounds(&at("t", 0)).await.unwrap();
    assert_eq!((bounds.first, bounds.end), (0, 501));
}

#[tokio::test]
async fn the_directory_is_created_with_its_parents() {
    let dir = tempfile::tempdir().unwrap();
    let topics = open(&dir.path().join("a/b/c")).await;
    create(&*topics, "t", 1).await;
    topics.write(vec![record("x")]).await.unwrap();
}

#[tokio::test]
async fn a_directory_that_cannot_be_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let Err(fault) = Local::open(&file.join("topics"), Arc::new(SystemClock)).await else { panic!("a file is no directory") };
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains(&file.display().to_string()), "{fault}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("topics.db"), "something else entirely ".repeat(1000)).unwrap();
    let Err(fault) = Local::open(dir.path(), Arc::new(SystemClock)).await else { panic!("no database") };
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("topics.db"), "{fault}");
}

#[tokio::test]
async fn a_record_without_timestamp_gets_the_time_of_writing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Utc::now());
    let topics = Local::open(dir.path(), Arc::new(clock.clone())).await.unwrap();
    create(&topics, "t", 1).await;
    clock.advance(TimeDelta::hours(5));
    topics.write(vec![record("x")]).await.unwrap();
    let written = read_all(&topics, "t", 1).await[0].timestamp;
    assert_eq!(written.timestamp_micros(), clock.now().timestamp_micros());
}

#[tokio::test]
async fn many_handles_open_one_new_directory_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let opening: Vec<_> = (0..8)
        .map(|number| {
            let path = dir.path().to_owned();
            tokio::spawn(async move {
                let topics = open(&path).await;
                create(&*topics, "t", 1).await;
                topics.write(vec![record(number.to_string())]).await.unwrap();
            })
        })
        .collect();
    for handle in opening {
        handle.await.unwrap();
    }
    let mut read = values(&read_all(&*open(dir.path()).await, "t", 1).await);
    read.sort();
    assert_eq!(read, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_writes_all_the_time_does_not_keep_others_waiting() {
    let subject = InDirectory::new();
    let busy = with_topic(&subject, 1).await;
    let other = subject.open().await;
    let busy_task = tokio::spawn(async move {
        let values = vec![b'x'; 2000];
        loop {
            busy.write((0..1000).map(|_| record(values.clone())).collect()).await.unwrap();
        }
    });
    create(&*other, "quiet", 1).await;
    let mut quiet = reader(&*other, "quiet", 1).await;
    let begun = std::time::Instant::now();
    for number in 0..20 {
        let mut one = record(number.to_string());
        one.topic = crate::subject::name("quiet");
        other.write(vec![one]).await.unwrap();
        assert_eq!(values(&quiet.read(&crate::subject::patient()).await.unwrap()), [number.to_string()]);
    }
    let waited = begun.elapsed();
    busy_task.abort();
    assert!(waited.as_secs() < 10, "20 small writes took {waited:?}");
}
