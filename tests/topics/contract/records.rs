//! Records: their order, their parts, their places.

use chrono::{DateTime, Utc};
use schemas::{Header, Outgoing, ValueBytes};

use crate::subject::{Subject, assert_dense, drain, numbered, read_all, reader, record, to, values, with_topic};

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
        Outgoing { value: Vec::new().into(), ..plain.clone() },
        Outgoing { value: (0..=255).collect::<Vec<u8>>().into(), ..plain.clone() },
        Outgoing { timestamp: time(1_700_000_000_123_000), ..plain.clone() },
        Outgoing { timestamp: time(1_600_000_000_000_000), ..plain.clone() },
    ];
    if subject.keeps_tombstones() {
        records.push(Outgoing { key: Some(b"k".to_vec()), value: ValueBytes::TOMBSTONE, ..plain.clone() });
    }
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
