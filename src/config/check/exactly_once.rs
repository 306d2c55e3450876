//! `exactly_once: true`: what a transaction of Kafka can hold, and what it cannot (`docs/adr/0017-exactly-once.md`).

use std::collections::BTreeSet;

use schemas::TopicName;

use super::super::draft::Place;
use super::super::error::{Finding, Report};
use super::super::fields::Named;
use super::brokers::Brokers;
use super::outline::Stage;
use super::topics::Topics;
use crate::topics::Broker;

/// Every segment with such a stage: it passes records between topics of one Kafka cluster, which has a group, in one lane.
pub(super) fn check(stages: &[Stage], topics: &Topics, brokers: &Brokers, report: &mut Report) {
    let mut checked = BTreeSet::new();
    for stage in stages {
        let Some(place) = &stage.exactly_once else { continue };
        let segment = segment(stage, stages, topics);
        if segment.first().is_some_and(|first| checked.insert(first.name.as_str())) {
            transaction(stage, place, &segment, topics, brokers, report);
        }
    }
}

/// The stages that run as one with this one, in the order of flow. Circles have been reported, and end it.
fn segment<'s>(stage: &'s Stage, stages: &'s [Stage], topics: &Topics) -> Vec<&'s Stage> {
    let internal = |topic: &&Named<TopicName>| topics.is_internal(&topic.name);
    let before = |stage: &Stage| {
        let passed = stage.reads.iter().find(internal)?;
        stages.iter().find(|other| other.to.as_ref().is_some_and(|to| to.name == passed.name))
    };
    let behind = |stage: &Stage| {
        let passed = stage.to.as_ref().filter(internal)?;
        stages.iter().find(|other| other.reads_topic(&passed.name))
    };
    let mut first = stage;
    for _ in stages {
        first = before(first).unwrap_or(first);
    }
    let mut segment = vec![first];
    while let Some(next) = segment.last().and_then(|last| behind(last)).filter(|_| segment.len() < stages.len()) {
        segment.push(next);
    }
    segment
}

fn transaction(stage: &Stage, place: &Place, segment: &[&Stage], topics: &Topics, brokers: &Brokers, report: &mut Report) {
    let mut refuse = |why: String, help: &str| report.push(Finding::error(place.clone(), why).help(help));
    let name = &stage.name;
    let called = |other: &Stage| {
        if other.name == *name { "it".to_owned() } else { format!("`{}`, which runs as one with it,", other.name) }
    };
    if let Some(storing) = segment.iter().find(|stage| stage.store.is_some()) {
        let whose =
            if storing.name == *name { "it".to_owned() } else { format!("`{}`, which runs as one with it,", storing.name) };
        return refuse(
            format!(
                "the stage `{name}` cannot be `exactly_once`: {whose} stores into a database, where no transaction of Kafka reaches"
            ),
            "remove it: what is stored happens once already, as positions are stored in the same transaction of the database",
        );
    }
    let outer = |topic: &&Named<TopicName>| topics.declared.get(&topic.name).is_some_and(|topic| !topic.plan.internal);
    let touched = segment.iter().flat_map(|stage| stage.reads.iter().chain(stage.passes_on())).filter(outer);
    let mut clusters = BTreeSet::new();
    for topic in touched {
        let broker = topics.declared.get(&topic.name).map_or("", |topic| topic.plan.broker.as_str());
        // One that could not be read is reported.
        let Some(kind) = brokers.plans.get(broker) else { continue };
        let Broker::Kafka(options) = kind else {
            return refuse(
                format!("the stage `{name}` cannot be `exactly_once`: its topic `{}` is on the broker `{broker}`", topic.name),
                "only Kafka has transactions, and one holds topics of one cluster: move the topic there, or remove `exactly_once`",
            );
        };
        clusters.insert((broker, options.group.is_some()));
    }
    if let Some((broker, _)) = clusters.iter().find(|(_, group)| !group) {
        refuse(
            format!("the stage `{name}` cannot be `exactly_once`: the broker `{broker}` has no `group`"),
            "its positions are kept by the cluster, under the name of a group: add `group:` to the broker",
        );
    }
    // Of stages that run as one, the last one's lanes write.
    if let Some(last) = segment.last().filter(|last| last.lanes > 1) {
        let whose = called(last);
        refuse(
            format!(
                "the stage `{name}` cannot be `exactly_once`: {whose} has {} lanes, and a transaction has one writer",
                last.lanes
            ),
            "set `lanes: 1`, and start more workers instead: the partitions are shared out to them",
        );
    }
}
