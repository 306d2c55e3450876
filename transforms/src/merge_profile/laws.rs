//! The laws of the merge (`architecture.md`, rule 3), over events that tie in time, repeat, and write one number in several ways.
#![allow(clippy::unwrap_used, clippy::panic)]

mod events;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use schemas::json::{Kind, normalised};
use schemas::profile::{Decision, Overlay, Path, Profile, Question, SectionName, Stamp, Verdict, View};
use schemas::store::{ChangeStatus, CriticalChange};
use schemas::{Json, JsonRef, Record};

use self::events::events;
use super::MergeProfile;
use super::tests::folded;
use crate::{Effects, Fold};

/// A way to deliver events: in some order, some of them again later, in batches of one to four.
#[derive(Debug, Clone)]
struct Delivery {
    order: Vec<Index>,
    again: Vec<Index>,
    batches: Vec<usize>,
    stored: bool,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    (vec(any::<Index>(), 8), vec(any::<Index>(), 0..6), vec(1..5_usize, 16), any::<bool>())
        .prop_map(|(order, again, batches, stored)| Delivery { order, again, batches, stored })
}

impl Delivery {
    fn of(&self, events: &[Record]) -> Vec<Vec<Record>> {
        let mut left: Vec<_> = events.to_vec();
        let mut sequence: Vec<_> =
            self.order.iter().take(events.len()).map(|index| left.remove(index.index(left.len()))).collect();
        for (number, index) in self.again.iter().enumerate() {
            let mut again = index.get(events).clone();
            // Some repeats are read again from where they were, some were produced twice.
            again.origin.offset += if number % 2 == 0 { 0 } else { 100 };
            sequence.insert(index.index(sequence.len() + 1), again);
        }
        let mut sequence = sequence.into_iter().peekable();
        let batches = self.batches.iter().map(|&size| sequence.by_ref().take(size).collect());
        batches.filter(|batch: &Vec<_>| !batch.is_empty()).collect()
    }

    /// Each batch makes a profile of its own, perhaps stored and read back; they are joined in the order of the batches. Beside it the
    /// rows that the batches leave in `critical_changes`.
    fn delivered(&self, events: &[Record]) -> (Profile, Rows) {
        let mut joined = Profile::new("c-1");
        let mut rows = Rows::default();
        for batch in self.of(events) {
            let (profile, effects) = folded(&batch);
            joined.join(if self.stored { read_back(profile) } else { profile });
            upsert(&mut rows, effects);
        }
        (joined, rows)
    }
}

/// The rows of `critical_changes`, by question.
type Rows = BTreeMap<Question, CriticalChange>;

/// What a sink does with a batch's critical changes, where nobody decided.
fn upsert(rows: &mut Rows, effects: Effects) {
    for change in effects.critical_changes {
        match rows.get(&change.question) {
            Some(own) if !change.stands_over(own) => {}
            _ => drop(rows.insert(change.question.clone(), change)),
        }
    }
}

/// The questions whose rows say that they wait, and since when.
fn pending(rows: &Rows) -> BTreeMap<Question, DateTime<Utc>> {
    let pending = rows.values().filter(|row| row.status == ChangeStatus::PendingApproval);
    pending.map(|row| (row.question.clone(), row.at)).collect()
}

/// What the API does in one transaction: notes the decision, and lays what an approved request asks for.
fn decide(profile: &mut Profile, row: &CriticalChange, verdict: Verdict) {
    let decided_at = "2026-04-01T00:00:00Z".parse().unwrap();
    super::decide(profile, row, verdict, decided_at).unwrap().expect("it waits");
}

