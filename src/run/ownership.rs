//! Whose the partitions are: the leases of a segment, claimed before it reads and kept while it works (`architecture.md`, rule 6).

use std::time::Duration;

use schemas::store::{Assigned, Claim, Lease};
use schemas::{Fault, FaultKind, Reaction};
use tokio::time::Instant;

use super::segment::Segment;

const HEARTBEAT: Duration = Duration::from_millis(500);
/// How often a waiting claim is tried again.
const CLAIM_AGAIN: Duration = Duration::from_millis(250);

impl Segment {
    /// Claims the partitions; waits while somebody else holds one. `None`: told to stop while waiting.
    pub(super) async fn claim(&self, assigned: &[Assigned]) -> Result<Option<Vec<Lease>>, Fault> {
        let since = Instant::now();
        let mut said = false;
        loop {
            match self.patiently(|| self.sink.claim(assigned, &self.owner)).await? {
                Claim::Granted(leases) => {
                    self.health.good(&self.lease_part());
                    return Ok(Some(leases));
                }
                Claim::Held { of, owner, .. } => {
                    let why = format!("{}[{}] is owned by {owner}", of.topic, of.partition);
                    if self.patience.is_some_and(|patience| since.elapsed() >= patience) {
                        return Err(Fault::new(FaultKind::Fenced, why));
                    }
                    if !said {
                        tracing::info!(segment = self.segment().name, why, "waiting for the lease");
                        said = true;
                    }
                    self.health.bad(&self.lease_part(), why);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(CLAIM_AGAIN) => {}
                () = self.stop.told() => {
                    self.health.good(&self.lease_part());
                    return Ok(None);
                }
            }
        }
    }

    fn lease_part(&self) -> String {
        format!("lease of {}", self.segment().name)
    }

    /// Keeps the leases alive; returns the fault that ends that.
    pub(super) async fn keep(&self, leases: &[Lease]) -> Fault {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match self.sink.renew(leases).await {
                Ok(()) => {}
                // While the database is away nobody else can claim either; every commit checks the epoch.
                Err(fault) if fault.reaction() == Reaction::Retry => tracing::debug!(%fault, "lease not renewed"),
                Err(fault) => return fault,
            }
        }
    }
}
