//! Reading: from where, how much, how far.

use std::time::{Duration, Instant};

use schemas::{FaultKind, Raw};
use syncline::topics::{Bounds, ReadLimits};

use crate::subject::{Subject, assert_dense, at, drain, now, numbered, patient, reader, record, to, with_topic};

pub(crate) async fn what_is_asked_for_limits_a_read(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    topics.write((0..20).map(|_| record(vec![b'x'; 1000])).collect()).await.unwrap();
    let mut reader = reader(&*topics, "t", 1).await;
    assert_eq!(reader.read(&ReadLimits { records: 3, ..patient() }).await.unwrap().len(), 3);
    let bytes = |bytes| ReadLimits { bytes, ..patient() };
    assert_eq!(reader.read(&bytes(2500)).await.unwrap().len(), 3, "the record that passes the limit is the last");
    assert_eq!(reader.read(&bytes(1)).await.unwrap().len(), 1, "one record is returned whatever its size");
    let rest = drain(&mut *reader, 13, 1000).await;
    assert_eq!(rest.first().map(|raw| raw.origin.offset), Some(7));
}

pub(crate) async fn partitions_are_served_fairly(subject: &dyn Subject) {
    let topics = with_topic(subject, 3).await;
    for partition in 0..3 {
        topics.write((0..1000).map(|_| to("t", Some(partition), "x")).collect()).await.unwrap();
    }
    let mut reader = reader(&*topics, "t", 3).await;
    subject.settle().await;
    let mut counts = [0; 3];
    while counts.iter().sum::<u32>() < 300 {
        for raw in reader.read(&ReadLimits { records: 30, ..patient() }).await.unwrap() {
            counts[raw.origin.partition as usize] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count >= 60), "300 of 3 equal partitions were read as {counts:?}");
}

pub(crate) async fn reading_begins_at_any_offset(subject: &dyn Subject) {
    let topics = with_topic(subject, 2).await;
    for _ in 0..3 {
        topics.write((0..200).map(|_| to("t", Some(1), vec![b'x'; 3000])).collect()).await.unwrap();
    }
    for offset in [0, 1, 43, 44, 199, 200, 401, 599, 600] {
        let mut reader = topics.reader(&[(at("t", 1), offset), (at("t", 0), 0)]).await.unwrap();
        let read = drain(&mut *reader, usize::try_from(600 - offset).unwrap(), 64).await;
        let offsets: Vec<_> = read.iter().map(|raw| raw.origin.offset).collect();
        assert_eq!(offsets, (offset..600).collect::<Vec<_>>());
    }
}

pub(crate) async fn an_offset_outside_the_log_is_lost(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    topics.write(numbered(0..10)).await.unwrap();
    assert_eq!(topics.bounds(&at("t", 0)).await.unwrap(), Bounds { first: 0, end: 10 });
    let Err(fault) = topics.reader(&[(at("t", 0), 11)]).await else { panic!("11 is beyond the end") };
    assert_eq!(fault.kind(), FaultKind::Lost);
    assert!(fault.to_string().contains("t[0]") && fault.to_string().contains("11"), "{fault}");
}

pub(crate) async fn a_read_without_records_waits_and_returns(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    let mut reader = reader(&*topics, "t", 1).await;
    let begun = Instant::now();
    let read = reader.read(&ReadLimits { wait: Duration::from_millis(60), ..now(10) }).await.unwrap();
    assert!(read.is_empty());
    assert!(begun.elapsed() >= Duration::from_millis(60), "it waited {:?}", begun.elapsed());
}

pub(crate) async fn a_cancelled_read_loses_nothing(subject: &dyn Subject) {
    let topics = with_topic(subject, 2).await;
    let writer = subject.open().await;
    let writing = tokio::spawn(async move {
        for number in 0..300 {
            writer.write(vec![to("t", Some(number % 2), number.to_string())]).await.unwrap();
        }
    });
    let mut reader = reader(&*topics, "t", 2).await;
    let mut read: Vec<Raw> = Vec::new();
    let mut patience_us = 0;
    while read.len() < 300 {
        patience_us = (patience_us + 137) % 6000;
        let limits = ReadLimits { records: 3, ..patient() };
        match tokio::time::timeout(Duration::from_micros(patience_us), reader.read(&limits)).await {
            Ok(records) => read.extend(records.unwrap()),
            Err(_) => tokio::task::yield_now().await,
        }
    }
    writing.await.unwrap();
    assert_eq!(read.len(), 300);
    assert_dense(&read, 2);
}

pub(crate) async fn a_reader_knows_how_far_it_is(subject: &dyn Subject) {
    let topics = with_topic(subject, 2).await;
    topics.write(numbered(0..30)).await.unwrap();
    let mut reader = topics.reader(&[(at("t", 0), 10), (at("t", 1), 0)]).await.unwrap();
    let mut position = 10;
    while position < 30 {
        let read = reader.read(&ReadLimits { records: 7, ..patient() }).await.unwrap();
        position += read.len() as u64;
        let mut positions = reader.positions();
        positions.sort();
        assert_eq!(positions, [(at("t", 0), position), (at("t", 1), 0)], "as far as it returned, not as it fetched");
    }
}
