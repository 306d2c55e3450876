//! Whether the process is fit to work: what `/health/ready` answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

/// The part that is in trouble until a pipeline has begun to run.
const PIPELINE: &str = "pipeline";

/// Why, by part.
type Troubles = BTreeMap<String, String>;

/// The troubles at this moment, by the part that has them: each lane and each reading is one, so that what works does not hide what does
/// not. No part in trouble: ready.
#[derive(Debug)]
pub struct Health(watch::Sender<Troubles>);

impl Default for Health {
    /// Not ready: a process that has connected to nothing yet is starting.
    fn default() -> Self {
        let starting = (PIPELINE.to_owned(), "starting: connects to its brokers and its store".to_owned());
        Self(watch::Sender::new(BTreeMap::from([starting])))
    }
}

impl Health {
    /// Says that brokers and store are connected, and that these segments begin: each is in trouble until [`Health::begun`] names it.
    pub(super) fn connected<'s>(&self, segments: impl Iterator<Item = &'s str>) {
        self.0.send_modify(|troubles| {
            troubles.extend(
                segments.map(|segment| (start_of(segment), "starting: claims its partitions and finds its positions".to_owned())),
            );
            troubles.remove(PIPELINE);
        });
    }

    /// Says that a segment has its leases and knows where to read.
    pub(super) fn begun(&self, segment: &str) {
        self.good(&start_of(segment));
    }

    /// Says that a part is in trouble, and why. Returns whether that is news.
    pub fn bad(&self, part: &str, why: impl Into<String>) -> bool {
        let mut is_news = false;
        self.0.send_modify(|troubles| is_news = troubles.insert(part.to_owned(), why.into()).is_none());
        is_news
    }

    /// Says that a part is well. Returns whether that is news.
    pub fn good(&self, part: &str) -> bool {
        self.0.send_if_modified(|troubles| troubles.remove(part).is_some())
    }

    /// Whether a part is in trouble.
    pub(super) fn is_bad(&self, part: &str) -> bool {
        self.0.borrow().contains_key(part)
    }

    /// The parts in trouble, with why.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<String, String> {
        self.0.borrow().clone()
    }

    /// Waits until the troubles are such.
    #[cfg(test)]
    pub(super) async fn until(&self, such: impl FnMut(&Troubles) -> bool) {
        let waiting = async { drop(self.0.subscribe().wait_for(such).await.expect("the sender is borrowed")) };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
        assert!(waited.is_ok(), "in vain; the troubles are {:?}", self.reasons());
    }
}

/// A part of a pipeline at work. When it ends it waits for nothing any more.
#[derive(Debug)]
pub(super) struct Part {
    health: Arc<Health>,
    name: String,
}

impl Part {
    pub(super) fn new(health: &Arc<Health>, name: String) -> Self {
        Self { health: Arc::clone(health), name }
    }

    /// Its name in [`Health`].
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.health.good(&self.name);
    }
}

fn start_of(segment: &str) -> String {
    format!("start of {segment}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::FaultKind;

    use crate::run::faulty::{OnRead, Rig, stocks};

    #[tokio::test]
    async fn a_pipeline_is_ready_once_its_segments_know_where_to_read() {
        let rig = Rig::split().await;
        let health = rig.pipeline.health();
        let parts = || health.reasons().into_keys().collect::<Vec<_>>();
        assert_eq!(parts(), ["pipeline"], "a pipeline that does not run");
        rig.sink.set_away(true);
        let watching = async {
            health.until(|troubles| troubles.contains_key("profile")).await;
            let waiting = parts();
            assert!(
                waiting.contains(&"start of intake".to_owned()) && waiting.contains(&"start of profile".to_owned()),
                "{waiting:?}"
            );
            rig.sink.set_away(false);
            health.until(|troubles| troubles.is_empty()).await;
            rig.stop.send_replace(true);
        };
        let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), watching);
        ran.unwrap();
    }

    #[tokio::test]
    async fn a_lane_that_works_does_not_hide_one_that_waits() {
        let rig = Rig::with(|plan| plan.segments[0].stages[1].lanes = 2).await;
        let health = rig.pipeline.health();
        rig.sink.fail("stuck", FaultKind::Full);
        let customers = |mark| (0..16).map(|number| stocks(&format!("c-{number}"), 30, 50, mark)).collect();
        let watching = async {
            rig.pipeline.produce(vec![stocks("c-0", 20, 50, "stuck")]).await.unwrap();
            let waits = |part: &String| part.starts_with("lane ") && part.ends_with(" of intake");
            health.until(|troubles| troubles.keys().any(waits)).await;
            let stuck = health.reasons();
            rig.pipeline.produce(customers("Riz")).await.unwrap();
            rig.sink.until_written(|batches| !batches.is_empty()).await;
            rig.pipeline.produce(customers("Mil")).await.unwrap();
            let rows = rig.sink.written()[0].rows.len();
            rig.sink.until_written(|batches| batches.iter().map(|batch| batch.rows.len()).sum::<usize>() >= 2 * rows).await;
            assert_eq!(health.reasons().into_keys().collect::<Vec<_>>(), stuck.into_keys().collect::<Vec<_>>());
            rig.sink.fail("nothing", FaultKind::Full);
            health.until(|troubles| troubles.is_empty()).await;
            rig.stop.send_replace(true);
        };
        let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), watching);
        ran.unwrap();
    }

    #[tokio::test]
    async fn a_reading_waits_until_it_has_read_not_until_it_is_opened() {
        let rig = Rig::new().await;
        let health = rig.pipeline.health();
        // Opened again, it never answers.
        rig.topics.script_reads([OnRead::LostAfter(0), OnRead::Silent]);
        let watching = async {
            health.until(|troubles| troubles.contains_key("reading of memory for intake")).await;
            rig.topics.until_asked(2).await;
            // What follows runs after everybody who could go on has gone on.
            tokio::task::yield_now().await;
            assert!(health.reasons().contains_key("reading of memory for intake"));
            rig.stop.send_replace(true);
        };
        let (ran, ()) = tokio::join!(rig.pipeline.run(rig.stop.subscribe()), watching);
        ran.unwrap();
        assert!(health.reasons().is_empty(), "what has ended waits for nothing: {:?}", health.reasons());
    }
}
