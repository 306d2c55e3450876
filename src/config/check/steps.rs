//! `steps:` of a stage.

use std::collections::BTreeMap;

use schemas::TopicName;
use transforms::{Entry, Shape};

use super::super::draft::Node;
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, Named, meant, topic_name};
use super::super::grammar::STEP;
use super::super::parameters;
use super::super::rollout::Rollout;
use super::super::suggest::{did_you_mean, listed, nearest};
use super::Context;
use super::outline::{Stage, Step};
use super::topics::Topics;

/// One step; what is wrong with its parameters and ports is found even if it is switched off.
pub(super) fn check(node: &Node, of_stage: Rollout, topics: &Topics, context: &Context<'_>, report: &mut Report) -> Option<Step> {
    let fields = Fields::of(node, &STEP, report)?;
    let enabled = fields.boolean("if", report);
    let name = fields.text("use", report)?;
    let Some(entry) = find(&name, context.catalogue, report) else {
        // Its ports are not known, but every topic must be.
        for (_, topic) in fields.texts_by_name("to", report) {
            if let Some(topic) = topic_name(topic.name, topic.place, report) {
                topics.require(&topic, report);
            }
        }
        return None;
    };
    let built = parameters::build(entry, fields.node("with"), &name.place, &topics.surroundings(), report);
    let routes = routes(entry, &fields, &name, topics, report);
    let own = Rollout::percent(fields.integer("rollout", report));
    let rollout = match entry.shape {
        _ if fields.node("rollout").is_some() => own,
        Shape::Decode | Shape::Transform | Shape::Fold => Rollout::ALL,
        Shape::Workflow | Shape::Derive => of_stage,
    };
    if rollout != Rollout::ALL && matches!(entry.shape, Shape::Decode | Shape::Fold) {
        let message = format!("`{}` applies to every customer: what it leaves out would be lost", entry.name);
        report.push(Finding::error(name.place.clone(), message).help("remove its `rollout`"));
    }
    Some(Step { name: entry.name, place: name.place, shape: entry.shape, enabled, rollout, built, routes })
}

