//! What every broker has to do. Each case gets a broker of its own, without topics.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use schemas::{FaultKind, Header, Outgoing, Raw};
use syncline::topics::{Bounds, ReadLimits, TopicSpec};

use crate::subject::{
    Subject, assert_dense, at, create, drain, name, now, numbered, patient, read_all, reader, record, to, values, with_topic,
};

/// Makes a test of each case, on a new subject each; `without_large_records` on one that has no room for them. With `in_turn`, runs all
/// in one test: they share a subject, which is cleared after each.
macro_rules! contract {
    (@tests [$subject:expr] $($case:ident)*) => {
        mod contract {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::$case(&$subject).await;
            })*
        }
    };
    (@in_turn [$subject:expr] $($case:ident)*) => {
        $(println!("{}", stringify!($case));
        crate::contract::$case($subject).await;
        $subject.clear().await;)*
    };
    (@all $how:tt $subject:tt $($more:ident)*) => {
        crate::contract::contract! { @$how $subject
            records_of_a_partition_keep_their_order
            every_part_of_a_record_is_kept
            what_is_asked_for_limits_a_read
            partitions_are_served_fairly
            keys_choose_the_partition
            keyless_records_spread_over_the_partitions
            reading_begins_at_any_offset
            an_offset_outside_the_log_is_lost
            what_does_not_exist_is_refused
            a_refused_write_leaves_nothing
            creating_again_changes_nothing
            many_topics_with_every_name_that_it_takes
            a_read_without_records_waits_and_returns
            a_waiting_reader_gets_the_record_of_another_handle_at_once
            a_cancelled_read_loses_nothing
            writers_of_several_handles_lose_and_double_nothing
            one_writes_while_another_reads
            a_reader_knows_how_far_it_is
            it_answers
            $($more)*
        }
    };
    (in_turn $subject:expr) => {
        crate::contract::contract! { @all in_turn [$subject] large_records_are_kept }
    };
    ($subject:expr) => {
        crate::contract::contract! { @all tests [$subject] large_records_are_kept }
    };
    ($subject:expr; without_large_records) => {
        crate::contract::contract! { @all tests [$subject] }
    };
}
pub(crate) use contract;

