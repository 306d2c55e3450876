#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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
    let step = |name, step| StepPlan { name, step, routes: BTreeMap::new() };
    StagePlan {
        name: "profile".into(),
        from: Vec::new(),
        steps: vec![step("keep", Step::Fold(Box::new(Keep(Arc::clone(folded))))), step("watch", Step::Derive(Box::new(Watch)))],
        to: None,
        on_reject: None,
        store: None,
        lanes: 1,
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
    keyed.merge(&records.iter().collect::<Vec<_>>(), HashMap::new(), &seen)
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
