//! How stages and topics hang together.

use std::collections::{BTreeMap, BTreeSet};

use schemas::TopicName;
use transforms::Shape;

use super::super::error::{Finding, Report};
use super::super::fields::Named;
use super::super::suggest::{did_you_mean, listed};
use super::brokers::Brokers;
use super::outline::{Stage, Way};
use super::sinks::Sink;
use super::topics::{Topic, Topics};
use super::{circles, exactly_once};
use crate::topics::Broker;

/// Everything that can be said once it is known who reads and writes what.
pub(super) fn check(stages: &[Stage], topics: &Topics, brokers: &Brokers, sinks: &BTreeMap<String, Sink>, report: &mut Report) {
    let own: BTreeSet<&TopicName> = stages.iter().flat_map(Stage::passes_on).map(|topic| &topic.name).collect();
    for stage in stages {
        inputs(stage, topics, &own, report);
        stores(stage, sinks, report);
    }
    one_store(stages, report);
    internal_topics(stages, topics, report);
    one_reader_in_a_group(stages, topics, brokers, report);
    circles::check(stages, report);
    exactly_once::check(stages, topics, brokers, report);
    homeless(stages, topics, sinks, report);
    // What is not used may be used by what could not be read.
    if !report.has_errors() {
        unused(stages, topics, sinks, report);
    }
}

/// A stage reads either foreign records, and decodes them; or records that a stage passes on, over a broker or inside the process.
fn inputs(stage: &Stage, topics: &Topics, own: &BTreeSet<&TopicName>, report: &mut Report) {
    let (internal, outer): (Vec<_>, Vec<_>) = stage.reads.iter().partition(|topic| topics.is_internal(&topic.name));
    if let (Some(inner), Some(outer)) = (internal.first(), outer.first()) {
        let message =
            format!("the stage `{}` reads the internal topic `{}` and `{}`, which is not", stage.name, inner.name, outer.name);
        report.push(Finding::error(inner.place.clone(), message).help("split the stage, or remove `internal` from the topic"));
        return;
    }
    if let [_, second, ..] = internal.as_slice() {
        let finding = Finding::error(second.place.clone(), format!("the stage `{}` reads two internal topics", stage.name));
        report.push(finding.help("let the stages before it write to one internal topic, or remove `internal` from these"));
    }
    let (passed_on, foreign): (Vec<_>, Vec<_>) = outer.into_iter().partition(|topic| own.contains(&topic.name));
    if let (Some(passed_on), Some(foreign)) = (passed_on.first(), foreign.first()) {
        let message = format!(
            "the stage `{}` reads `{}`, which a stage writes, and `{}`, which is foreign",
            stage.name, passed_on.name, foreign.name
        );
        report.push(Finding::error(passed_on.place.clone(), message).help("split the stage: only foreign records are decoded"));
        return;
    }
    decoding(stage, internal.first().or(passed_on.first()).copied(), foreign.first().copied(), report);
    if stage.store.is_some() {
        for topic in &stage.reads {
            if topics.declared.get(&topic.name).is_some_and(|topic| topic.plan.key.is_none()) {
                let message = format!("the topic `{}` feeds the store of the stage `{}`, but has no key", topic.name, stage.name);
                report
                    .push(Finding::error(topic.place.clone(), message).help("declare it with `key:`, such as `key: customerId`"));
            }
        }
    }
}

/// Foreign records are decoded; those that a stage passes on are decoded already.
fn decoding(stage: &Stage, passed_on: Option<&Named<TopicName>>, foreign: Option<&Named<TopicName>>, report: &mut Report) {
    let decode = stage.steps.iter().find(|step| step.shape == Shape::Decode);
    match (decode, passed_on, foreign) {
        (Some(decode), Some(passed_on), _) => {
            let message = format!("`{}` stands in the stage `{}`, whose records are decoded already", decode.name, stage.name);
            let help = format!("`{}` carries what a stage before it passes on: remove the step", passed_on.name);
            report.push(Finding::error(decode.place.clone(), message).help(help));
        }
        (None, _, Some(foreign)) if !stage.steps_incomplete => {
            let message = format!("the stage `{}` reads `{}` without decoding it", stage.name, foreign.name);
            report.push(Finding::error(stage.place.clone(), message).help("begin its steps with `use: decode`"));
        }
        (Some(decode), _, Some(foreign)) if !decode.enabled => {
            let message = format!("`{}` is switched off, but the stage `{}` reads `{}`", decode.name, stage.name, foreign.name);
            report.push(Finding::error(decode.place.clone(), message).help("remove its `if`"));
        }
        _ => {}
    }
}

fn stores(stage: &Stage, sinks: &BTreeMap<String, Sink>, report: &mut Report) {
    let Some(store) = &stage.store else { return };
    if !sinks.contains_key(&store.sink.name) && !sinks.is_empty() {
        let finding = Finding::error(store.sink.place.clone(), format!("the sink `{}` is not one of `sinks`", store.sink.name));
        report.push(finding.help(did_you_mean(&store.sink.name, sinks.keys().map(String::as_str), "")));
    }
}

/// Positions, dead letters and the outbox of a pipeline live in one database.
fn one_store(stages: &[Stage], report: &mut Report) {
    let mut stores = stages.iter().filter_map(|stage| stage.store.as_ref());
    let Some(first) = stores.next() else { return };
    if let Some(other) = stores.find(|store| store.sink.name != first.sink.name) {
        let message = format!("the stages store into two sinks, `{}` and `{}`", first.sink.name, other.sink.name);
        let help = "one pipeline keeps its state in one sink: split the file into two pipelines";
        report.push(Finding::error(other.sink.place.clone(), message).help(help));
    }
}