pub(crate) async fn records_of_a_partition_keep_their_order(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    for start in (0..3000).step_by(300) {
        topics.write(numbered(start..start + 300)).await.unwrap();
    }
    for chunk in [1000, 7] {
        let read = drain(&mut *reader(&*topics, "t", 1).await, 3000, chunk).await;
        assert_eq!(values(&read), (0..3000).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_dense(&read, 1);
    }
}

pub(crate) async fn every_part_of_a_record_is_kept(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    let header = |name: &str, value: &[u8]| Header { name: name.into(), value: value.into() };
    let headers =
        vec![header("b", b"1"), header("a", b""), header("b", &[0, 255, 10]), header("", b"no name"), header("é", b"2")];
    let time = |us| Some(DateTime::from_timestamp_micros(us).unwrap());
    let plain = record("{}");
    let mut records = vec![
        plain.clone(),
        Outgoing { key: Some(Vec::new()), ..plain.clone() },
        Outgoing { key: Some(vec![0, 255, 10]), ..plain.clone() },
        Outgoing { value: Vec::new(), ..plain.clone() },
        Outgoing { value: (0..=255).collect(), ..plain.clone() },
        Outgoing { timestamp: time(1_700_000_000_123_000), ..plain.clone() },
        Outgoing { timestamp: time(1_600_000_000_000_000), ..plain.clone() },
    ];
    if subject.keeps_headers() {
        records.push(Outgoing { headers, ..plain.clone() });
    }
    if subject.keeps_old_times() {
        records.push(Outgoing { timestamp: time(-1_000), ..plain.clone() });
    }
    let before = Utc::now();
    topics.write(records.clone()).await.unwrap();
    let read = read_all(&*topics, "t", 1).await;
    assert_eq!(read.len(), records.len());
    for (offset, (raw, record)) in read.iter().zip(&records).enumerate() {
        assert_eq!((&raw.origin.topic, raw.origin.partition, raw.origin.offset), (&record.topic, 0, offset as u64));
        assert_eq!((&raw.key, &raw.value, &raw.headers), (&record.key, &record.value, &record.headers));
        match record.timestamp {
            Some(timestamp) => assert_eq!(raw.timestamp, timestamp),
            None => assert!((raw.timestamp - before).num_seconds().abs() < 30, "the time of writing is {}", raw.timestamp),
        }
    }
}

pub(crate) async fn large_records_are_kept(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    let large = |seed: usize| (0..1024 * 1024).map(|at| (at * 31 + at / 977 + seed) as u8).collect::<Vec<u8>>();
    topics.write((0..5).map(|seed| record(large(seed))).collect()).await.unwrap();
    topics.write(vec![record("small")]).await.unwrap();
    let read = read_all(&*topics, "t", 1).await;
    assert_eq!(read.len(), 6);
    for (seed, raw) in read[..5].iter().enumerate() {
        assert!(raw.value == large(seed), "record {seed} has other bytes");
    }
    assert_eq!(read[5].value, b"small");
}

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

pub(crate) async fn keys_choose_the_partition(subject: &dyn Subject) {
    let topics = with_topic(subject, 4).await;
    let keyed = |key: &[u8], value: &str| Outgoing { key: Some(key.into()), ..to("t", None, value) };
    // What Kafka's default partitioner makes of these keys: murmur2, its sign bit off, modulo 4.
    let expected: [(&[u8], u32); 4] = [(b"21", 0), (b"foobar", 2), (b"abc", 3), (b"", 1)];
    for round in ["1", "2"] {
        topics.write(expected.map(|(key, _)| keyed(key, round)).into()).await.unwrap();
    }
    // A partition that the record names comes before the key.
    topics.write(vec![Outgoing { partition: Some(1), ..keyed(b"abc", "3") }]).await.unwrap();
    let read = read_all(&*topics, "t", 4).await;
    assert_eq!(read.len(), 9);
    for raw in read {
        let key = raw.key.as_deref().unwrap();
        let partition = if raw.value == b"3" { 1 } else { expected.iter().find(|(known, _)| *known == key).unwrap().1 };
        assert_eq!(raw.origin.partition, partition, "key {key:?}");
    }
}

pub(crate) async fn keyless_records_spread_over_the_partitions(subject: &dyn Subject) {
    let topics = with_topic(subject, 4).await;
    topics.write((0..400).map(|_| to("t", None, vec![b'x'; 2000])).collect()).await.unwrap();
    for _ in 0..40 {
        topics.write(vec![to("t", None, vec![b'x'; 20_000])]).await.unwrap();
    }
    let read = read_all(&*topics, "t", 4).await;
    assert_eq!(read.len(), 440);
    assert_dense(&read, 4);
    for partition in 0..4 {
        let count = read.iter().filter(|raw| raw.origin.partition == partition).count();
        assert!(count >= 55, "partition {partition} holds {count} of 440");
    }
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

pub(crate) async fn what_does_not_exist_is_refused(subject: &dyn Subject) {
    let topics = with_topic(subject, 2).await;
    let mut faults = Vec::new();
    faults.push((topics.write(vec![to("missing", None, "x")]).await.unwrap_err(), "missing"));
    faults.push((topics.write(vec![to("t", Some(2), "x")]).await.unwrap_err(), "t[2]"));
    faults.push((topics.bounds(&at("missing", 0)).await.unwrap_err(), "missing"));
    faults.push((topics.bounds(&at("t", 2)).await.unwrap_err(), "t[2]"));
    faults.push((topics.reader(&[(at("missing", 0), 0)]).await.err().unwrap(), "missing"));
    faults.push((topics.create(&[TopicSpec { name: name("none"), partitions: 0 }]).await.unwrap_err(), "none"));
    for (fault, named) in faults {
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains(named), "{fault}");
    }
    let counts = topics.partitions(&[name("t"), name("missing"), name("none")]).await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(name("t"), 2)]);
}

pub(crate) async fn a_refused_write_leaves_nothing(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    topics.write(vec![record("x"), to("missing", None, "x")]).await.unwrap_err();
    // Together with writes that are accepted, which may share a transaction with it.
    let writes: Vec<_> = (0..40_u64)
        .map(|number| {
            let topics = Arc::clone(&topics);
            let records = match number % 2 {
                0 => numbered(number..number + 2),
                _ => vec![record("never"), to("t", Some(9), "never")],
            };
            tokio::spawn(async move { (number, topics.write(records).await.is_ok()) })
        })
        .collect();
    for write in writes {
        let (number, accepted) = write.await.unwrap();
        assert_eq!(accepted, number % 2 == 0);
    }
    let read = read_all(&*topics, "t", 1).await;
    assert_dense(&read, 1);
    assert_eq!(read.len(), 40);
    assert!(read.iter().all(|raw| raw.value != b"never" && raw.value != b"x"));
}

pub(crate) async fn creating_again_changes_nothing(subject: &dyn Subject) {
    let topics = with_topic(subject, 3).await;
    topics.write(numbered(0..3)).await.unwrap();
    create(&*topics, "t", 7).await;
    let other = subject.open().await;
    create(&*other, "t", 1).await;
    let counts = other.partitions(&[name("t")]).await.unwrap();
    assert_eq!(counts[&name("t")], 3);
    assert_eq!(values(&read_all(&*other, "t", 3).await), ["0", "1", "2"]);
}

