//! Records of every size and compression, whoever wrote them.

use std::time::Duration;

use fluvio::{RecordKey, TopicProducerConfigBuilder};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use schemas::FaultKind;
use syncline::topics::TopicSpec;
use syncline::topics::fluvio::{Compression, Options};

use crate::fluvio_cluster::FluvioCluster;
use crate::subject::{Subject, assert_dense, drain, name, numbered, patient, read_all, reader, record, to, values, with_topic};

pub(super) async fn many_topics_are_created_at_once(cluster: &FluvioCluster) {
    let topics = cluster.open().await;
    let specs: Vec<_> =
        (0..30).map(|number| TopicSpec { name: name(&format!("many.{number}")), partitions: 1 + number % 3 }).collect();
    let (here, there) = tokio::join!(topics.create(&specs), topics.create(&specs));
    here.unwrap();
    there.unwrap();
    let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
    let counts = topics.partitions(&names).await.unwrap();
    assert!(specs.iter().all(|spec| counts[&spec.name] == spec.partitions), "{counts:?}");
}

pub(super) async fn every_compression_is_read(cluster: &FluvioCluster) {
    let reading = with_topic(cluster, 1).await;
    for name in Compression::NAMES {
        let compression = Compression::named(name).unwrap();
        let writing = cluster.open_with(Options { compression, ..cluster.options() }).await;
        writing.write((0..100).map(|_| record(name.repeat(100))).collect()).await.unwrap();
    }
    let read = values(&read_all(&*reading, "t", 1).await);
    let expected: Vec<_> = Compression::NAMES.iter().flat_map(|name| vec![name.repeat(100); 100]).collect();
    assert_eq!(read, expected);
}

/// Random bytes, which no compression makes smaller.
fn noise(random: &mut StdRng, bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    random.fill(&mut noise[..]);
    noise
}

pub(super) async fn batches_that_a_fetch_cuts_arrive_whole(cluster: &FluvioCluster) {
    let topics = with_topic(cluster, 4).await;
    let mut random = StdRng::seed_from_u64(7);
    let mut written: Vec<Vec<Vec<u8>>> = vec![Vec::new(); 4];
    for _ in 0..20 {
        let mut records = Vec::new();
        for _ in 0..100 {
            let (partition, bytes) = (random.random_range(0..4_u32), random.random_range(1..20_000));
            let value = noise(&mut random, bytes);
            written[partition as usize].push(value.clone());
            records.push(to("t", Some(partition), value));
        }
        topics.write(records).await.unwrap();
    }
    // The least that a fetch can be: every batch is larger, or cut.
    let small = cluster.open_with(Options { read_ahead_bytes: 1 << 20, ..cluster.options() }).await;
    for topics in [topics, small] {
        let read = read_all(&*topics, "t", 4).await;
        assert_dense(&read, 4);
        for (partition, written) in (0..).zip(&written) {
            let read: Vec<_> = read.iter().filter(|raw| raw.origin.partition == partition).map(|raw| &raw.value).collect();
            assert!(read.iter().copied().eq(written), "partition {partition} has other records");
        }
    }
}

/// Offsets are dense and every value is the one that was written: as many as showed the losses of the crate's own consumer.
pub(super) async fn many_records_of_all_sizes_arrive_whole(cluster: &FluvioCluster) {
    let topics = with_topic(cluster, 3).await;
    let small = |number: u64| format!("{number}:{}", "x".repeat(1_000)).into_bytes();
    for start in (0..200_000).step_by(2_000) {
        let records = (start..start + 2_000).map(|number| to("t", Some((number % 2) as u32), small(number)));
        topics.write(records.collect()).await.unwrap();
    }
    let mixed = |number: usize| noise(&mut StdRng::seed_from_u64(number as u64), 1 + number * 7_919 % 100_000);
    for start in (0..2_000).step_by(100) {
        topics.write((start..start + 100).map(|number| to("t", Some(2), mixed(number))).collect()).await.unwrap();
    }
    let mut reader = reader(&*topics, "t", 3).await;
    let mut next = [0, 0, 0];
    while next != [100_000, 100_000, 2_000] {
        let read = reader.read(&patient()).await.unwrap();
        assert!(!read.is_empty(), "nothing came after {next:?}");
        for raw in read {
            let partition = raw.origin.partition as usize;
            assert_eq!(raw.origin.offset, next[partition], "partition {partition} has a hole");
            let expected = match partition {
                2 => mixed(next[2] as usize),
                _ => small(2 * next[partition] + partition as u64),
            };
            assert!(raw.value == expected, "partition {partition}: the record at {} is another", raw.origin.offset);
            next[partition] += 1;
        }
    }
    assert!(drain(&mut *reader, 0, 1).await.is_empty());
}

pub(super) async fn what_the_crates_own_producer_writes_is_read(cluster: &FluvioCluster) {
    let topics = with_topic(cluster, 1).await;
    let client = fluvio::Fluvio::connect_with_config(&cluster.config()).await.unwrap();
    let settings = TopicProducerConfigBuilder::default().batch_size(10_000).linger(Duration::from_millis(5)).build().unwrap();
    let producer = client.topic_producer_with_config("t", settings).await.unwrap();
    for number in 0..5_000 {
        let key = if number % 2 == 0 { RecordKey::NULL } else { RecordKey::from(b"k".to_vec()) };
        producer.send(key, format!("{number}:{}", "x".repeat(number % 500))).await.unwrap();
    }
    producer.flush().await.unwrap();
    let read = read_all(&*topics, "t", 1).await;
    assert_eq!(read.len(), 5_000);
    for (number, raw) in read.iter().enumerate() {
        assert_eq!(String::from_utf8_lossy(&raw.value), format!("{number}:{}", "x".repeat(number % 500)));
        assert_eq!(raw.key.as_deref(), (number % 2 == 1).then_some(&b"k"[..]));
        assert!((raw.timestamp - chrono::Utc::now()).num_seconds().abs() < 60, "{}", raw.timestamp);
    }
}

pub(super) async fn what_is_too_large_is_refused_and_nothing_after_it_suffers(cluster: &FluvioCluster) {
    let topics = with_topic(cluster, 1).await;
    let fault = topics.write(vec![record("x"), record(vec![b'x'; 2 << 20])]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Oversized, "{fault}");
    assert!(fault.to_string().contains("2097"), "{fault}");
    topics.write(numbered(0..10)).await.unwrap();
    // What is told to take more, does: in one batch, which no fetch holds at first.
    let bold = cluster.open_with(Options { max_record_bytes: 9 << 20, ..cluster.options() }).await;
    let large = noise(&mut StdRng::seed_from_u64(1), 3 << 20);
    bold.write(vec![record(large.clone())]).await.unwrap();
    let read = read_all(&*topics, "t", 1).await;
    assert_eq!(read.len(), 11);
    assert!(read[10].value == large);
}
