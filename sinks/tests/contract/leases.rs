//! Who works on a partition.

use std::sync::Arc;
use std::time::Duration;

use schemas::FaultKind;
use schemas::store::{Assigned, Batch, Claim, DeadLetter, Lease, Position};
use sinks::{Settings, Sink};

use super::dead_letters::letter;
use super::{Place, batch, opened, partition, profile, read, row, settings, store, topic};

async fn granted(sink: &Arc<dyn Sink>, partitions: &[Assigned], owner: &str) -> Vec<Lease> {
    match sink.claim(partitions, owner).await.unwrap() {
        Claim::Granted(leases) => leases,
        held @ Claim::Held { .. } => panic!("{held:?}, and should be free"),
    }
}

/// A lease of no length has expired when it is taken: nobody need wait for that.
fn expiring() -> Settings {
    Settings { lease: Duration::ZERO, ..settings() }
}

pub async fn a_claim_is_granted_and_renewed(place: &impl Place) {
    let sink = store(place).await;
    let leases = granted(&sink, &[partition(0), partition(1)], "worker-1").await;
    assert_eq!(leases.iter().map(|lease| &lease.of).collect::<Vec<_>>(), [&partition(0), &partition(1)]);
    sink.renew(&leases).await.unwrap();
    let under = Batch { leases: leases.clone(), ..batch(vec![row(profile("c-1"))]) };
    sink.write(&under).await.unwrap();
    let again = granted(&sink, &[partition(0)], "worker-1").await;
    assert!(again[0].epoch > leases[0].epoch, "every claim raises the epoch, its owner's too");
    assert_eq!(sink.renew(&leases).await.unwrap_err().kind(), FaultKind::Fenced);
}

pub async fn a_partition_that_somebody_holds_is_not_granted(place: &impl Place) {
    let sink = opened(place, &Settings { lease: Duration::from_secs(3600), ..settings() }).await;
    let held = granted(&sink, &[partition(1)], "worker-1").await;
    let claim = sink.claim(&[partition(0), partition(1)], "worker-2").await.unwrap();
    let Claim::Held { of, owner, .. } = claim else { panic!("{claim:?}, and worker-1 holds it") };
    assert_eq!((of, owner.as_str()), (partition(1), "worker-1"));
    let free = granted(&sink, &[partition(0)], "worker-3").await;
    assert_eq!(free.len(), 1, "worker-2 took none of them");
    sink.renew(&held).await.unwrap();
    // Another pipeline's partition of the same name is another partition.
    granted(&opened(place, &Settings::new("another")).await, &[partition(1)], "worker-2").await;
}

pub async fn an_expired_lease_is_taken_over_and_fences_its_old_owner(place: &impl Place) {
    let sink = opened(place, &expiring()).await;
    let old = granted(&sink, &[partition(0)], "worker-1").await;
    let new = granted(&sink, &[partition(0)], "worker-2").await;
    assert!(new[0].epoch > old[0].epoch);
    assert_eq!(sink.renew(&old).await.unwrap_err().kind(), FaultKind::Fenced);
    sink.release(&old).await.unwrap();
    sink.renew(&new).await.unwrap();
}

pub async fn a_lease_that_was_given_back_is_free(place: &impl Place) {
    let sink = opened(place, &Settings { lease: Duration::from_secs(3600), ..settings() }).await;
    let old = granted(&sink, &[partition(0), partition(1)], "worker-1").await;
    sink.release(&old).await.unwrap();
    assert_eq!(sink.renew(&old).await.unwrap_err().kind(), FaultKind::Fenced);
    let new = granted(&sink, &[partition(0), partition(1)], "worker-2").await;
    assert!(new[0].epoch > old[0].epoch, "an epoch is never given twice");
}

pub async fn a_write_under_an_old_epoch_writes_nothing(place: &impl Place) {
    let sink = opened(place, &expiring()).await;
    let other = granted(&sink, &[partition(1)], "worker-1").await;
    let old = granted(&sink, &[partition(0)], "worker-1").await;
    // Past its expiry, but not taken over: nobody else can have written, so the write may go on.
    let position = Position { of: partition(0), offset: 1, incarnation: None };
    let under = |leases, name| Batch { leases, positions: vec![position.clone()], ..batch(vec![row(profile(name))]) };
    sink.write(&under(old.clone(), "c-1")).await.unwrap();
    granted(&sink, &[partition(0)], "worker-2").await;
    let fenced = under([other, old].concat(), "c-2");
    assert_eq!(sink.write(&fenced).await.unwrap_err().kind(), FaultKind::Fenced);
    assert!(read(&sink, "c-2").await.is_none());
    let unclaimed = vec![Lease { of: partition(9), epoch: 1 }];
    assert_eq!(sink.write(&under(unclaimed, "c-2")).await.unwrap_err().kind(), FaultKind::Fenced);
}

pub async fn what_was_sent_under_an_old_epoch_stays_in_the_outbox(place: &impl Place) {
    let sink = opened(place, &expiring()).await;
    let old = granted(&sink, &[partition(0)], "worker-1").await;
    let published = Some(topic("dlq.failed.messages"));
    let letters = [1, 2].map(|offset| DeadLetter { publish_to: published.clone(), ..letter(offset) });
    sink.write(&Batch { dead_letters: letters.to_vec(), ..batch(vec![]) }).await.unwrap();
    let waiting = sink.outbox(10, None).await.unwrap();
    sink.published(&waiting[..1], &old).await.unwrap();
    assert_eq!(sink.outbox(10, None).await.unwrap(), waiting[1..]);
    granted(&sink, &[partition(0)], "worker-2").await;
    assert_eq!(sink.published(&waiting[1..], &old).await.unwrap_err().kind(), FaultKind::Fenced);
    assert_eq!(sink.outbox(10, None).await.unwrap(), waiting[1..], "its new owner sends it");
}