/// An internal topic joins exactly two stages.
fn internal_topics(stages: &[Stage], topics: &Topics, report: &mut Report) {
    // Whoever could not be read, or names a topic wrongly, may be the one that is missed.
    let connected = stages.iter().all(|stage| {
        let mut named = stage.writes().map(|(_, topic)| &topic.name).chain(stage.reads.iter().map(|topic| &topic.name));
        !stage.reads.is_empty()
            && (stage.to.is_some() || stage.store.is_some())
            && named.all(|name| topics.declared.contains_key(name))
    });
    for (name, topic) in topics.declared.iter().filter(|(_, topic)| topic.plan.internal) {
        let readers: Vec<_> = stages.iter().filter(|stage| stage.reads_topic(name)).collect();
        let mut writers = Vec::new();
        for (stage, way, written) in stages
            .iter()
            .flat_map(|stage| stage.writes().map(move |(way, topic)| (stage, way, topic)))
            .filter(|(.., topic)| topic.name == *name)
        {
            if way == Way::Output {
                writers.push(stage);
            } else {
                let finding =
                    Finding::error(written.place.clone(), format!("the topic `{name}` is internal, and is not written this way"));
                report.push(finding.help("only `to:` of a stage writes an internal topic; remove `internal` from it"));
            }
        }
        let finding = |message: String| Finding::error(topic.place.clone(), message);
        let names = |stages: &[&Stage]| listed(stages.iter().map(|stage| stage.name.as_str()));
        if writers.is_empty() && connected {
            report.push(finding(format!("no stage writes the internal topic `{name}`")).help("give it to a stage as `to:`"));
        }
        if writers.len() > 1 {
            let message = format!("the internal topic `{name}` is written by {} stages: {}", writers.len(), names(&writers));
            report.push(
                finding(message).help(
                    "stages that share an internal topic run as one: let one of them read everything, or remove `internal`",
                ),
            );
        }
        if readers.is_empty() && connected {
            report.push(
                finding(format!("no stage reads the internal topic `{name}`"))
                    .help("its records would go nowhere: read it, or remove `internal`"),
            );
        }
        if readers.len() > 1 {
            let message = format!("the internal topic `{name}` is read by {} stages: {}", readers.len(), names(&readers));
            report.push(
                finding(message).help("stages that share an internal topic run as one: remove `internal` to let several read it"),
            );
        }
    }
}

/// A group gives each partition to one of its members: of two stages that read one topic, neither would see all of it.
fn one_reader_in_a_group(stages: &[Stage], topics: &Topics, brokers: &Brokers, report: &mut Report) {
    let in_group = |topic: &Topic| {
        let broker = brokers.plans.get(&topic.plan.broker);
        !topic.plan.internal && matches!(broker, Some(Broker::Kafka(options)) if options.group.is_some())
    };
    for (name, topic) in topics.declared.iter().filter(|(_, topic)| in_group(topic)) {
        let readers: Vec<_> = stages.iter().filter(|stage| stage.reads_topic(name)).collect();
        let second = readers.get(1).and_then(|stage| stage.reads.iter().find(|read| read.name == *name));
        let Some(second) = second else { continue };
        let names = listed(readers.iter().map(|stage| stage.name.as_str()));
        let broker = &topic.plan.broker;
        let message = format!("the stages {names} read the topic `{name}` in one group, which gives each only a part of it");
        let help =
            format!("let one of them pass it on, or remove `group` of the broker `{broker}`: `run --worker` shares out, too");
        report.push(Finding::error(second.place.clone(), message).help(help));
    }
}

/// What is declared for nothing is worth a warning.
fn unused(stages: &[Stage], topics: &Topics, sinks: &BTreeMap<String, Sink>, report: &mut Report) {
    for (name, topic) in topics.declared.iter().filter(|(_, topic)| !topic.plan.internal) {
        let used = |stage: &Stage| stage.reads_topic(name) || stage.writes().any(|(_, topic)| topic.name == *name);
        if !stages.iter().any(used) {
            report.push(Finding::warning(topic.place.clone(), format!("no stage reads or writes the topic `{name}`")));
        }
    }
    if stages.iter().any(|stage| stage.store.is_some()) {
        for (name, sink) in sinks {
            if !stages.iter().any(|stage| stage.store.as_ref().is_some_and(|store| store.sink.name == *name)) {
                report.push(Finding::warning(sink.place.clone(), format!("no stage stores into the sink `{name}`")));
            }
        }
    }
}

/// Positions and dead letters of stages without a store rest in the only sink there is.
fn homeless(stages: &[Stage], topics: &Topics, sinks: &BTreeMap<String, Sink>, report: &mut Report) {
    if sinks.len() < 2 {
        return;
    }
    for stage in stages.iter().filter(|stage| stage.store.is_none()) {
        if stage.to.as_ref().is_some_and(|to| !topics.is_internal(&to.name)) {
            let message = format!("the stage `{}` stores nothing, and there are {} sinks", stage.name, sinks.len());
            report.push(
                Finding::error(stage.place.clone(), message).help("its positions and dead letters need the only sink: keep one"),
            );
        }
    }
}
