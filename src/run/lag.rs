//! How far a segment is behind the ends of its partitions: asked of its brokers again and again, for the metrics.

use std::convert::Infallible;
use std::time::Duration;

use super::segment::Segment;
use super::tracker::Tracker;
use crate::topics::TopicPartition;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// The lag of partitions that are being read, as the metrics tell it. When it is dropped, nothing is told of them any more.
pub(super) struct Lag<'s> {
    segment: &'s Segment,
    partitions: &'s [TopicPartition],
}

impl<'s> Lag<'s> {
    pub(super) fn of(segment: &'s Segment, partitions: &'s [TopicPartition]) -> Self {
        Self { segment, partitions }
    }

    /// Looks until it is dropped.
    pub(super) async fn watch(&self, tracker: &Tracker) -> Infallible {
        loop {
            for of in self.partitions {
                self.look(of, tracker).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// A broker that does not answer is another's business: what was true last stands meanwhile.
    async fn look(&self, of: &TopicPartition, tracker: &Tracker) {
        let Ok(broker) = self.segment.broker(self.segment.broker_of(&of.topic)) else { return };
        match broker.bounds(of).await {
            // The position is read after the end, so it may be the greater one.
            Ok(bounds) => {
                let Some(position) = tracker.position(of) else { return };
                self.segment.metrics.set_lag(&self.segment.segment().name, of, position, bounds.end.max(position));
            }
            Err(fault) => tracing::debug!(%fault, "the lag is not known"),
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
