#![allow(clippy::unwrap_used, clippy::panic)]

use schemas::{Header, SystemClock};
use sinks::Settings;
use tempfile::TempDir;

use super::*;
use crate::run::faulty::{FaultySink, FaultyTopics, OnPositions, OnRead, OnSend};
use crate::topics::local::Local;
use crate::topics::memory::Memory;

/// Two brokers in memory and a SQLite store, all of which fail on demand.
struct Rig {
    mirror: Mirror,
    from: Arc<FaultyTopics>,
    to: Arc<FaultyTopics>,
    sink: Arc<FaultySink>,
    _dir: TempDir,
}

fn topic() -> TopicName {
    TopicName::try_from("events").unwrap()
}

fn partition(number: u32) -> TopicPartition {
    TopicPartition { topic: topic(), partition: number }
}

fn record(number: u32, key: Option<&str>) -> Outgoing {
    Outgoing {
        topic: topic(),
        partition: None,
        key: key.map(|key| key.as_bytes().to_vec()),
        value: number.to_string().into_bytes().into(),
        headers: vec![Header { name: "h".into(), value: vec![0, 255] }],
        timestamp: Some("2026-03-01T08:00:00.123Z".parse().unwrap()),
    }
}

impl Rig {
    async fn new(partitions: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/store.db", dir.path().display());
        let settings = Settings::new("p");
        sinks::migrate_run(&url, &settings).await.unwrap();
        let sink = Arc::new(FaultySink::over(sinks::open(&url, &settings).await.unwrap()));
        let broker = || Arc::new(FaultyTopics::over(Memory::new(Arc::new(SystemClock))));
        let (from, to) = (broker(), broker());
        from.create(&[TopicSpec { name: topic(), partitions }]).await.unwrap();
        let side =
            |name: &str, topics: &Arc<FaultyTopics>| Side { name: name.into(), topics: Arc::clone(topics) as Arc<dyn Topics> };
        let mirror = Mirror {
            from: side("from", &from),
            to: side("to", &to),
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            clock: Arc::new(SystemClock),
            owner: "test".into(),
            patience: Some(Duration::from_millis(600)),
            health: Arc::default(),
            counters: Arc::default(),
        };
        Self { mirror, from, to, sink, _dir: dir }
    }

    async fn run(&self) -> Result<(), Fault> {
        let (_stop, stopped) = watch::channel(false);
        let topics = [topic()];
        let running = self.mirror.run(&topics, true, stopped);
        tokio::time::timeout(Duration::from_secs(60), running).await.expect("a mirror that catches up")
    }

    /// What the target holds, by partition.
    async fn held(&self) -> Vec<Vec<Raw>> {
        let partitions = self.to.partitions(&[topic()]).await.unwrap()[&topic()];
        let mut held = Vec::new();
        for number in 0..partitions {
            let end = self.to.bounds(&partition(number)).await.unwrap().end;
            let mut reader = self.to.reader(&[(partition(number), 0)]).await.unwrap();
            let mut records = Vec::new();
            while (records.len() as u64) < end {
                records.extend(reader.read(&super::super::reading::READ).await.unwrap());
            }
            held.push(records);
        }
        held
    }
}

fn values(records: &[Raw]) -> Vec<u32> {
    records.iter().map(|record| String::from_utf8(record.value.to_vec()).unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_copy_is_what_it_was_copied_from() {
    let rig = Rig::new(3).await;
    let keys = [None, Some(""), Some("a"), Some("b"), Some("c")];
    rig.from.write((0..500).map(|number| record(number, keys[number as usize % 5])).collect()).await.unwrap();
    rig.run().await.unwrap();
    let held = rig.held().await;
    assert_eq!(held.iter().map(Vec::len).sum::<usize>(), 500);
    for (number, copies) in held.iter().enumerate() {
        let mut reader = rig.from.reader(&[(partition(number as u32), 0)]).await.unwrap();
        let mut originals = Vec::new();
        while originals.len() < copies.len() {
            originals.extend(reader.read(&super::super::reading::READ).await.unwrap());
        }
        assert_eq!(*copies, originals, "keys, values, headers and timestamps, in order");
    }
    // The next run finds nothing to do, and then what is new.
    rig.run().await.unwrap();
    rig.from.write(vec![record(500, Some("a"))]).await.unwrap();
    rig.run().await.unwrap();
    assert_eq!(rig.held().await.iter().map(Vec::len).sum::<usize>(), 501);
}

#[tokio::test]
async fn with_other_partitions_a_key_stays_together_and_in_order() {
    let rig = Rig::new(4).await;
    rig.to.create(&[TopicSpec { name: topic(), partitions: 2 }]).await.unwrap();
    rig.from
        .write((0..400).map(|number| record(number, Some(["a", "b", "c", "d"][number as usize % 4]))).collect())
        .await
        .unwrap();
    rig.run().await.unwrap();
    let held = rig.held().await;
    assert_eq!(held.iter().map(Vec::len).sum::<usize>(), 400);
    for key in ["a", "b", "c", "d"] {
        let of = |records: &Vec<Raw>| {
            records.iter().filter(|record| record.key.as_deref() == Some(key.as_bytes())).cloned().collect::<Vec<_>>()
        };
        let copies: Vec<_> = held.iter().map(of).filter(|copies| !copies.is_empty()).collect();
        assert_eq!(copies.len(), 1, "{key}");
        assert!(values(&copies[0]).is_sorted(), "{key}");
    }
}

#[tokio::test]
async fn what_fails_is_done_again_and_nothing_is_lost() {
    let rig = Rig::new(1).await;
    rig.from.write((0..5_000).map(|number| record(number, None)).collect()).await.unwrap();
    rig.from.script_reads([OnRead::LostAfter(700), OnRead::LostAfter(0)]);
    rig.to.script_sends([OnSend::Fails, OnSend::AnswerLost]);
    rig.sink.script_positions([OnPositions::Fail, OnPositions::AnswerLost]);
    rig.run().await.unwrap();
    assert_eq!(rig.mirror.counters.counts().retries, 6, "whatever was to fail did");
    let copies = values(&rig.held().await[0]);
    let mut once = copies.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, (0..5_000).collect::<Vec<_>>());
    assert!(copies.len() < 10_000, "one answer was lost, so one batch is there twice: {}", copies.len());
}

#[tokio::test]
async fn two_mirrors_of_the_same_do_not_run_beside_each_other() {
    let rig = Rig::new(1).await;
    let of = assigned(&segment("from", "to"), "from", &partition(0));
    rig.sink.claim(&[of], "somebody").await.unwrap();
    let fault = rig.run().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Fenced);
    assert!(fault.to_string().contains("somebody"), "{fault}");
}

