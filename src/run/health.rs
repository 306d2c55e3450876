//! Whether the process is fit to work: what `/health/ready` answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The part that is in trouble until a pipeline has begun to run.
const PIPELINE: &str = "pipeline";

/// The troubles at this moment, by the part that has them. No part in trouble: ready.
#[derive(Debug)]
pub struct Health(Mutex<BTreeMap<String, String>>);

impl Default for Health {
    /// Not ready: a process that has connected to nothing yet is starting.
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::from([(PIPELINE.to_owned(), "starting: connects to its brokers and its store".to_owned())])))
    }
}

impl Health {
    fn troubles(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that brokers and store are connected, and that these segments begin: each is in trouble until [`Health::begun`] names it.
    pub(super) fn connected<'s>(&self, segments: impl Iterator<Item = &'s str>) {
        let mut troubles = self.troubles();
        troubles.extend(
            segments.map(|segment| (start_of(segment), "starting: claims its partitions and finds its positions".to_owned())),
        );
        troubles.remove(PIPELINE);
    }

    /// Says that a segment has its leases and knows where to read.
    pub(super) fn begun(&self, segment: &str) {
        self.good(&start_of(segment));
    }

    /// Says that a part is in trouble, and why. Returns whether that is news.
    pub fn bad(&self, part: &str, why: impl Into<String>) -> bool {
        self.troubles().insert(part.to_owned(), why.into()).is_none()
    }

    /// Says that a part is well. Returns whether that is news.
    pub fn good(&self, part: &str) -> bool {
        self.troubles().remove(part).is_some()
    }

    /// The parts in trouble, with why.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<String, String> {
        self.troubles().clone()
    }
}

fn start_of(segment: &str) -> String {
    format!("start of {segment}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use crate::run::faulty::Rig;

    #[tokio::test]
    async fn a_pipeline_is_ready_once_its_segments_know_where_to_read() {
        let rig = Rig::split().await;
        let health = rig.pipeline.health();
        let parts = || health.reasons().into_keys().collect::<Vec<_>>();
        assert_eq!(parts(), ["pipeline"], "a pipeline that does not run");
        rig.sink.set_away(true);
        let watching = async {
            while !health.reasons().contains_key("profile") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let waiting = parts();
            assert!(
                waiting.contains(&"start of intake".to_owned()) && waiting.contains(&"start of profile".to_owned()),
                "{waiting:?}"
            );
            rig.sink.set_away(false);
            while !health.reasons().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            rig.stop.send_replace(true);
        };
        let (ran, watched) =
            tokio::join!(rig.pipeline.run(rig.stop.subscribe()), tokio::time::timeout(Duration::from_secs(20), watching));
        ran.unwrap();
        watched.unwrap();
    }
}
