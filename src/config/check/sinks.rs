//! `sinks:`

use std::collections::BTreeMap;
use std::path::Path;

use super::super::draft::{Member, Place};
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, check_name};
use super::super::grammar::SINK;
use super::super::plan::SinkPlan;
use super::{Context, columns};

/// A sink of the file.
pub(super) struct Sink {
    pub(super) plan: SinkPlan,
    /// Of its name.
    pub(super) place: Place,
}

pub(super) fn check(file: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> BTreeMap<String, Sink> {
    let Some(members) = file.by_name("sinks", report) else { return BTreeMap::new() };
    if let (Some(node), true) = (file.node("sinks"), members.is_empty()) {
        let finding = Finding::error(node.place.clone(), "`sinks` names no sink");
        report.push(finding.help("positions and dead letters need one, even where no stage stores profiles"));
    }
    members.iter().map(|member| (member.name.clone(), sink(member, context, report))).collect()
}

/// One sink. It counts as declared whatever is wrong with it.
fn sink(member: &Member, context: &Context<'_>, report: &mut Report) -> Sink {
    check_name(&member.name, &member.place, report);
    let mut plan =
        SinkPlan { url: String::new(), table: String::new(), key: String::new(), columns: BTreeMap::new(), connections: 1 };
    if let Some(fields) = Fields::of(&member.value, &SINK, report) {
        fields.choice("type", report);
        plan.url =
            fields.text("url", report).and_then(|url| address(url.name, &url.place, context.folder, report)).unwrap_or_default();
        plan.table = fields.identifier("table", report);
        (plan.key, plan.columns) = columns::check(&fields, report);
        plan.connections = fields.integer("connections", report);
    }
    Sink { plan, place: member.place.clone() }
}

/// The address of a database; that of a file is made relative to the pipeline file. Never quoted: it may hold a password.
fn address(url: &str, place: &Place, folder: &Path, report: &mut Report) -> Option<String> {
    if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
        return Some(format!("sqlite://{}", folder.join(path).display()));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Some(url.to_owned());
    }
    let finding = Finding::error(place.clone(), "`url` is no address of a database that is known here");
    report.push(finding.help("write `postgres://user:password@host/database` or `sqlite://path/to/file.db`"));
    None
}
