//! `brokers:` and `broker:`

use std::collections::BTreeMap;

use super::super::draft::{Content, Member, Node};
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, Named, check_name, meant, members};
use super::super::grammar::{BROKERS, FLUVIO, KAFKA, LOCAL, MEMORY};
use super::super::suggest::{self, did_you_mean, listed, nearest};
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
    let Some(written) = members(node, BROKERS.name, report) else { return brokers };
    for member in written {
        let Some(kind) = kind(member, written, report) else {
            brokers.written.push(member.name.clone());
            continue;
        };
        let name = if member.value.member("kind").is_some() { member.name.as_str() } else { kind };
        brokers.written.push(name.to_owned());
        if let Some(plan) = plan(kind, &member.value, context, report) {
            brokers.plans.insert(name.to_owned(), plan);
        }
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

/// What kind of broker it is: the one that `kind` names, else the one that it is called. A misspelt one is read as the one that is meant.
fn kind(member: &Member, beside: &[Member], report: &mut Report) -> Option<&'static str> {
    let known = || BROKERS.keys.iter().map(|key| key.name);
    let Some(written) = member.value.member("kind") else {
        if let Some(kind) = known().find(|kind| *kind == member.name) {
            return Some(kind);
        }
        let message = format!("the broker `{}` does not say its `kind`", member.name);
        let meant_kind = nearest(&member.name, known()).map(|kind| format!("did you mean `{kind}`? else "));
        let finding = Finding::error(member.place.clone(), message);
        report.push(finding.help(format!(
            "{}write its `kind` below it: one of {}",
            meant_kind.unwrap_or_default(),
            listed(known())
        )));
        return meant(member, beside, known());
    };
    check_name(&member.name, &member.place, report);
    let text = match &written.content {
        Content::Scalar(scalar) => scalar.as_text(),
        _ => None,
    };
    let kind = known().find(|kind| text == Some(kind));
    if kind.is_none() {
        let finding = Finding::error(written.place.clone(), format!("`kind` must be one of {}", listed(known())));
        report.push(finding.help(did_you_mean(text.unwrap_or_default(), known(), "there are none")));
        return suggest::only_near(text.unwrap_or_default(), known());
    }
    kind
}

fn plan(kind: &str, node: &Node, context: &Context<'_>, report: &mut Report) -> Option<Broker> {
    let mut fields = |table| Fields::of(node, table, report);
    Some(match kind {
        "fluvio" => Broker::Fluvio(Box::new(fluvio::check(&fields(&FLUVIO)?, context, report))),
        "kafka" => Broker::Kafka(Box::new(kafka::check(&fields(&KAFKA)?, context, report))),
        "local" => Broker::Local { dir: context.folder.join(fields(&LOCAL)?.text("dir", report)?.name) },
        _ => fields(&MEMORY).map(|_| Broker::Memory)?,
    })
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
