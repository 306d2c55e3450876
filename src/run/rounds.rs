//! A segment runs in rounds: in each its partitions stay the same. A round ends when they change, or when the run is told to stop.
//!
//! ```text
//! partitions -> round: claim, read, work -> change: finish what is in hand, write positions, give leases back -> partitions ...
//! ```
//!
//! They change where a topic is given more of them; those of a member of a group also when workers come and go (`group.rs`).

use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, Reaction};

use super::segment::{Segment, Until};
use super::stop::Stop;
use crate::topics::TopicPartition;

/// How often it is looked whether a topic was given more partitions.
const LOOK: Duration = Duration::from_secs(5);

impl Segment {
    /// Runs until stopped or caught up. A worker that finds its lease taken over drops everything and joins again.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub(super) async fn run(self: &Arc<Self>, until: Until) -> Result<(), Fault> {
        // What is to be read to its end is known beforehand: a group could change it.
        if self.share.is_none() && until == Until::Stopped {
            match self.join().await {
                Ok(Some(member)) => return self.run_as_member(member).await,
                Ok(None) => {}
                Err(fault) if self.gave_up(&fault) => return Ok(()),
                Err(fault) => return Err(fault),
            }
        }
        loop {
            match self.run_alone(until).await {
                Ok(()) if until == Until::Stopped && !self.stop.is_told() => {}
                Err(fault) if self.gave_up(&fault) => {
                    tracing::warn!(segment = self.segment().name, %fault, "ends; the next run reads again what is not committed");
                    return Ok(());
                }
                Err(fault) if fault.reaction() == Reaction::Rejoin && self.patience.is_none() => {
                    tracing::warn!(segment = self.segment().name, %fault, "lost its partitions; joining again");
                }
                other => return other,
            }
        }
    }

    async fn run_alone(self: &Arc<Self>, until: Until) -> Result<(), Fault> {
        let inputs = self.inputs().await?;
        match until {
            Until::CaughtUp => self.run_on(&inputs, until).await,
            Until::Stopped => match self.round(&inputs, self.changed(&inputs)).await {
                // What was in hand is read again.
                Err(fault) if fault.reaction() == Reaction::Retry && !self.stop.is_told() => {
                    tracing::warn!(segment = self.segment().name, %fault, "a round ends early; the next one reads again what is not committed");
                    Ok(())
                }
                worked => worked,
            },
        }
    }

    /// Completes when the partitions are no longer these.
    async fn changed(&self, inputs: &[TopicPartition]) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.present().await {
                Ok(present) if present == inputs => {}
                Ok(present) => {
                    let (before, now) = (inputs.len(), present.len());
                    tracing::info!(segment = self.segment().name, before, now, "the partitions of its topics have changed");
                    return;
                }
                // Whoever reads says so.
                Err(fault) => tracing::debug!(%fault, "the partitions are not known"),
            }
        }
    }

    /// Works on these partitions until they change, or the run is told to stop.
    pub(super) async fn round(
        self: &Arc<Self>,
        inputs: &[TopicPartition],
        changed: impl Future<Output = ()>,
    ) -> Result<(), Fault> {
        let round = Arc::new(Self { stop: Stop::new(), ..Self::clone(self) });
        let ending = async {
            tokio::select! {
                () = changed => {}
                () = self.stop.told() => {}
            }
            round.stop.tell();
            round.stop.overdue().await;
        };
        tokio::select! {
            worked = round.run_on(inputs, Until::Stopped) => worked,
            () = ending => {
                tracing::warn!(segment = self.segment().name, "a round does not end in time and is dropped; its records are read again");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use schemas::Outgoing;
    use schemas::store::Batch;

    use crate::run::faulty::{Rig, stocks};

    const STOCKS: &str = "admin.customer.stocks.data";

    #[tokio::test]
    async fn partitions_that_are_added_are_read() {
        let rig = Rig::new().await;
        let placed = |customer, partition| Outgoing { partition: Some(partition), ..stocks(customer, 30, 5, "Riz") };
        rig.pipeline.produce(vec![placed("c-1", 0), placed("c-2", 3)]).await.unwrap();
        rig.topics.show_all_partitions(false);
        let adding = async {
            rig.sink.until_written(|batches| !batches.is_empty()).await;
            rig.topics.show_all_partitions(true);
            let written = |customer| move |batch: &Batch| batch.rows.iter().any(|row| row.profile.customer_id == customer);
            assert!(!rig.sink.written().iter().any(written("c-2")), "it is not known yet");
            rig.sink.until_written(|batches| batches.iter().any(written("c-2"))).await;
            rig.stop.send_replace(true);
        };
        let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), adding);
        ran.unwrap();
        assert_eq!(rig.resolved(STOCKS).await, 2);
    }
}
