//! A profile goes into columns and comes back the same.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use schemas::profile::{Alert, AlertLevel, AlertStatus, Attention, Computed, SectionSet, SyncStatus, Verdict, View};
use schemas::{Origin, TopicName};

use super::*;
use crate::columns::ProfileColumns;

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        prop_oneof![Just("1e21"), Just("12345678901234567890"), Just("0.10"), Just("-1.50")].prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let tree = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[ {} ]", elements.join(", "))),
            prop::collection::btree_map("[a-z\"\\\\é]{0,4}", inner, 0..4).prop_map(|members| {
                let member = |(name, value): (&String, &String)| format!("{}:{value}", serde_json::to_string(name).unwrap());
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    });
    tree.prop_map(|text| Json::parse_own(&text).unwrap())
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_i64, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (time(), any::<String>(), any::<u32>(), any::<u64>()).prop_map(|(at, id, partition, offset)| {
        let topic = TopicName::try_from("admin.customer.assets.data").unwrap();
        Stamp { at, event_id: id.into(), origin: Origin { topic, partition, offset } }
    })
}

fn sections() -> impl Strategy<Value = Sections> {
    let section = (prop::sample::select(&SectionName::ALL[..]), stamp(), json(), prop::option::of(json()));
    prop::collection::vec(section, 0..8).prop_map(|list| {
        let mut sections = Sections::default();
        for (name, stamp, value, summary) in list {
            // Only lines come with a summary.
            let summary = summary.filter(|_| matches!(name, SectionName::Assets | SectionName::Stocks));
            sections.join(name, Section { stamp, value, summary });
        }
        sections
    })
}

fn overlays() -> impl Strategy<Value = BTreeMap<Path, Overlay>> {
    let path = (prop::sample::select(&SectionName::ALL[..]), prop::collection::vec(any::<String>(), 0..3));
    let path = path.prop_map(|(section, below)| Path { section, below });
    prop::collection::btree_map(path, (stamp(), json()).prop_map(|(stamp, value)| Overlay { stamp, value }), 0..4)
}

fn alerts() -> impl Strategy<Value = BTreeMap<AlertKind, AlertLog>> {
    let log = (1..9_u32, 1..9_u32, time(), json(), any::<String>(), prop::option::of(time()));
    let kind = prop::sample::select(&AlertKind::ALL[..]);
    prop::collection::vec((kind, log), 0..4).prop_map(|list| {
        let log = |(kind, (raised, transition, at, data, message, resolved_at))| {
            let status = match resolved_at {
                Some(_) => AlertStatus::Resolved,
                None => AlertStatus::Acknowledged,
            };
            let id = uuid::Uuid::from_u128(u128::from(raised));
            let last =
                Alert { id, kind, level: AlertLevel::High, status, message, data, raised_at: at, updated_at: at, resolved_at };
            (kind, AlertLog { raised, transition, last })
        };
        list.into_iter().map(log).collect()
    })
}

