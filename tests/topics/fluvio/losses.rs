//! What was there and is not: a topic, or an SPU for a while.

use std::process::Command;
use std::time::Duration;

use schemas::{FaultKind, Raw, Reaction};

use crate::fluvio_cluster::FluvioCluster;
use crate::needed::Needed;
use crate::subject::{Subject, assert_dense, at, drain, name, now, numbered, patient, read_all, reader, to, values, with_topic};

pub(super) async fn a_topic_that_was_deleted_is_refused(cluster: &FluvioCluster) {
    let topics = with_topic(cluster, 1).await;
    topics.write(numbered(0..10)).await.unwrap();
    let mut reader = reader(&*topics, "t", 1).await;
    assert_eq!(drain(&mut *reader, 10, 100).await.len(), 10);
    cluster.clear().await;
    for fault in [topics.write(numbered(0..1)).await.unwrap_err(), topics.bounds(&at("t", 0)).await.unwrap_err()] {
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains("\"t\""), "{fault}");
    }
    let fault = reader.read(&patient()).await.unwrap_err();
    assert!(fault.to_string().contains('t'), "{fault}");
    // And one of the same name begins anew.
    cluster.create(&*topics, "t", 2).await;
    topics.write(vec![to("t", Some(1), "x")]).await.unwrap();
    assert_eq!(topics.partitions(&[name("t")]).await.unwrap()[&name("t")], 2);
    assert_eq!(read_all(&*topics, "t", 2).await.len(), 1);
}

/// Writes and reads, while the command `FLUVIO_RESTART` kills an SPU and starts it again. What was acknowledged is there, in order; what was sent again may be
/// there twice.
pub(super) async fn nothing_is_lost_when_an_spu_is_killed(cluster: &FluvioCluster) {
    const RECORDS: u64 = 100_000;
    let Ok(restart) = std::env::var("FLUVIO_RESTART") else {
        Needed::Fluvio.is_missing("no SPU is killed: FLUVIO_RESTART is not set");
        return;
    };
    let writing = with_topic(cluster, 1).await;
    let reading = cluster.open().await;
    let writer = tokio::spawn(async move {
        for start in (0..RECORDS).step_by(50) {
            while let Err(fault) = writing.write(numbered(start..start + 50)).await {
                assert_eq!(fault.reaction(), Reaction::Retry, "{fault}");
            }
        }
    });
    let (some_are_read, when) = std::sync::mpsc::channel();
    let restarting = tokio::task::spawn_blocking(move || {
        when.recv().unwrap();
        assert!(Command::new("sh").args(["-c", &restart]).status().unwrap().success(), "{restart}");
    });
    let mut read: Vec<Raw> = Vec::new();
    let mut lost = 0;
    'anew: loop {
        let opened = reading.reader(&[(at("t", 0), read.len() as u64)]).await;
        let Ok(mut reader) = opened else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        loop {
            match reader.read(&patient()).await {
                Ok(records) => read.extend(records),
                Err(fault) => {
                    println!("{fault}");
                    assert_eq!(fault.reaction(), Reaction::Retry, "{fault}");
                    lost += 1;
                    continue 'anew;
                }
            }
            if read.len() as u64 > RECORDS / 5 {
                // Once; nobody waits for the rest.
                some_are_read.send(()).ok();
            }
            if read.last().is_some_and(|raw| raw.value == (RECORDS - 1).to_string().as_bytes()) {
                break 'anew;
            }
        }
    }
    writer.await.unwrap();
    restarting.await.unwrap();
    assert_dense(&read, 1);
    let mut numbers: Vec<u64> = values(&read).iter().map(|value| value.parse().unwrap()).collect();
    println!("{} records read, {RECORDS} written, the connection lost {lost} time(s)", numbers.len());
    assert!(lost > 0, "the SPU was not killed while it was read from");
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.into_iter().eq(0..RECORDS), "records are missing");
    assert_eq!(reading.reader(&[(at("t", 0), read.len() as u64)]).await.unwrap().read(&now(1)).await.unwrap().len(), 0);
}
