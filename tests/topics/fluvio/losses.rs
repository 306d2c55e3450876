//! What was there and is not: a topic, or an SPU for a while.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};
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

/// Writes and reads, while the command `FLUVIO_RESTART` kills an SPU and starts it again, until it was the one that is read from. What was
/// acknowledged is there, in order; what was sent again may be there twice.
pub(super) async fn nothing_is_lost_when_an_spu_is_killed(cluster: &FluvioCluster) {
    const RECORDS: u64 = 100_000;
    /// Of several SPUs the right one is met by then.
    const RESTARTS: u32 = 30;
    let Ok(restart) = std::env::var("FLUVIO_RESTART") else {
        Needed::Fluvio.is_missing("no SPU is killed: FLUVIO_RESTART is not set");
        return;
    };
    let writing = with_topic(cluster, 1).await;
    let reading = cluster.open().await;
    let lost = Arc::new(AtomicU32::new(0));
    // How many records there are in the end; 0 before that is known.
    let total = Arc::new(AtomicU64::new(0));
    let writer = tokio::spawn({
        let (lost, total) = (Arc::clone(&lost), Arc::clone(&total));
        async move {
            for start in (0..).step_by(50) {
                while let Err(fault) = writing.write(numbered(start..start + 50)).await {
                    assert_eq!(fault.reaction(), Reaction::Retry, "{fault}");
                }
                if start + 50 >= RECORDS && lost.load(SeqCst) > 0 {
                    total.store(start + 50, SeqCst);
                    return;
                }
            }
        }
    });
    let (some_are_read, when) = std::sync::mpsc::channel();
    let restarting = tokio::task::spawn_blocking({
        let lost = Arc::clone(&lost);
        move || {
            when.recv().unwrap();
            for _ in 0..RESTARTS {
                assert!(Command::new("sh").args(["-c", &restart]).status().unwrap().success(), "{restart}");
                std::thread::sleep(Duration::from_secs(2));
                if lost.load(SeqCst) > 0 {
                    return;
                }
            }
            panic!("the SPU was not killed while it was read from");
        }
    });
    let mut read: Vec<Raw> = Vec::new();
    'anew: loop {
        let opened = reading.reader(&[(at("t", 0), read.len() as u64)]).await;
        let Ok(mut reader) = opened else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        loop {
            assert!(!restarting.is_finished() || lost.load(SeqCst) > 0, "no SPU that was killed is the one that is read from");
            match reader.read(&patient()).await {
                Ok(records) => read.extend(records),
                Err(fault) => {
                    println!("{fault}");
                    assert_eq!(fault.reaction(), Reaction::Retry, "{fault}");
                    lost.fetch_add(1, SeqCst);
                    continue 'anew;
                }
            }
            if read.len() as u64 > RECORDS / 5 {
                // Once; nobody waits for the rest.
                some_are_read.send(()).ok();
            }
            let last = total.load(SeqCst).checked_sub(1);
            if last.is_some_and(|last| read.last().is_some_and(|raw| raw.value == last.to_string().as_bytes())) {
                break 'anew;
            }
        }
    }
    writer.await.unwrap();
    restarting.await.unwrap();
    let (lost, total) = (lost.load(SeqCst), total.load(SeqCst));
    assert_dense(&read, 1);
    let mut numbers: Vec<u64> = values(&read).iter().map(|value| value.parse().unwrap()).collect();
    println!("{} records read, {total} written, the connection lost {lost} time(s)", numbers.len());
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.into_iter().eq(0..total), "records are missing");
    assert_eq!(reading.reader(&[(at("t", 0), read.len() as u64)]).await.unwrap().read(&now(1)).await.unwrap().len(), 0);
}
