//! Whose the partitions are: leases, claimed before anything is read and kept while work lasts (`architecture.md`, rule 6).

use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease};
use schemas::{Fault, FaultKind, Reaction};
use sinks::Sink;
use tokio::time::Instant;

use super::health::Health;
use super::retries::Retries;
use super::stop::Stop;

const HEARTBEAT: Duration = Duration::from_millis(500);
/// How often a waiting claim is tried again.
const CLAIM_AGAIN: Duration = Duration::from_millis(250);

/// Who claims partitions, and how long it waits for them.
pub(super) struct Claimant<'c> {
    pub(super) sink: &'c dyn Sink,
    /// What they are claimed for: a segment, a mirror.
    pub(super) work: &'c str,
    /// Unique for each process.
    pub(super) owner: &'c str,
    /// How long to wait for what somebody else owns; `None`: as long as it takes.
    pub(super) patience: Option<Duration>,
    pub(super) health: &'c Health,
    pub(super) retries: Retries<'c>,
    /// Ends the waiting.
    pub(super) stop: &'c Stop,
}

impl Claimant<'_> {
    /// Claims the partitions; waits while somebody else holds one. `None`: told to stop while waiting.
    pub(super) async fn claim(&self, assigned: &[Assigned]) -> Result<Option<Vec<Lease>>, Fault> {
        let since = Instant::now();
        let part = format!("lease of {}", self.work);
        let mut said = false;
        loop {
            match self.retries.until_it_works(|| self.sink.claim(assigned, self.owner)).await? {
                Claim::Granted(leases) => {
                    self.health.good(&part);
                    return Ok(Some(leases));
                }
                Claim::Held { of, owner, .. } => {
                    let why = format!("{}[{}] is owned by {owner}", of.topic, of.partition);
                    if self.patience.is_some_and(|patience| since.elapsed() >= patience) {
                        return Err(Fault::new(FaultKind::Fenced, why));
                    }
                    if !said {
                        tracing::info!(segment = self.work, why, "waiting for the lease");
                        said = true;
                    }
                    self.health.bad(&part, why);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(CLAIM_AGAIN) => {}
                () = self.stop.told() => {
                    self.health.good(&part);
                    return Ok(None);
                }
            }
        }
    }
}

/// Keeps leases alive; returns the fault that ends that.
pub(super) async fn keep(sink: &dyn Sink, leases: &[Lease]) -> Fault {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match sink.renew(leases).await {
            Ok(()) => {}
            // While the database is away nobody else can claim either; every commit checks the epoch.
            Err(fault) if fault.reaction() == Reaction::Retry => tracing::debug!(%fault, "lease not renewed"),
            Err(fault) => return fault,
        }
    }
}
