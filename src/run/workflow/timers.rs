//! Timers: syncs that are to start, and deadlines that have come.

use std::time::Duration;

use chrono::TimeDelta;
use schemas::Fault;
use tokio::sync::watch;

use super::Desk;
use super::desk::apart;
use crate::run::health::Part;
use crate::run::keyed::Wake;
use crate::run::segment::{Segment, Until};

/// How often it is looked whether a timer is due.
const LOOK: Duration = Duration::from_millis(500);
/// How many customers are looked at in one transaction.
const AT_ONCE: u32 = 500;
/// How long customers are left to the worker that took them.
const TAKEN: TimeDelta = TimeDelta::seconds(30);

/// What moves the syncs of a pipeline on by itself.
pub(crate) struct Timers {
    desk: Desk,
    segment: Segment,
    part: Part,
}

impl Timers {
    /// The timers of a segment; `None` where it has no workflow.
    pub(crate) fn of(segment: &Segment) -> Option<Self> {
        let desk = Desk::of(&segment.plan, &segment.sink, &segment.clock).filter(|desk| desk.segment() == segment.at)?;
        let part = Part::new(&segment.health, format!("timers of {}", segment.segment().name));
        Some(Self { desk, segment: segment.clone(), part })
    }

    /// Does what is due, whenever it is, until the segment has ended; then, where that has caught up, what is due at its end.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    pub(crate) async fn run(&self, mut ended: watch::Receiver<bool>, until: Until) -> Result<(), Fault> {
        while !*ended.borrow() && !self.segment.stop.is_told() {
            self.turn().await?;
            tokio::select! {
                () = self.segment.stop.told() => {}
                _ = ended.wait_for(|ended| *ended) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        match until {
            Until::CaughtUp => self.turn().await,
            Until::Stopped => Ok(()),
        }
    }

    /// Does all that is due now.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend.
    async fn turn(&self) -> Result<(), Fault> {
        while !self.segment.stop.is_told() {
            let now = self.desk.clock().now();
            let due = || self.desk.sink().due(now, AT_ONCE, now + TAKEN);
            let customers = match self.segment.retries(self.part.name()).until_it_works(due).await {
                Err(fault) if self.segment.gave_up(&fault) => return Ok(()),
                customers => customers?,
            };
            if customers.is_empty() {
                return Ok(());
            }
            let wakes = customers.into_iter().map(Wake::due).collect();
            match self.look(wakes).await {
                Err(fault) if self.segment.gave_up(&fault) => return Ok(()),
                looked => looked?,
            }
        }
        Ok(())
    }

    /// Looks at these. Of one that the database refuses the timer is due again when it is given back.
    async fn look(&self, wakes: Vec<Wake>) -> Result<(), Fault> {
        let look = |group: Vec<Wake>| async move {
            let retries = self.segment.retries(self.part.name());
            let looked = retries.until_it_works(|| self.desk.look(&group)).await;
            if let Ok(batch) = &looked {
                self.segment.committed(batch);
            }
            (group, looked)
        };
        apart(wakes, look).await.map(|_| ())
    }
}
