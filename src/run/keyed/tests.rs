#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use schemas::profile::Computed;
use schemas::profile::{Section, SectionName, Stamp};
use schemas::{Json, Origin, Reason, Tolerated};
use transforms::Subject;

use super::*;
use crate::config::{BatchPlan, StepPlan};

/// Writes the record's value as the basic section, and counts; refuses `"refused"`, panics at `"fold"`.
struct Keep(Arc<AtomicUsize>);

impl Fold for Keep {
    fn effect_id(&self, record: &Record) -> Option<String> {
        record.id.starts_with("once").then(|| record.id.to_string())
    }

    fn fold(&self, profile: &mut Profile, record: &Record, effects: &mut Effects) -> Result<(), Reject> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let stamp = Stamp { at: record.event_time, event_id: Arc::clone(&record.id), origin: record.origin.clone() };
        effects.changed |=
            profile.sections.join(SectionName::Basic, Section { stamp, value: record.value.clone(), summary: None });
        match record.value.as_ref().text() {
            "\"refused\"" => Err(Reject::new(Reason::Transform, "", "refused")),
            "\"fold\"" => panic!("in the fold"),
            _ => Ok(()),
        }
    }
}

/// Panics at `"derive"`.
struct Watch;

impl Derive for Watch {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let text = subject.view.get(SectionName::Basic).map(schemas::JsonRef::text);
        assert_ne!(text, Some("\"derive\""), "in the rule");
        computed.completeness.percentage = 50;
    }
}

fn stage(folded: &Arc<AtomicUsize>) -> StagePlan {
    let step = |name, step| StepPlan { name, step, rollout: Rollout::ALL, routes: BTreeMap::new() };
    StagePlan {
        name: "profile".into(),
        from: Vec::new(),
        steps: vec![step("keep", Step::Fold(Box::new(Keep(Arc::clone(folded))))), step("watch", Step::Derive(Box::new(Watch)))],
        to: None,
        on_reject: None,
        store: None,
        lanes: 1,
        exactly_once: false,
        batch: BatchPlan { records: 10, size_bytes: 1 << 20, linger: Duration::ZERO },
    }
}

fn record(customer: &str, id: &str, value: &str, minute: u32) -> Record {
    Record {
        key: Some(customer.into()),
        value: Json::parse_own(value).unwrap(),
        kind: "test".into(),
        id: id.into(),
        event_time: format!("2026-03-01T08:{minute:02}:00Z").parse().unwrap(),
        timestamp: "2026-03-01T08:00:00Z".parse().unwrap(),
        origin: Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: u64::from(minute) },
        correlation_id: None,
        tolerated: Tolerated::default(),
    }
}

fn merge(records: &[Record], seen: &[&str]) -> Merged {
    merge_counting(records, seen, &Arc::default())
}

fn merge_counting(records: &[Record], seen: &[&str], folded: &Arc<AtomicUsize>) -> Merged {
    let stage = stage(folded);
    let keyed = Keyed::new("p", "hash".into(), &stage);
    let seen = seen.iter().map(|id| (*id).to_owned()).collect();
    let records: Vec<_> = records.iter().collect();
    let now = "2026-03-01T08:00:00Z".parse().unwrap();
    keyed.merge(&Given { records: &records, wakes: &[], seen: &seen, now }, HashMap::new())
}

fn basics(merged: &Merged) -> Vec<(&str, &str)> {
    merged.rows.iter().map(basic).collect()
}

fn basic(row: &Row) -> (&str, &str) {
    let section = row.profile.sections.get(SectionName::Basic).unwrap();
    (&row.profile.customer_id, section.value.as_ref().text())
}

#[test]
fn customers_come_in_key_order_each_once() {
    let merged = merge(&[record("b", "1", "1", 1), record("a", "2", "2", 2), record("b", "3", "3", 3)], &[]);
    assert_eq!(basics(&merged), [("a", "2"), ("b", "3")]);
    assert!(merged.rejected.is_empty());
}

#[test]
fn a_refused_record_changes_nothing_and_the_others_count() {
    let merged = merge(&[record("a", "1", "1", 1), record("a", "2", "\"refused\"", 2), record("a", "3", "\"fold\"", 3)], &[]);
    assert_eq!(basics(&merged), [("a", "1")]);
    let places: Vec<_> = merged.rejected.iter().map(|(at, reject)| (*at, reject.reason)).collect();
    assert_eq!(places, [(1, Reason::Transform), (2, Reason::Transform)]);
}

#[test]
fn a_rule_that_panics_costs_the_record_alone_that_brought_it_there() {
    let records = [record("a", "1", "1", 1), record("a", "2", "\"derive\"", 2), record("b", "3", "3", 3)];
    let merged = merge(&records, &[]);
    assert_eq!(basics(&merged), [("a", "1"), ("b", "3")]);
    let places: Vec<_> = merged.rejected.iter().map(|(at, _)| *at).collect();
    assert_eq!(places, [1]);
    assert!(merged.rejected[0].1.violations[0].message.contains("`watch` panicked"), "{:?}", merged.rejected[0].1);
}

#[test]
fn finding_the_record_with_which_a_rule_panics_takes_one_pass() {
    let value = |at: u32| if at == 59 { "\"derive\"".to_owned() } else { at.to_string() };
    let records: Vec<_> = (0..60).map(|at| record("a", &at.to_string(), &value(at), at)).collect();
    let folded = Arc::default();
    let merged = merge_counting(&records, &[], &folded);
    assert_eq!(basics(&merged), [("a", "58")]);
    assert_eq!(merged.rejected.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [59]);
    assert_eq!(folded.load(Ordering::Relaxed), 2 * records.len(), "once together, once one by one");
}

