//! Several at once: readers and writers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use schemas::Outgoing;
use syncline::topics::ReadLimits;

use crate::subject::{Subject, assert_dense, at, drain, numbered, patient, read_all, reader, to, values, with_topic};

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