#[tokio::test]
async fn every_topic_that_is_not_there_is_named() {
    let rig = Rig::new(1).await;
    let names = ["events", "x", "y"].map(|name| TopicName::try_from(name).unwrap());
    let (_stop, stopped) = watch::channel(false);
    let fault = rig.mirror.run(&names, true, stopped).await.unwrap_err();
    assert_eq!((fault.kind(), fault.to_string().contains("`from` has no topic x, y")), (FaultKind::Refused, true), "{fault}");
}

#[tokio::test]
async fn a_mirror_that_is_told_to_stop_ends_and_keeps_its_place() {
    let rig = Rig::new(2).await;
    rig.from.write((0..100).map(|number| record(number, Some("a"))).collect()).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let watching = async {
        while rig.mirror.counters.counts().records_resolved < 100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.send_replace(true);
    };
    let topics = [topic()];
    let (ran, ()) = tokio::join!(rig.mirror.run(&topics, false, stopped), watching);
    ran.unwrap();
    rig.run().await.unwrap();
    assert_eq!(rig.held().await.iter().map(Vec::len).sum::<usize>(), 100, "nothing twice");
}

#[tokio::test]
async fn what_the_target_refuses_is_told_while_nothing_more_comes() {
    let rig = Rig::new(1).await;
    rig.from.write(vec![record(0, None)]).await.unwrap();
    rig.to.script_sends([OnSend::Refused]);
    let (_stop, stopped) = watch::channel(false);
    let topics = [topic()];
    let running = rig.mirror.run(&topics, false, stopped);
    let ended = tokio::time::timeout(Duration::from_secs(20), running).await.expect("it does not wait for the next record");
    assert_eq!(ended.unwrap_err().kind(), FaultKind::Refused);
    // Nothing is stored as copied: the next run tries it again.
    rig.run().await.unwrap();
    assert_eq!(values(&rig.held().await[0]), [0]);
}

#[tokio::test]
async fn where_the_target_is_gone_all_is_copied_anew() {
    let mut rig = Rig::new(2).await;
    rig.from.write((0..20).map(|number| record(number, None)).collect()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (made_anew_by, records) in [(None, 20), (Some("us"), 20), (Some("somebody else"), 20), (None, 1)] {
        if made_anew_by.is_some() {
            std::fs::remove_file(dir.path().join("topics.db")).unwrap();
        }
        let target = Arc::new(Local::open(dir.path(), Arc::new(SystemClock)).await.unwrap());
        let end = async |number| target.bounds(&partition(number)).await.map_or(0, |bounds| bounds.end);
        if made_anew_by == Some("somebody else") {
            target.create(&[TopicSpec { name: topic(), partitions: 2 }]).await.unwrap();
        }
        rig.mirror.to.topics = Arc::clone(&target) as Arc<dyn Topics>;
        if records == 1 {
            rig.from.write(vec![record(20, None)]).await.unwrap();
        }
        let before = end(0).await + end(1).await;
        rig.run().await.unwrap();
        assert_eq!(end(0).await + end(1).await - before, records, "made anew by {made_anew_by:?}");
        rig.run().await.unwrap();
        assert_eq!(end(0).await + end(1).await - before, records, "nothing twice");
    }
}

#[tokio::test]
async fn a_mirror_that_ends_as_it_makes_the_target_anew_begins_anew_all_the_same() {
    let mut rig = Rig::new(1).await;
    rig.from.write((0..20).map(|number| record(number, None)).collect()).await.unwrap();
    rig.run().await.unwrap();
    let target = Arc::new(FaultyTopics::over(Memory::new(Arc::new(SystemClock))));
    rig.mirror.to.topics = Arc::clone(&target) as Arc<dyn Topics>;
    // The topic is made, and nothing more.
    target.script_sends([OnSend::Refused]);
    assert_eq!(rig.run().await.unwrap_err().kind(), FaultKind::Refused);
    assert_eq!(target.bounds(&partition(0)).await.unwrap().end, 0);
    rig.run().await.unwrap();
    assert_eq!(target.bounds(&partition(0)).await.unwrap().end, 20);
}