fn admin() -> impl Strategy<Value = Administrative> {
    let status = prop::option::of(prop::sample::select(vec![AdminStatus::Suspended, AdminStatus::UnderReview]));
    let rating = prop::option::of(prop::sample::select(Rating::ALL));
    let priority = prop::option::of(prop::sample::select(ReviewPriority::ALL));
    let flags = prop::collection::vec(any::<String>(), 0..3);
    (status, rating, priority, flags).prop_map(|(status, rating, review_priority, risk_flags)| Administrative {
        status,
        rating,
        review_priority,
        risk_flags,
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    let verdict = prop::sample::select(vec![Verdict::Approved, Verdict::Rejected]);
    (time(), verdict, time()).prop_map(|(decided_at, verdict, asked_at)| Decision { decided_at, verdict, asked_at })
}

fn question() -> impl Strategy<Value = Question> {
    let hashed = (any::<String>(), any::<u8>())
        .prop_map(|(request, number)| Question::new(request, Json::from_serialize(&[number]).as_ref()));
    prop_oneof![any::<String>().prop_map(Question::from), hashed]
}

prop_compose! {
    fn profile()(
        id in any::<String>(), sections in sections(), overlays in overlays(), alerts in alerts(), admin in admin(), at in time(),
        version in 0..i64::MAX - 1, waiting in prop::collection::btree_map(question(), time(), 0..3),
        stated in prop::option::of(prop::sample::select(vec![CustomerType::Pme, CustomerType::FinancialInstitution])),
        synced in prop::option::of(time()), decided in prop::collection::btree_map(question(), decision(), 0..3),
    ) -> Profile {
        let stated_version = synced.map(|at| Stated { at, value: id.clone() });
        let stated_type = stated.map(|value| Stated { at, value });
        let sync_status = if synced.is_some() { SyncStatus::Synced } else { SyncStatus::SyncFailed };
        let new = Profile::new(id);
        Profile { version, stated_type, stated_version, sections, overlays, waiting, decided, admin, sync_status, last_sync_at: synced, alerts, ..new }
    }
}

/// The row that a database would give back.
fn stored(columns: ProfileColumns, updated_at: DateTime<Utc>) -> StoredProfile {
    let written = |text: Option<String>| text.filter(|text| text != "null");
    StoredProfile {
        customer_id: columns.customer_id,
        version: columns.version,
        sections: columns.sections.map(written),
        assets_summary: written(columns.assets_summary),
        stocks_summary: written(columns.stocks_summary),
        state: columns.state,
        admin_status_by_hand: columns.admin_status_by_hand.map(str::to_owned),
        compliance_rating_by_hand: columns.compliance_rating_by_hand.map(str::to_owned),
        review_priority_by_hand: columns.review_priority_by_hand.map(str::to_owned),
        risk_flags_by_hand: columns.risk_flags_by_hand,
        sync_status: columns.sync_status.to_owned(),
        last_sync_at: columns.last_sync_at,
        completeness: columns.completeness.into(),
        conformity_score: columns.conformity_score.into(),
        compliance_rating: columns.compliance_rating.map(str::to_owned),
        risk_level: columns.risk_level.map(str::to_owned),
        admin_status: columns.admin_status.to_owned(),
        rules_hash: columns.rules_hash,
        updated_at,
    }
}

fn row(profile: Profile, view: View) -> Row {
    let attention = Attention { admin_status: AdminStatus::Flagged, ..Attention::default() };
    let computed = Computed { rating: Some(Rating::Low), attention, ..Computed::default() };
    Row {
        profile,
        view,
        unchanged: SectionSet::default(),
        computed,
        last_event_id: None,
        correlation_id: None,
        rules_hash: Arc::from("rules"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_stored_is_what_comes_back(profile in profile(), shown in prop::option::of(profile()), now in time()) {
        // Overlays may show anything: another profile's view stands for that.
        let view = View::of(shown.as_ref().unwrap_or(&profile));
        let row = row(profile, view);
        let back = stored(ProfileColumns::of(&row), now).decode().unwrap();
        let outline = Outline {
            completeness: 0, rating: Rating::Low, conformity_score: 0, risk_level: None, admin_status: AdminStatus::Flagged,
            rules_hash: "rules".into(), updated_at: now,
        };
        let expected = Profile { version: row.profile.version + 1, stored: Some(outline), ..row.profile };
        prop_assert_eq!(back, expected);
    }
}

#[test]
fn the_text_of_a_section_stands_in_the_state_only_where_an_overlay_hides_it() {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(1);
    let origin = Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 7 };
    let section = |text| {
        let stamp = Stamp { at, event_id: "e-1".into(), origin: origin.clone() };
        Section { stamp, value: Json::parse_own(text).unwrap(), summary: None }
    };
    let mut own = Profile::new("c-1");
    own.sections.join(SectionName::Basic, section(r#"{"name":"before"}"#));
    let mut shown = Profile::new("c-1");
    shown.sections.join(SectionName::Basic, section(r#"{"name":"after"}"#));
    let plain = encode(&row(own.clone(), View::of(&own)));
    assert!(!plain.contains("before"), "{plain}");
    let hidden = encode(&row(own, View::of(&shown)));
    assert!(hidden.contains(r#""raw":{"value":{"name":"before"}}"#), "{hidden}");
}

#[test]
fn a_state_that_somebody_else_wrote_is_lost_and_names_its_column_and_row() {
    let row = row(Profile::new("c-1"), View::of(&Profile::new("c-1")));
    let mut broken = stored(ProfileColumns::of(&row), DateTime::UNIX_EPOCH);
    broken.state = "{}".into();
    let fault = broken.decode().unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Lost);
    let says = "the profile of version 1, written at 1970-01-01T00:00:00.000000Z: its column state cannot be read";
    assert!(fault.to_string().starts_with(says), "{fault}");
    assert!(fault.advice().contains("updated_at = '1970-01-01T00:00:00.000000Z'"), "{fault:?}");
}