/// A value as PostgreSQL's `jsonb` gives it back: short names first, numbers in plain notation, escapes decoded, blanks its own.
fn jsonb(value: JsonRef<'_>) -> String {
    match value.kind() {
        Kind::Number => {
            let plain = value.as_decimal().unwrap().to_plain_string();
            if plain.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.')) { plain.replace('-', "") } else { plain }
        }
        Kind::String => serde_json::Value::from(value.as_str().unwrap()).to_string(),
        Kind::Array => format!("[{}]", value.elements().map(jsonb).collect::<Vec<_>>().join(", ")),
        Kind::Object => {
            let mut members: Vec<_> = value.members().map(|(name, value)| (name.as_str(), jsonb(value))).collect();
            members.sort_by_key(|(name, _)| (name.len(), name.to_string()));
            let members = members.iter().map(|(name, value)| format!("{}: {value}", serde_json::Value::from(&**name)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Kind::Null | Kind::Bool => value.text().to_owned(),
    }
}

fn read_back(profile: Profile) -> Profile {
    let stored = |value: &Json| Json::parse_own(&jsonb(value.as_ref())).unwrap();
    let mut back = Profile { sections: Default::default(), overlays: Default::default(), ..profile };
    for (name, mut section) in profile.sections {
        section.value = stored(&section.value);
        section.summary = section.summary.as_ref().map(stored);
        back.sections.join(name, section);
    }
    for (path, mut overlay) in profile.overlays {
        overlay.value = stored(&overlay.value);
        back.overlays.insert(path, overlay);
    }
    back
}

/// All that a profile says because of events, in texts that do not depend on notation.
#[derive(Debug, PartialEq)]
struct Facts {
    sections: Vec<(SectionName, Stamp, String, Option<String>)>,
    overlays: Vec<(Path, Stamp, String)>,
    questions: (BTreeMap<Question, DateTime<Utc>>, BTreeMap<Question, Decision>),
    stated: String,
    view: Vec<(Option<String>, Option<String>, bool)>,
}

fn facts(profile: &Profile) -> Facts {
    let text = |value: &Json| normalised(value.as_ref());
    let view = View::of(profile);
    let shown = |name| (view.get(name).map(normalised), view.summary(name).map(normalised), view.exists(name));
    Facts {
        sections: (profile.sections.iter())
            .map(|(name, section)| (name, section.stamp.clone(), text(&section.value), section.summary.as_ref().map(text)))
            .collect(),
        overlays: (profile.overlays.iter())
            .map(|(path, overlay)| (path.clone(), overlay.stamp.clone(), text(&overlay.value)))
            .collect(),
        questions: (profile.waiting.clone(), profile.decided.clone()),
        stated: format!("{:?} {:?} {:?}", profile.stated_type, profile.stated_version, profile.customer_type()),
        view: SectionName::ALL.map(shown).into(),
    }
}

fn joined(left: &Profile, right: &Profile) -> Profile {
    let mut joined = left.clone();
    joined.join(right.clone());
    joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn neither_order_nor_repeats_nor_batches_matter(events in events(), delivery in delivery()) {
        let (once, effects) = folded(&events);
        let mut rows = Rows::default();
        upsert(&mut rows, effects);
        let (delivered, delivered_rows) = delivery.delivered(&events);
        prop_assert_eq!(facts(&delivered), facts(&once));
        prop_assert_eq!(&delivered_rows, &rows);
        prop_assert_eq!(pending(&rows), once.waiting, "what waits is what the table says waits");
    }

    #[test]
    fn no_replay_undoes_or_repeats_a_decision(
        events in events(), decided_after in any::<Index>(), delivery in delivery(),
        verdict in select(vec![Verdict::Approved, Verdict::Rejected]),
    ) {
        let (mut profile, effects) = folded(&events[..=decided_after.index(events.len())]);
        let mut rows = Rows::default();
        upsert(&mut rows, effects);
        let Some(row) = rows.values().find(|row| row.status == ChangeStatus::PendingApproval) else { return Ok(()) };
        decide(&mut profile, row, verdict);
        let (replayed, _) = delivery.delivered(&events);
        let both = joined(&profile, &replayed);
        prop_assert_eq!(facts(&both), facts(&joined(&replayed, &profile)));
        prop_assert!(!both.waiting.contains_key(&row.question) && both.decided == profile.decided);
        // Folding the events again over the decided profile comes to the same, and writes no row of what was decided.
        let mut again = profile.clone();
        let mut effects = Effects::default();
        for event in &events {
            MergeProfile.fold(&mut again, event, &mut effects).unwrap();
        }
        prop_assert_eq!(facts(&again), facts(&both));
        prop_assert!(effects.critical_changes.iter().all(|change| change.question != row.question));
    }

    #[test]
    fn no_overlay_is_kept_that_can_never_show_again(events in events(), delivery in delivery()) {
        let (profile, _) = delivery.delivered(&events);
        for (path, overlay) in &profile.overlays {
            prop_assert!(profile.sections.get(path.section).is_none_or(|section| section.stamp.at <= overlay.stamp.at));
        }
        // Those that are dropped show nowhere: the view is that of a profile that keeps all of them.
        let mut keeping = profile.clone();
        for event in &events {
            for (path, overlay) in folded(std::slice::from_ref(event)).0.overlays {
                Overlay::join(&mut keeping.overlays, path, overlay);
            }
        }
        prop_assert_eq!(facts(&profile).view, facts(&keeping).view);
    }

    #[test]
    fn no_section_is_older_than_the_latest_event_that_brought_it(events in events()) {
        let (all, _) = folded(&events);
        for event in &events {
            let (one, _) = folded(std::slice::from_ref(event));
            for (name, section) in one.sections.iter() {
                prop_assert!(all.sections.get(name).is_some_and(|all| all.stamp.at >= section.stamp.at));
            }
        }
        let written = all.sections.iter().map(|(_, section)| &section.stamp).chain(all.overlays.values().map(|overlay| &overlay.stamp));
        for stamp in written {
            prop_assert!(events.iter().any(|event| event.id == stamp.event_id && event.event_time == stamp.at));
        }
    }

    #[test]
    fn joining_is_commutative(left in events(), right in events()) {
        let (left, right) = (folded(&left).0, folded(&right).0);
        prop_assert_eq!(facts(&joined(&left, &right)), facts(&joined(&right, &left)));
    }

    #[test]
    fn joining_is_associative(a in events(), b in events(), c in events()) {
        let [a, b, c] = [a, b, c].map(|events| folded(&events).0);
        prop_assert_eq!(facts(&joined(&joined(&a, &b), &c)), facts(&joined(&a, &joined(&b, &c))));
    }

    #[test]
    fn joining_is_idempotent(events in events(), more in events()) {
        let profile = folded(&events).0;
        let mut again = profile.clone();
        prop_assert!(!again.join(profile.clone()) && !again.join(read_back(profile.clone())), "nothing changed");
        prop_assert_eq!(facts(&again), facts(&profile));
        let both = joined(&profile, &folded(&more).0);
        prop_assert_eq!(facts(&joined(&both, &profile)), facts(&both));
    }

    #[test]
    fn a_change_is_told_exactly_when_there_is_one(events in events(), next in events()) {
        let (mut profile, _) = folded(&events);
        profile.version = 1;
        for event in &next {
            let before = facts(&profile);
            let mut effects = Effects::default();
            MergeProfile.fold(&mut profile, event, &mut effects).unwrap();
            prop_assert_eq!(effects.changed, facts(&profile) != before);
        }
    }
}
