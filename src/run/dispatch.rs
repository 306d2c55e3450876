//! Between reading and the lanes: batches go through the chain, and what leaves it to the lane of its key.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use schemas::{Fault, FaultKind, Raw};
use tokio::sync::mpsc;

use super::chain::{Chain, Passed};
use super::item::{Item, Work};
use super::reading::Registered;
use super::segment::Segment;
use super::tracker::Tracker;
use super::wire;

/// Takes batches through the chain, off the runtime's threads, and hands what leaves it to the lanes, until there are no more or the run
/// is told to stop: what is dropped then stays unresolved, and is read again.
pub(super) async fn dispatch(
    segment: Arc<Segment>,
    tracker: Arc<Tracker>,
    mut batches: mpsc::Receiver<Vec<Registered>>,
    lanes: Vec<mpsc::Sender<Item>>,
) -> Result<(), Fault> {
    let stop = segment.stop.clone();
    loop {
        let batch = tokio::select! {
            biased;
            () = stop.told() => return Ok(()),
            batch = batches.recv() => batch,
        };
        let Some(batch) = batch else { return Ok(()) };
        let passing = Arc::clone(&segment);
        let passed = tokio::task::spawn_blocking(move || {
            let chain = Chain::new(&passing.plan.topics, passing.segment());
            batch.into_iter().map(|(raw, ticket)| (chain.pass(&raw), raw, ticket)).collect::<Vec<_>>()
        });
        let passed = passed.await.map_err(|error| Fault::caused(FaultKind::Bug, "the chain panicked", error))?;
        for (outputs, raw, ticket) in passed {
            if outputs.is_empty() {
                segment.counters.count_resolved(tracker.resolve([&ticket]));
                continue;
            }
            ticket.expect(outputs.len());
            for output in outputs {
                let (lane, what) = addressed(&segment, output, &raw, lanes.len());
                let item = Item { raw: Arc::clone(&raw), ticket: Arc::clone(&ticket), what };
                if lanes[lane].send(item).await.is_err() {
                    // The lane was told to stop, or ended with a fault, which is the one to report.
                    return Ok(());
                }
            }
        }
    }
}

/// The lane of an output, by its key, and what the lane is to do with it.
fn addressed(segment: &Segment, output: Passed, raw: &Raw, lanes: usize) -> (usize, Work) {
    match output {
        Passed::Keyed(record) => {
            segment.counters.count_tolerated(record.tolerated);
            (lane_of(record.key.as_deref().unwrap_or_default(), lanes), Work::Keyed(record))
        }
        Passed::Output { topic, record } => {
            segment.counters.count_tolerated(record.tolerated);
            (lane_of(record.key.as_deref().unwrap_or_default(), lanes), Work::Output(wire::write(&topic, &record)))
        }
        Passed::Rejected { stage, reject } => (lane_of(&raw.origin, lanes), Work::Dead(stage, reject)),
    }
}

fn lane_of(key: impl Hash, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
}