#[test]
fn an_effect_that_was_seen_or_stands_twice_in_a_batch_happens_once() {
    let records = [record("a", "once-1", "1", 1), record("a", "once-1", "1", 1), record("a", "once-2", "2", 2)];
    let merged = merge(&records, &["once-2"]);
    assert_eq!(basics(&merged), [("a", "1")]);
    assert_eq!(merged.seen, BTreeSet::from(["once-1".to_owned()]));
}

#[test]
fn the_first_row_of_a_customer_is_history_from_nothing() {
    let merged = merge(&[record("a", "1", "1", 1)], &[]);
    let completeness = merged.history.iter().find(|entry| entry.field == "completeness").unwrap();
    assert_eq!((completeness.before.as_deref(), completeness.after.as_deref(), completeness.version), (None, Some("50"), 1));
}

/// The rules that alert of low stock, routed to a topic.
fn alerting() -> StagePlan {
    let built = |name| {
        let entry = transforms::CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
        (entry.build)(&serde_json::json!({}), &transforms::Surroundings::default()).unwrap()
    };
    let topic = TopicName::try_from("admin.alerts.stock.low").unwrap();
    let step = |name, routes| StepPlan { name, step: built(name), rollout: Rollout::ALL, routes };
    let steps = vec![
        step("merge_profile", BTreeMap::new()),
        step("rate_compliance", BTreeMap::new()),
        step("raise_alerts", BTreeMap::from([("low_stock", topic)])),
    ];
    StagePlan { steps, ..stage(&Arc::default()) }
}

/// A stock of so many bags, of which there should be five.
fn stock(id: &str, bags: u32, minute: u32) -> Record {
    let lines = format!(
        r#"{{"stocks": [{{"id": "s", "nomProduit": "Riz", "quantiteStock": {bags}, "seuilMinimum": 5, "etatStock": "disponible"}}]}}"#
    );
    Record { kind: "stocks".into(), correlation_id: Some(format!("because-{id}").into()), ..record("a", id, &lines, minute) }
}

/// Merges the batches one after the other, as they would be stored in between.
fn merged_in_batches(batches: &[&[Record]]) -> Vec<Merged> {
    let stage = alerting();
    let keyed = Keyed::new("p", "hash".into(), &stage);
    let mut stored = HashMap::new();
    let merge = |batch: &&[Record]| {
        let records: Vec<_> = batch.iter().collect();
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        let given = Given { records: &records, wakes: &[], seen: &HashSet::new(), now };
        let merged = keyed.merge(&given, std::mem::take(&mut stored));
        let written = merged.rows.iter().map(|row| Profile { version: row.profile.version + 1, ..row.profile.clone() });
        stored.extend(written.map(|profile| (profile.customer_id.clone(), profile)));
        merged
    };
    batches.iter().map(merge).collect()
}

/// How the low-stock alert of the customer changed.
fn low_stock(merged: &[Merged]) -> Vec<&'static str> {
    let transitions = merged.iter().flat_map(|merged| &merged.alerts).map(|(_, transition)| transition);
    transitions
        .filter(|transition| transition.alert.kind.as_str() == "low_stock")
        .map(|transition| transition.what.as_str())
        .collect()
}

#[test]
fn an_alert_that_held_between_two_events_of_one_batch_was_never_raised() {
    let (low, filled) = (stock("1", 1, 1), stock("2", 9, 2));
    let apart = merged_in_batches(&[std::slice::from_ref(&low), std::slice::from_ref(&filled)]);
    assert_eq!(low_stock(&apart), ["raised", "resolved"]);
    let together = merged_in_batches(&[&[low, filled]]);
    assert_eq!(low_stock(&together), [""; 0]);
    let sections = |merged: &[Merged]| merged.last().unwrap().rows[0].profile.sections.clone();
    assert_eq!(sections(&apart), sections(&together), "the profile is the same");
}

#[test]
fn an_alert_carries_the_correlation_id_of_the_last_record_that_changed_anything() {
    let merged = merged_in_batches(&[&[stock("1", 9, 1)], &[stock("3", 1, 3), stock("4", 1, 4), stock("2", 9, 2)]]);
    assert_eq!(merged[1].rows[0].correlation_id.as_deref(), Some("because-4"), "the one after it came late, and changed nothing");
    let event: serde_json::Value = serde_json::from_slice(&merged[1].effects[0].value).unwrap();
    assert_eq!(event["correlationid"], "because-4", "{event}");
}

#[test]
fn a_profile_that_only_waits_names_the_last_record_that_changed_it() {
    let waits = |id: &str, minute| {
        let payload = format!(
            r#"{{"syncType": "full_profile", "priority": "low", "changes": [{{"field": "name", "newValue": "A", "impact": "high"}}],
                "metadata": {{"requestId": "{id}", "requiresAdminApproval": true}}}}"#
        );
        Record { kind: "critical_sync".into(), ..record("a", id, &payload, minute) }
    };
    let last = |batches: &[&[Record]]| merged_in_batches(batches).pop().unwrap().rows[0].last_event_id.clone().unwrap();
    assert_eq!(&*last(&[&[waits("r-2", 2), waits("r-1", 1)]]), "r-1");
    assert_eq!(&*last(&[&[waits("r-1", 1), waits("r-2", 2)]]), "r-2");
}