/// The transform of that name. A misspelt one is reported, and the one that seems to be meant taken in its place, so that what is wrong
/// with its parameters and ports is found at the same time.
fn find<'c>(name: &Named<&str>, catalogue: &'c [Entry], report: &mut Report) -> Option<&'c Entry> {
    let called = |name: &str| catalogue.iter().find(|entry| entry.name == name);
    if let Some(entry) = called(name.name) {
        return Some(entry);
    }
    let meant = nearest(name.name, catalogue.iter().map(|entry| entry.name));
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`? `syncline list transforms` shows all"),
        None => format!("known: {}", listed(catalogue.iter().map(|entry| entry.name))),
    };
    report.push(Finding::error(name.place.clone(), format!("unknown transform `{}`", name.name)).help(help));
    meant.and_then(called)
}

/// Where each port leads. Every port must lead somewhere.
fn routes(
    entry: &Entry,
    fields: &Fields<'_>,
    step: &Named<&str>,
    topics: &Topics,
    report: &mut Report,
) -> BTreeMap<&'static str, Named<TopicName>> {
    let mut routes = BTreeMap::new();
    let mut tried = Vec::new();
    let beside = fields.node("to").map(Node::members).unwrap_or_default();
    for (member, topic) in fields.texts_by_name("to", report) {
        let ports = entry.ports.iter().copied();
        let mut port = ports.clone().find(|port| *port == member.name);
        if port.is_none() {
            let finding = Finding::error(member.place.clone(), format!("`{}` has no port `{}`", entry.name, member.name));
            report.push(finding.help(did_you_mean(&member.name, ports.clone(), "it has none: remove `to`")));
            port = meant(member, beside, ports);
        }
        tried.extend(port);
        let Some(topic) = topic_name(topic.name, topic.place, report) else { continue };
        topics.require(&topic, report);
        if let Some(port) = port {
            routes.insert(port, topic);
        }
    }
    let missing: Vec<_> = entry.ports.iter().copied().filter(|port| !tried.contains(port)).collect();
    if !missing.is_empty() {
        let (ports, lead) = if missing.len() == 1 { ("port", "leads") } else { ("ports", "lead") };
        let message = format!("`{}` does not say where its {ports} {} {lead}", entry.name, listed(missing.iter().copied()));
        let example = missing.iter().map(|port| format!("{port}: TOPIC")).collect::<Vec<_>>().join(", ");
        report.push(Finding::error(step.place.clone(), message).help(format!("add `to: {{{example}}}`")));
    }
    routes
}

/// Whether the steps stand in an order that makes sense: decode, transforms, folds, the workflow, derives; all from the folds on with a store only.
pub(super) fn check_order(stage: &Stage, has_store: bool, report: &mut Report) {
    for (index, step) in stage.steps.iter().enumerate() {
        let before = &stage.steps[..index];
        let finding = |message: String| Finding::error(step.place.clone(), message);
        if needs_store(step.shape) && !has_store {
            let message = format!("`{}` needs a stage with a store, and `{}` has none", step.name, stage.name);
            report.push(finding(message).help("add `store: {sink: SINK}` to the stage, or move the step"));
        }
        if let Some(later) = before.iter().find(|earlier| rank(earlier.shape) > rank(step.shape)) {
            let message = format!("`{}` stands after `{}`", step.name, later.name);
            report.push(finding(message).help(format!("{} come {}", plural(step.shape), position(step.shape))));
        } else if step.shape == Shape::Decode && before.iter().any(|earlier| earlier.shape == Shape::Decode) {
            report.push(finding(format!("`{}` decodes what is decoded already", step.name)).help("a stage decodes once"));
        } else if needs_store(step.shape) && before.iter().any(|earlier| earlier.name == step.name) {
            report.push(
                finding(format!("`{}` stands twice in the stage `{}`", step.name, stage.name)).help("remove one of the two"),
            );
        }
    }
    let folds = stage.steps.iter().any(|step| step.shape == Shape::Fold && step.enabled);
    if has_store && !folds && !stage.steps_incomplete {
        let finding = Finding::error(
            stage.place.clone(),
            format!("the stage `{}` has a store, but no step that merges records into it", stage.name),
        );
        report.push(finding.help("add one such as `use: merge_profile`, and do not switch it off"));
    }
}

/// Computed values build on those before them, in the order of the catalogue: another order is allowed, and rarely meant.
pub(super) fn check_derive_order(stage: &Stage, catalogue: &[Entry], report: &mut Report) {
    let place_in_catalogue = |step: &Step| catalogue.iter().position(|entry| entry.name == step.name);
    let derives: Vec<_> = stage.steps.iter().filter(|step| step.shape == Shape::Derive).collect();
    for pair in derives.windows(2) {
        if let [earlier, later] = pair
            && place_in_catalogue(earlier) > place_in_catalogue(later)
        {
            let message = format!("`{}` stands after `{}`, which may build on it", later.name, earlier.name);
            let help = "`syncline list transforms` shows steps in the order in which they build on each other";
            report.push(Finding::warning(later.place.clone(), message).help(help));
        }
    }
}

fn needs_store(shape: Shape) -> bool {
    matches!(shape, Shape::Fold | Shape::Workflow | Shape::Derive)
}

fn rank(shape: Shape) -> u8 {
    match shape {
        Shape::Decode => 0,
        Shape::Transform => 1,
        Shape::Fold => 2,
        Shape::Workflow => 3,
        Shape::Derive => 4,
    }
}

fn plural(shape: Shape) -> &'static str {
    match shape {
        Shape::Decode => "steps that decode",
        Shape::Transform => "steps that transform records",
        Shape::Fold => "steps that merge records",
        Shape::Workflow => "steps that ask for data",
        Shape::Derive => "steps that compute values",
    }
}

fn position(shape: Shape) -> &'static str {
    match shape {
        Shape::Decode => "first",
        Shape::Transform => "before those that merge records",
        Shape::Fold => "before those that ask for data or compute values",
        Shape::Workflow => "after those that merge records and before those that compute values",
        Shape::Derive => "last",
    }
}
