//! From the tree of a file to its plan: every error is found, and nothing is connected to.

mod brokers;
mod circles;
mod columns;
mod exactly_once;
mod flow;
mod fluvio;
mod kafka;
pub(super) mod outline;
mod segments;
mod sinks;
mod sources;
mod stages;
mod steps;
mod topics;

use std::path::Path;

use transforms::Entry;

use super::draft::Node;
use super::environment::Environment;
use super::error::{Finding, Report};
use super::fields::Fields;
use super::grammar::PIPELINE;
use super::hash;
use super::plan::Plan;

/// What the parts of the check share.
pub(super) struct Context<'c> {
    /// The pipeline file's folder: relative paths start there.
    pub(super) folder: &'c Path,
    pub(super) environment: &'c dyn Environment,
    pub(super) catalogue: &'c [Entry],
}

/// Checks a tree whose scalars are expanded. `None` where an error was reported.
pub(super) fn plan(root: &Node, text: &str, context: &Context<'_>, report: &mut Report) -> Option<Plan> {
    let file = Fields::of(root, &PIPELINE, report)?;
    version(&file, report);
    let name = file.name("name", report);
    let brokers = brokers::check(&file, context, report);
    let topics = topics::check(&file, &brokers, context, report);
    let mut sinks = sinks::check(&file, context, report);
    let stages = stages::check(&file, &topics, context, report);
    let stages = sources::resolve(stages, &topics, report);
    sinks::fit_lanes(&mut sinks, &stages, &topics, report);
    flow::check(&stages, &topics, &brokers, &sinks, report);
    if report.has_errors() {
        return None;
    }
    let rules_hash = hash::rules(stages.iter().flat_map(|stage| &stage.steps));
    let used = |name: &String| topics.declared.values().any(|topic| !topic.plan.internal && topic.plan.broker == *name);
    let (brokers, usual_broker) = (brokers.plans, brokers.usual.unwrap_or_default());
    let (used, other_brokers) = brokers.into_iter().partition(|(name, _)| used(name));
    Some(Plan {
        name: name?.name.to_owned(),
        brokers: used,
        other_brokers,
        usual_broker,
        segments: segments::fuse(stages, &topics),
        topics: topics.declared.into_values().map(|topic| (topic.plan.name.clone(), topic.plan)).collect(),
        sinks: sinks.into_iter().map(|(name, sink)| (name, sink.plan)).collect(),
        config_hash: hash::text(text),
        rules_hash,
    })
}

fn version(file: &Fields<'_>, report: &mut Report) {
    let Some(node) = file.node("version") else { return };
    if node.to_json() != 1 {
        let finding = Finding::error(node.place.clone(), format!("`version` must be 1, found {}", node.described()));
        report.push(finding.help("this syncline reads version 1 of the grammar"));
    }
}