pub(crate) async fn many_topics_with_every_name_that_it_takes(subject: &dyn Subject) {
    let topics = subject.open().await;
    let mut names: Vec<String> = (0..60).map(|number| format!("topic.{number}")).collect();
    names.extend(subject.names().iter().map(|name| (*name).to_owned()));
    names.push("x".repeat(subject.longest_name()));
    for topic in &names {
        subject.create(&*topics, topic, 2).await;
    }
    topics.write(names.iter().map(|topic| to(topic, Some(1), topic.clone())).collect()).await.unwrap();
    for topic in &names {
        let read = read_all(&*topics, topic, 2).await;
        assert_eq!(values(&read), std::slice::from_ref(topic));
        assert_eq!(read[0].origin.topic.as_str(), topic);
    }
    let from: Vec<_> = names.iter().flat_map(|topic| [(at(topic, 0), 0), (at(topic, 1), 0)]).collect();
    let mut all = topics.reader(&from).await.unwrap();
    let read: BTreeSet<_> = values(&drain(&mut *all, names.len(), 10).await).into_iter().collect();
    assert_eq!(read, names.into_iter().collect());
}

pub(crate) async fn a_read_without_records_waits_and_returns(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    let mut reader = reader(&*topics, "t", 1).await;
    let begun = Instant::now();
    let read = reader.read(&ReadLimits { wait: Duration::from_millis(60), ..now(10) }).await.unwrap();
    assert!(read.is_empty());
    assert!(begun.elapsed() >= Duration::from_millis(60), "it waited {:?}", begun.elapsed());
}

pub(crate) async fn a_waiting_reader_gets_the_record_of_another_handle_at_once(subject: &dyn Subject) {
    let here = with_topic(subject, 1).await;
    for there in [Arc::clone(&here), subject.open().await] {
        let end = here.bounds(&at("t", 0)).await.unwrap().end;
        let mut reader = here.reader(&[(at("t", 0), end)]).await.unwrap();
        let mut latencies = Vec::new();
        for number in 0..9 {
            let reading = tokio::spawn(async move {
                let read = reader.read(&patient()).await;
                (reader, read, Instant::now())
            });
            tokio::time::sleep(Duration::from_millis(15)).await;
            there.write(numbered(number..number + 1)).await.unwrap();
            let written = Instant::now();
            let (back, read, received) = reading.await.unwrap();
            reader = back;
            assert_eq!(values(&read.unwrap()), [number.to_string()]);
            latencies.push(received.saturating_duration_since(written));
        }
        latencies.sort();
        assert!(latencies[4] < Duration::from_millis(50), "the median of {latencies:?}");
    }
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

pub(crate) async fn writers_of_several_handles_lose_and_double_nothing(subject: &dyn Subject) {
    let first = with_topic(subject, 3).await;
    let handles = [Arc::clone(&first), subject.open().await, subject.open().await];
    let writers: Vec<_> = (0..6_u64)
        .map(|writer| {
            let topics = Arc::clone(&handles[writer as usize % 3]);
            tokio::spawn(async move {
                for batch in 0..20_u64 {
                    let keyed = |number: u64| Outgoing {
                        key: Some(format!("k{writer}").into_bytes()),
                        ..to("t", None, format!("{writer}:{:04}", batch * 10 + number))
                    };
                    topics.write((0..10).map(keyed).collect()).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let read = read_all(&*first, "t", 3).await;
    assert_eq!(read.len(), 6 * 200);
    assert_dense(&read, 3);
    for writer in 0..6 {
        let own: Vec<_> = values(&read).into_iter().filter(|value| value.starts_with(&format!("{writer}:"))).collect();
        assert_eq!(own, (0..200).map(|number| format!("{writer}:{number:04}")).collect::<Vec<_>>());
    }
    let mut held = 0;
    for partition in 0..3 {
        held += first.bounds(&at("t", partition)).await.unwrap().end;
    }
    assert_eq!(held, 1200);
}

pub(crate) async fn one_writes_while_another_reads(subject: &dyn Subject) {
    let reading = with_topic(subject, 2).await;
    let writing = subject.open().await;
    let writer = tokio::spawn(async move {
        for start in (0..5000).step_by(100) {
            writing.write((start..start + 100).map(|number| to("t", Some(number % 2), vec![b'x'; 300])).collect()).await.unwrap();
        }
    });
    let mut reader = reader(&*reading, "t", 2).await;
    let mut read = Vec::new();
    while read.len() < 5000 {
        read.extend(reader.read(&ReadLimits { records: 170, ..patient() }).await.unwrap());
    }
    writer.await.unwrap();
    assert_eq!(read.len(), 5000);
    assert_dense(&read, 2);
    assert!(drain(&mut *reader, 0, 10).await.is_empty());
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

pub(crate) async fn it_answers(subject: &dyn Subject) {
    subject.open().await.ping().await.unwrap();
}
