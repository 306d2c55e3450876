//! Writers that do not know of each other.

use std::sync::Arc;

use schemas::profile::{Overlay, Path, Profile, SectionName};
use schemas::store::{Claim, Written};
use sinks::Sink;

use super::{Place, batch, json, opened, partition, profile, read, row, settings, stamp, store};

const CHANGES_EACH: i64 = 20;

/// Writes changes until each one is durable: read, merge, write, and again when somebody else was faster.
async fn writer(sink: Arc<dyn Sink>, name: &'static str) {
    for number in 0..CHANGES_EACH {
        loop {
            let mut own = read(&sink, "c-1").await.unwrap_or_else(|| profile("c-1"));
            let path = Path { section: SectionName::Basic, below: vec![format!("{name}-{number}")] };
            own.overlays.insert(path, Overlay { stamp: stamp(number), value: json("1") });
            match sink.write(&batch(vec![row(own)])).await.unwrap() {
                Written::Durable => break,
                Written::Stale(customers) => assert_eq!(customers, ["c-1"]),
            }
        }
    }
}

pub async fn writers_of_one_customer_lose_nothing(place: &impl Place) {
    let one = store(place).await;
    // Another process would open the database for itself.
    let other = opened(place, &settings()).await;
    tokio::join!(writer(Arc::clone(&one), "one"), writer(other, "other"), writer(Arc::clone(&one), "third"));
    let Profile { version, overlays, .. } = read(&one, "c-1").await.unwrap();
    assert_eq!(version, 3 * CHANGES_EACH, "one version for each durable write");
    assert_eq!(i64::try_from(overlays.len()).unwrap(), 3 * CHANGES_EACH);
}

pub async fn two_claims_of_one_partition_grant_one(place: &impl Place) {
    let one = store(place).await;
    let other = opened(place, &settings()).await;
    let partitions = [partition(0)];
    let (first, second) = tokio::join!(one.claim(&partitions, "worker-1"), other.claim(&partitions, "worker-2"));
    let granted = [first.unwrap(), second.unwrap()].iter().filter(|claim| matches!(claim, Claim::Granted(_))).count();
    assert_eq!(granted, 1);
}
