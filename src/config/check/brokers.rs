//! `brokers:` and `broker:`

use std::collections::BTreeMap;

use super::super::error::{Finding, Report};
use super::super::fields::{Fields, Named};
use super::super::grammar::{BROKERS, FLUVIO, KAFKA, LOCAL, MEMORY};
use super::super::suggest::did_you_mean;
use super::{Context, fluvio, kafka};
use crate::topics::Broker;

/// The brokers of the file.
pub(super) struct Brokers {
    pub(super) plans: BTreeMap<String, Broker>,
    /// The broker of topics that name none; `None` where that was reported.
    pub(super) usual: Option<String>,
    /// Those written in the file, of whatever kind and however wrong.
    written: Vec<String>,
}

pub(super) fn check(file: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Brokers {
    let mut brokers = Brokers { plans: BTreeMap::new(), usual: None, written: Vec::new() };
    let Some(node) = file.node("brokers") else { return brokers };
    let Some(kinds) = Fields::of(node, &BROKERS, report) else { return brokers };
    brokers.written = kinds.names().map(str::to_owned).collect();
    if let Some(cluster) = kinds.node("fluvio").and_then(|node| Fields::of(node, &FLUVIO, report)) {
        brokers.plans.insert("fluvio".to_owned(), Broker::Fluvio(Box::new(fluvio::check(&cluster, context, report))));
    }
    if let Some(cluster) = kinds.node("kafka").and_then(|node| Fields::of(node, &KAFKA, report)) {
        brokers.plans.insert("kafka".to_owned(), Broker::Kafka(Box::new(kafka::check(&cluster, context, report))));
    }
    if let Some(local) = kinds.node("local").and_then(|node| Fields::of(node, &LOCAL, report))
        && let Some(dir) = local.text("dir", report)
    {
        brokers.plans.insert("local".to_owned(), Broker::Local { dir: context.folder.join(dir.name) });
    }
    if kinds.node("memory").and_then(|node| Fields::of(node, &MEMORY, report)).is_some() {
        brokers.plans.insert("memory".to_owned(), Broker::Memory);
    }
    brokers.usual = match (file.text("broker", report), brokers.written.as_slice()) {
        (Some(usual), _) => brokers.find(&usual, report),
        (None, [only]) => Some(only.clone()),
        (None, []) => {
            report.push(
                Finding::error(node.place.clone(), "`brokers` names no broker").help("for example `local: {dir: .syncline}`"),
            );
            None
        }
        (None, _) if file.node("broker").is_some() => None,
        (None, _) => {
            let finding = Finding::error(node.place.clone(), "there are several brokers, and none is chosen");
            report
                .push(finding.help("add `broker:` at the top of the file, with the name of the one that topics usually live on"));
            None
        }
    };
    brokers
}

impl Brokers {
    /// A broker by its name; reported where the file has none of that name.
    pub(super) fn find(&self, wanted: &Named<&str>, report: &mut Report) -> Option<String> {
        if self.written.iter().any(|name| name == wanted.name) {
            return Some(wanted.name.to_owned());
        }
        let finding = Finding::error(wanted.place.clone(), format!("the broker `{}` is not one of `brokers`", wanted.name));
        report.push(finding.help(did_you_mean(wanted.name, self.written.iter().map(String::as_str), "`brokers` names none")));
        None
    }
}
