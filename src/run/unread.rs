//! Whether topics that are now internal still hold records (`architecture.md`, rule 1).
//!
//! An internal topic never leaves the process, so nobody would read what a split pipeline left on the broker.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::store::Assigned;
use schemas::{Fault, FaultKind};
use sinks::Sink;

use super::health::Health;
use super::inputs::resumed;
use super::retries::patiently;
use crate::config::{Plan, StagePlan, TopicPlan};
use crate::topics::{TopicPartition, Topics};

/// Refuses a plan that makes a topic internal while the broker holds records of it that were not processed.
///
/// # Errors
///
/// `Refused`, naming the topic and how many records it holds; a fault of a broker or the sink that retrying cannot mend.
pub(super) async fn refuse_unread(
    plan: &Plan,
    brokers: &BTreeMap<String, Arc<dyn Topics>>,
    sink: &dyn Sink,
    health: &Health,
) -> Result<(), Fault> {
    for topic in plan.topics.values().filter(|topic| topic.internal) {
        let Some(broker) = brokers.get(&topic.broker) else { continue };
        let stages = plan.segments.iter().flat_map(|segment| &segment.stages);
        for stage in stages.filter(|stage| stage.from.contains(&topic.name)) {
            let unread = patiently(health, &topic.broker, || unread(topic, stage, broker.as_ref(), sink)).await?;
            if unread > 0 {
                return Err(refusal(topic, stage, unread));
            }
        }
    }
    Ok(())
}

/// Warns of records in the outbox for topics that the file does not declare: nobody sends them. They stay until it does again.
///
/// # Errors
///
/// A fault of the sink that retrying cannot mend.
pub(super) async fn tell_of_undeclared(plan: &Plan, sink: &dyn Sink, health: &Health) -> Result<(), Fault> {
    let declared: Vec<_> = plan.topics.keys().cloned().collect();
    for (topic, records) in patiently(health, "outbox", || sink.outbox_beside(&declared)).await? {
        tracing::warn!(
            %topic,
            records,
            advice = "declare the topic again: a run then sends them",
            "the outbox holds records for a topic that the pipeline file does not declare"
        );
    }
    Ok(())
}

/// How many records the topic holds beyond the positions that the stage had while it read them from the broker: it was the first of its
/// segment then, which was named after it.
async fn unread(topic: &TopicPlan, stage: &StagePlan, broker: &dyn Topics, sink: &dyn Sink) -> Result<u64, Fault> {
    let partitions = broker.partitions(std::slice::from_ref(&topic.name)).await?.remove(&topic.name).unwrap_or(0);
    if partitions == 0 {
        return Ok(0);
    }
    let positions = sink.positions(&stage.name).await?;
    let incarnation = broker.incarnation(&topic.name).await?;
    let incarnations = incarnation.map(|incarnation| (topic.name.clone(), incarnation)).into_iter().collect();
    let mut unread = 0;
    for partition in 0..partitions {
        let bounds = broker.bounds(&TopicPartition { topic: topic.name.clone(), partition }).await?;
        let of = Assigned { segment: stage.name.clone(), broker: topic.broker.clone(), topic: topic.name.clone(), partition };
        let position = resumed(&positions, &of, &incarnations).unwrap_or(0);
        unread += bounds.end.saturating_sub(position.max(bounds.first));
    }
    Ok(unread)
}

fn refusal(topic: &TopicPlan, stage: &StagePlan, unread: u64) -> Fault {
    Fault::new(
        FaultKind::Refused,
        format!(
            "topic \"{topic}\" is internal, but the broker `{broker}` holds {unread} record(s) of it that stage `{stage}` has not read: \
             they would be lost; take `internal` away, `syncline run --until-caught-up`, then make it internal again",
            topic = topic.name,
            broker = topic.broker,
            stage = stage.name,
        ),
    )
}
