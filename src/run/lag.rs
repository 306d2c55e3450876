//! How far a segment is behind the ends of its partitions: asked of its brokers again and again, for the metrics and for
//! `/health/ready` (spec/4 §3).

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::Instant;

use super::health::Part;
use super::segment::Segment;
use super::tracker::Tracker;
use crate::topics::TopicPartition;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// For so long, beside what a batch lingers, a position may stand still below its partition's end.
const STANDSTILL: Duration = Duration::from_secs(60);

/// The lag of partitions that are being read, as the metrics tell it. When it is dropped, nothing is told of them any more.
pub(super) struct Lag<'s> {
    segment: &'s Segment,
    partitions: &'s [TopicPartition],
    part: Part,
    progress: Progress,
}

impl<'s> Lag<'s> {
    pub(super) fn of(segment: &'s Segment, partitions: &'s [TopicPartition]) -> Self {
        let part = Part::new(&segment.health, format!("lag of {}", segment.segment().name));
        Self { segment, partitions, part, progress: Progress::within(STANDSTILL + segment.store_stage().batch.linger) }
    }

    /// Looks until it is dropped.
    pub(super) async fn watch(mut self, tracker: &Tracker) -> Infallible {
        loop {
            for of in self.partitions {
                self.look(of, tracker).await;
            }
            self.tell();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A broker that does not answer is another's business: what was true last stands meanwhile.
    async fn look(&mut self, of: &TopicPartition, tracker: &Tracker) {
        let Ok(broker) = self.segment.broker(self.segment.broker_of(&of.topic)) else { return };
        match broker.bounds(of).await {
            // The position is read after the end, so it may be the greater one.
            Ok(bounds) => {
                let Some(position) = tracker.position(of) else { return };
                let end = bounds.end.max(position);
                self.segment.metrics.set_lag(&self.segment.segment().name, of, position, end);
                self.progress.note(of, position, end, Instant::now());
            }
            Err(fault) => tracing::debug!(%fault, "the lag is not known"),
        }
    }

    fn tell(&self) {
        let part = self.part.name();
        match self.progress.standing(Instant::now()) {
            None => {
                if self.segment.health.good(part) {
                    tracing::info!(part, "all partitions move on");
                }
            }
            Some(why) => {
                if self.segment.health.bad(part, why.clone()) {
                    tracing::warn!(part, why, "a partition stands still");
                }
            }
        }
    }
}

impl Drop for Lag<'_> {
    fn drop(&mut self) {
        for of in self.partitions {
            self.segment.metrics.drop_lag(&self.segment.segment().name, of);
        }
    }
}

/// Since when each partition stands where it stands, though it has more.
struct Progress {
    within: Duration,
    standing: HashMap<TopicPartition, Standing>,
}

struct Standing {
    position: u64,
    end: u64,
    since: Instant,
}

impl Progress {
    /// A partition is to move on within so long.
    fn within(within: Duration) -> Self {
        Self { within, standing: HashMap::new() }
    }

    fn note(&mut self, of: &TopicPartition, position: u64, end: u64, now: Instant) {
        if position == end {
            self.standing.remove(of);
            return;
        }
        let standing = self.standing.entry(of.clone()).or_insert(Standing { position, end, since: now });
        if standing.position != position {
            standing.since = now;
        }
        (standing.position, standing.end) = (position, end);
    }

    /// Which partition has stood still for too long, for the longest time, and where.
    fn standing(&self, now: Instant) -> Option<String> {
        let late = self.standing.iter().filter(|(_, standing)| now - standing.since > self.within);
        let (of, Standing { position, end, since }) = late.min_by_key(|(of, standing)| (standing.since, *of))?;
        let (records, seconds) = (end - position, (now - *since).as_secs());
        Some(format!("{of} has stood at offset {position} for {seconds} s, {records} before its end"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use schemas::TopicName;

    use super::*;

    #[test]
    fn what_moves_is_well_however_far_behind_and_what_stands_is_not() {
        let of = |partition| TopicPartition { topic: TopicName::try_from("t").unwrap(), partition };
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut progress = Progress::within(Duration::from_secs(60));
        for (seconds, position) in [(0, 0), (50, 10), (100, 20)] {
            progress.note(&of(0), position, 1_000_000, at(seconds));
            progress.note(&of(1), 7, 7, at(seconds));
            progress.note(&of(2), 5, 5 + seconds, at(seconds));
            let standing = progress.standing(at(seconds));
            assert_eq!(standing, None, "after {seconds} s");
        }
        // Since 50 s, when there was something to read.
        let told = progress.standing(at(111)).unwrap();
        assert_eq!(told, "t[2] has stood at offset 5 for 61 s, 100 before its end");
        progress.note(&of(2), 6, 105, at(111));
        assert_eq!(progress.standing(at(112)), None, "it moves on");
        progress.note(&of(0), 1_000_000, 1_000_000, at(113));
        progress.note(&of(2), 105, 105, at(113));
        assert_eq!(progress.standing(at(500)), None, "there is nothing to read");
    }
}
