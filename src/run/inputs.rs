//! What a segment reads: the partitions of its topics, and from where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemas::store::{Assigned, Position};
use schemas::{Fault, FaultKind, TopicName};

use super::segment::Segment;
use super::share::Share;
use crate::topics::TopicPartition;

/// Which topic of its name each is, where its broker tells.
pub(super) type Incarnations = BTreeMap<TopicName, Arc<str>>;

/// The stored offset of a partition; `None` without one, or with one in another topic of that name: then it is read from its beginning.
/// What was stored when the broker did not tell its topics apart is taken over.
pub(super) fn resumed(positions: &[Position], of: &Assigned, incarnations: &Incarnations) -> Option<u64> {
    let stored = positions.iter().find(|position| position.of == *of)?;
    if stored.incarnation.as_ref().zip(incarnations.get(&of.topic)).is_some_and(|(was, is)| was != is) {
        let partition = format!("{}[{}]", of.topic, of.partition);
        let what = "the topic is not the one that was last read: it was made anew, or the broker is another cluster; reading it from its beginning";
        tracing::warn!(partition, "{what}");
        return None;
    }
    Some(stored.offset)
}

impl Segment {
    /// The topics that its first stages read.
    pub(super) fn topics(&self) -> impl Iterator<Item = &TopicName> {
        let from = self.stages().iter().flat_map(|stage| &stage.from);
        from.filter(|name| self.plan.topics.get(*name).is_some_and(|topic| !topic.internal))
    }

    /// This worker's share of the partitions of the topics that its first stages read; waits for brokers that do not answer.
    pub(super) async fn inputs(&self) -> Result<Vec<TopicPartition>, Fault> {
        self.patiently(|| self.present()).await
    }

    /// The same, asked once.
    pub(super) async fn present(&self) -> Result<Vec<TopicPartition>, Fault> {
        let mut by_broker: BTreeMap<&str, Vec<TopicName>> = BTreeMap::new();
        for topic in self.topics() {
            by_broker.entry(self.broker_of(topic)).or_default().push(topic.clone());
        }
        let share = self.share.unwrap_or(Share::WHOLE);
        let mut inputs = Vec::new();
        for (name, topics) in by_broker {
            let broker = self.broker(name)?;
            let counts = broker.partitions(&topics).await?;
            let missing: Vec<_> = topics.iter().filter(|topic| !counts.contains_key(*topic)).map(TopicName::as_str).collect();
            if !missing.is_empty() {
                let message =
                    format!("the broker `{name}` has no topic {}; create them, or correct `topics:`", missing.join(", "));
                return Err(Fault::new(FaultKind::Refused, message));
            }
            for (topic, partitions) in counts {
                let ours = (0..partitions).filter(|partition| share.holds(*partition));
                inputs.extend(ours.map(|partition| TopicPartition { topic: topic.clone(), partition }));
            }
        }
        Ok(inputs)
    }

    /// Which topics these are partitions of.
    pub(super) async fn incarnations(&self, inputs: &[TopicPartition]) -> Result<Incarnations, Fault> {
        let topics: BTreeSet<&TopicName> = inputs.iter().map(|of| &of.topic).collect();
        let mut incarnations = Incarnations::new();
        for topic in topics {
            let broker = self.broker(self.broker_of(topic))?;
            let incarnation = self.patiently(|| broker.incarnation(topic)).await?;
            incarnations.extend(incarnation.map(|incarnation| (topic.clone(), incarnation)));
        }
        Ok(incarnations)
    }

    /// Where each partition is read from: its position; without one, or with one in a topic that is no more, the beginning.
    ///
    /// Of a segment that is exactly once, the positions are those that its group has committed. The sink is told them a little later, so
    /// where its position is the greater one, it is of a time when the segment was not exactly once, or the group's were lost.
    pub(super) async fn starts(
        &self,
        inputs: &[TopicPartition],
        incarnations: &Incarnations,
    ) -> Result<Vec<(TopicPartition, u64)>, Fault> {
        let positions = self.patiently(|| self.sink.positions(&self.segment().name)).await?;
        let committed = self.committed_positions(inputs).await?;
        let mut starts = Vec::with_capacity(inputs.len());
        for of in inputs {
            let assigned = self.assigned(of);
            let broker = self.broker(&assigned.broker)?;
            let start = match resumed(&positions, &assigned, incarnations).max(committed.get(of).copied()) {
                Some(offset) => offset,
                None => self.patiently(|| broker.bounds(of)).await?.first,
            };
            starts.push((of.clone(), start));
        }
        Ok(starts)
    }

    /// The positions that the segment's transactions have committed; none where it has no transactions.
    async fn committed_positions(&self, inputs: &[TopicPartition]) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        let Some(first) = inputs.first().filter(|_| self.segment().exactly_once()) else { return Ok(BTreeMap::new()) };
        let broker = self.broker(self.broker_of(&first.topic))?;
        self.patiently(|| broker.committed(inputs)).await
    }

    /// How many records lie between its positions and the ends of its topics.
    pub(super) async fn backlog(&self) -> Result<u64, Fault> {
        let inputs = self.inputs().await?;
        let starts = self.starts(&inputs, &self.incarnations(&inputs).await?).await?;
        let mut backlog = 0;
        for (of, start) in starts {
            let end = self.broker(self.broker_of(&of.topic))?.bounds(&of).await?.end;
            backlog += end.saturating_sub(start);
        }
        Ok(backlog)
    }

    pub(super) fn by_broker(&self, starts: &[(TopicPartition, u64)]) -> BTreeMap<String, Vec<(TopicPartition, u64)>> {
        let mut by_broker: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (of, start) in starts {
            by_broker.entry(self.broker_of(&of.topic).to_owned()).or_default().push((of.clone(), *start));
        }
        by_broker
    }

    pub(super) async fn ends(
        &self,
        broker: &str,
        from: &[(TopicPartition, u64)],
    ) -> Result<BTreeMap<TopicPartition, u64>, Fault> {
        let broker = self.broker(broker)?;
        let mut ends = BTreeMap::new();
        for (of, _) in from {
            ends.insert(of.clone(), self.patiently(|| broker.bounds(of)).await?.end);
        }
        Ok(ends)
    }
}
