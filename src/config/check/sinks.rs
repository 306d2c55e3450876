//! `sinks:`

use std::collections::BTreeMap;
use std::path::Path;

use super::super::draft::{Member, Place};
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, check_name};
use super::super::grammar::SINK;
use super::super::plan::SinkPlan;
use super::outline::Stage;
use super::topics::Topics;
use super::{Context, columns};

/// A sink of the file.
pub(super) struct Sink {
    pub(super) plan: SinkPlan,
    /// Of its name.
    pub(super) place: Place,
    /// Of its `connections`, where the file says how many.
    connections: Option<Place>,
}

/// What a process needs besides its lanes, so that neither waits for them: one connection keeps the leases, one reads what is
/// published and answers whether the database is well.
const BESIDE_LANES: u32 = 2;

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
    let mut connections = None;
    if let Some(fields) = Fields::of(&member.value, &SINK, report) {
        fields.choice("type", report);
        plan.url =
            fields.text("url", report).and_then(|url| address(url.name, &url.place, context.folder, report)).unwrap_or_default();
        plan.table = fields.identifier("table", report);
        (plan.key, plan.columns) = columns::check(&fields, report);
        plan.connections = fields.integer("connections", report);
        // Not one that was refused already, and reads as left out.
        let written = fields.node("connections").filter(|node| node.to_json() == plan.connections);
        connections = written.map(|node| node.place.clone());
    }
    Sink { plan, place: member.place.clone(), connections }
}

/// Holds the lanes against the connections of the sink that they write to: as many as are needed where the file says nothing.
pub(super) fn fit_lanes(sinks: &mut BTreeMap<String, Sink>, stages: &[Stage], topics: &Topics, report: &mut Report) {
    let Some((name, sink)) = keeper(sinks, stages) else { return };
    // Of stages that run as one, the last one's lanes write.
    let last = |stage: &&Stage| stage.to.as_ref().is_none_or(|to| !topics.is_internal(&to.name));
    let lanes: usize = stages.iter().filter(last).map(|stage| stage.lanes).sum();
    let needed = u32::try_from(lanes).unwrap_or(u32::MAX).saturating_add(BESIDE_LANES);
    match &sink.connections {
        None => sink.plan.connections = sink.plan.connections.max(needed),
        Some(place) if sink.plan.connections < needed => {
            let message = format!("the sink `{name}` needs {needed} connections, and may open {}", sink.plan.connections);
            let help = format!("one for each of the {lanes} lanes of its stages, and {BESIDE_LANES} for leases and publishing");
            report.push(Finding::error(place.clone(), message).help(format!("{help}; without `connections` there are enough")));
        }
        Some(_) => {}
    }
}

/// The sink that keeps the pipeline's state, as [`super::super::plan::Plan::sink`] says: also of stages that store no profiles.
fn keeper<'s>(sinks: &'s mut BTreeMap<String, Sink>, stages: &[Stage]) -> Option<(&'s String, &'s mut Sink)> {
    match stages.iter().find_map(|stage| stage.store.as_ref()) {
        Some(store) => sinks.iter_mut().find(|(name, _)| **name == store.sink.name),
        None => sinks.iter_mut().next(),
    }
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
