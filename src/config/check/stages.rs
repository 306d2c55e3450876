//! `stages:`

use super::super::draft::{Node, Place};
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, Named, topic_name};
use super::super::grammar::{BATCH, STAGE, STORE};
use super::super::rollout::Rollout;
use super::Context;
use super::outline::{Source, Stage, Store};
use super::steps;
use super::topics::Topics;

pub(super) fn check(file: &Fields<'_>, topics: &Topics, context: &Context<'_>, report: &mut Report) -> Vec<Stage> {
    let nodes = file.list("stages", report).unwrap_or_default();
    let mut stages: Vec<Stage> = Vec::new();
    for node in nodes {
        let Some(stage) = stage(node, topics, context, report) else { continue };
        if stages.iter().any(|other| other.name == stage.name && !stage.name.is_empty()) {
            let finding = Finding::error(stage.place.clone(), format!("two stages are called `{}`", stage.name));
            report.push(finding.help("positions are stored by the stage's name: give each its own"));
        }
        stages.push(stage);
    }
    stages
}

fn stage(node: &Node, topics: &Topics, context: &Context<'_>, report: &mut Report) -> Option<Stage> {
    let fields = Fields::of(node, &STAGE, report)?;
    let name = fields.name("name", report);
    let from = fields.texts("from", report).into_iter().filter_map(|text| source(text, report)).collect();
    let step_nodes = fields.list("steps", report);
    let rollout = Rollout::percent(fields.integer("rollout", report));
    let steps: Vec<_> =
        step_nodes.unwrap_or_default().iter().filter_map(|step| steps::check(step, rollout, topics, context, report)).collect();
    let no_batch = Node { place: node.place.clone(), content: super::super::draft::Content::Map(Vec::new()) };
    let batch = Fields::of(fields.node("batch").unwrap_or(&no_batch), &BATCH, report);
    let batch = batch.as_ref();
    let stage = Stage {
        place: name.as_ref().map_or_else(|| node.place.clone(), |name| name.place.clone()),
        name: name.map(|name| name.name.to_owned()).unwrap_or_default(),
        from,
        steps_incomplete: steps.len() != step_nodes.map_or(usize::MAX, <[_]>::len),
        steps,
        to: declared(fields.topic("to", report), topics, report),
        on_reject: declared(fields.topic("on_reject", report), topics, report),
        store: fields.node("store").and_then(|node| store(node, topics, report)),
        lanes: fields.integer("lanes", report) as usize,
        batch_records: batch.map_or(1, |batch| batch.integer("records", report)) as usize,
        batch_size_bytes: usize::try_from(batch.map_or(0, |batch| batch.size_bytes("size", report))).unwrap_or(usize::MAX),
        batch_linger: batch.map(|batch| batch.duration("linger", report)).unwrap_or_default(),
        exactly_once: fields.boolean("exactly_once", report).then(|| place_of(&fields, "exactly_once", node)),
        reads: Vec::new(),
    };
    steps::check_order(&stage, fields.node("store").is_some(), report);
    steps::check_derive_order(&stage, context.catalogue, report);
    output(&stage, fields.node("to").is_some(), fields.node("store").is_some(), report);
    Some(stage)
}

fn place_of(fields: &Fields<'_>, name: &str, otherwise: &Node) -> Place {
    fields.node(name).unwrap_or(otherwise).place.clone()
}

fn source(text: Named<&str>, report: &mut Report) -> Option<Source> {
    if text.name.contains('*') {
        return Some(Source::Wildcard(Named { name: text.name.to_owned(), place: text.place }));
    }
    topic_name(text.name, text.place, report).map(Source::Topic)
}

pub(super) fn declared(
    topic: Option<Named<schemas::TopicName>>,
    topics: &Topics,
    report: &mut Report,
) -> Option<Named<schemas::TopicName>> {
    let topic = topic?;
    topics.require(&topic, report);
    Some(topic)
}

fn store(node: &Node, topics: &Topics, report: &mut Report) -> Option<Store> {
    let fields = Fields::of(node, &STORE, report)?;
    let changelog = declared(fields.topic("changelog", report), topics, report);
    let sink = fields.text("sink", report)?;
    Some(Store { sink: Named { name: sink.name.to_owned(), place: sink.place }, changelog })
}

/// Records leave a stage either through `to`, or into its store.
fn output(stage: &Stage, has_to: bool, has_store: bool, report: &mut Report) {
    match (has_to, has_store) {
        (true, false) | (false, true) => {}
        (false, false) => {
            let finding = Finding::error(stage.place.clone(), format!("the stage `{}` has neither `to` nor `store`", stage.name));
            report.push(
                finding.help("its records would go nowhere: give it `to: TOPIC`, or `store: {sink: SINK}` if it merges profiles"),
            );
        }
        (true, true) => {
            let place = stage.to.as_ref().map_or(&stage.place, |to| &to.place);
            let finding = Finding::error(place.clone(), format!("the stage `{}` has both `to` and `store`", stage.name));
            report.push(
                finding
                    .help("what it stores is published as `store.changelog`, and alerts by their step's `to`: remove this one"),
            );
        }
    }
}
