//! Profiles and what is written with them.

use std::collections::BTreeMap;

use schemas::json::normalised;
use schemas::profile::{
    AdminStatus, Administrative, Alert, AlertKind, AlertLevel, AlertLog, AlertStatus, AlertTransition, Amount, CustomerType,
    Decision, FinancialMetrics, Overlay, Path, Profile, Rating, RiskAssessment, RiskLevel, Section, SectionName, SectionSet,
    Sections, Stated, SyncStatus, TransitionKind, Verdict,
};
use schemas::store::{Batch, Position, Row, Written};
use schemas::{FaultKind, Json};
use sinks::Settings;
use uuid::Uuid;

use super::critical_changes::question;
use super::{Place, batch, json, noon, opened, partition, profile, read, row, settings, stamp, store, write};

pub async fn profiles_are_loaded_until_they_are_large(place: &impl Place) {
    let sink = opened(place, &Settings { loaded_bytes: 10_000, ..settings() }).await;
    let named = |number| format!("c-{number}");
    let large = |number| {
        let mut large = profile(&named(number));
        // What compresses well, too, is large once it is here.
        let value = json(&format!(r#"{{"name": "{}"}}"#, "a".repeat(4_000)));
        large.sections.join(SectionName::Basic, Section { stamp: stamp(1), value, summary: None });
        large
    };
    write(&sink, (0..10).map(large).collect()).await;
    let mut asked: Vec<String> = (0..10).map(named).chain(["nobody".to_owned()]).collect();
    let mut readings = Vec::new();
    while !asked.is_empty() {
        let loaded = sink.read(&asked, &[]).await.unwrap();
        assert!(loaded.profiles.keys().all(|customer| asked.contains(customer) && !loaded.left.contains(customer)));
        readings.push(loaded.profiles.len());
        asked = loaded.left.into_iter().collect();
    }
    assert_eq!(readings.iter().sum::<usize>(), 10, "each once");
    assert!(readings.len() >= 4 && readings.iter().all(|profiles| *profiles <= 3), "{readings:?}");
    let small = opened(place, &Settings { loaded_bytes: 1, ..settings() }).await;
    assert_eq!(small.read(&[named(1), named(2)], &[]).await.unwrap().profiles.len(), 1, "one at least");
    let wide = store(place).await.read(&(0..10).map(named).collect::<Vec<_>>(), &[]).await.unwrap();
    assert_eq!((wide.profiles.len(), wide.left.len()), (10, 0));
}

pub async fn an_empty_store_knows_nothing(place: &impl Place) {
    let sink = store(place).await;
    sink.ping().await.unwrap();
    let loaded = sink.read(&["c-1".to_owned()], &["event-1".to_owned()]).await.unwrap();
    assert!(loaded.profiles.is_empty() && loaded.seen.is_empty());
    assert!(sink.read(&[], &[]).await.unwrap().profiles.is_empty());
    assert!(sink.positions("profile").await.unwrap().is_empty());
    assert!(sink.outbox(10, None).await.unwrap().is_empty());
}

/// A profile with everything that one can hold.
fn whole(customer: &str) -> Profile {
    let mut whole = profile(customer);
    for (number, name) in SectionName::ALL.into_iter().enumerate() {
        let value = json(&format!(r#"{{"section": "{}", "list": [1, null, true, {{}}], "empty": ""}}"#, name.as_str()));
        let lines = matches!(name, SectionName::Assets | SectionName::Stocks);
        let summary = lines.then(|| json(r#"{"totalValue": 12.50}"#));
        let seconds = i64::try_from(number).unwrap() + 1;
        whole.sections.join(name, Section { stamp: stamp(seconds), value, summary });
    }
    let path =
        |below: &[&str]| Path { section: SectionName::Basic, below: below.iter().map(|name| (*name).to_owned()).collect() };
    whole.overlays.insert(path(&["name"]), Overlay { stamp: stamp(50), value: json(r#""set over""#) });
    whole.overlays.insert(path(&["address", "0", "ci\"ty"]), Overlay { stamp: stamp(51), value: json("null") });
    whole.waiting.insert(question("request-1", 0), noon());
    whole
        .decided
        .insert(question("request-0", 0), Decision { decided_at: stamp(60).at, verdict: Verdict::Rejected, asked_at: noon() });
    whole.stated_type = Some(Stated { at: noon(), value: CustomerType::FinancialInstitution });
    whole.stated_version = Some(Stated { at: noon(), value: "2.1".into() });
    whole.alerts.insert(AlertKind::LowStock, log(AlertKind::LowStock, 2, 5, AlertStatus::Acknowledged));
    whole.alerts.insert(AlertKind::HighRisk, log(AlertKind::HighRisk, 1, 2, AlertStatus::Resolved));
    whole.admin = Administrative {
        status: Some(AdminStatus::Suspended),
        rating: Some(Rating::Critical),
        review_priority: None,
        risk_flags: vec!["watched".into(), "é\"'".into()],
    };
    whole.sync_status = SyncStatus::Synced;
    whole.last_sync_at = Some(noon());
    whole
}

fn log(kind: AlertKind, raised: u32, transition: u32, status: AlertStatus) -> AlertLog {
    AlertLog { raised, transition, last: alert(kind, status) }
}

fn alert(kind: AlertKind, status: AlertStatus) -> Alert {
    Alert {
        id: Uuid::from_u128(kind as u128 + 1),
        kind,
        level: AlertLevel::High,
        status,
        message: "l'alerte".into(),
        data: json(r#"{"lines": [{"id": "s-1", "quantity": 0.0}]}"#),
        raised_at: noon(),
        updated_at: noon(),
        resolved_at: (status == AlertStatus::Resolved).then(noon),
    }
}

/// The profile with every JSON text normalised: a database may space and order members as it likes, and write numbers out.
fn plain(profile: Profile) -> Profile {
    let plain = |value: Json| json(&normalised(value.as_ref()));
    let mut sections = Sections::default();
    for (name, section) in profile.sections {
        sections.join(name, Section { value: plain(section.value), summary: section.summary.map(plain), ..section });
    }
    let overlays = profile.overlays.into_iter().map(|(path, set)| (path, Overlay { value: plain(set.value), ..set }));
    let alerts = profile.alerts.into_iter().map(|(kind, log)| {
        let last = Alert { data: plain(log.last.data.clone()), ..log.last };
        (kind, AlertLog { last, ..log })
    });
    Profile { sections, overlays: overlays.collect(), alerts: alerts.collect(), ..profile }
}

pub async fn whole_profiles_come_back(place: &impl Place) {
    let sink = store(place).await;
    let customers = ["c-1", "c-2", "", "Ünïcode 客户 🏦", "'; drop table outbox; --", "a\"b\\c\n\t%_"];
    write(&sink, customers.map(whole).into()).await;
    let asked: Vec<String> = customers.iter().map(|customer| (*customer).to_owned()).collect();
    let loaded = sink.read(&asked, &[]).await.unwrap();
    assert_eq!(loaded.profiles.len(), customers.len());
    for customer in customers {
        let back = loaded.profiles[customer].clone();
        let stored = back.stored.clone().unwrap();
        assert_eq!((stored.rating, stored.admin_status, stored.updated_at), (Rating::Low, AdminStatus::UnderReview, noon()));
        assert_eq!(stored.rules_hash, "rules-1");
        let expected = Profile { version: 1, stored: Some(stored), ..whole(customer) };
        assert_eq!(plain(back), plain(expected), "{customer}");
    }
}

pub async fn numbers_and_strings_come_back_as_they_were_sent(place: &impl Place) {
    let sink = store(place).await;
    let text = r#"{"big":12345678901234567890,"cents":0.10,"price":1.50,"far":1e21,"small":-1.5e-7,"name":"O'Brien \"x\" \\ \ufffd é 🏦","quote":"''"}"#;
    let mut sent = profile("c-1");
    sent.sections.join(SectionName::Assets, Section { stamp: stamp(1), value: json(text), summary: None });
    write(&sink, vec![sent]).await;
    let back = read(&sink, "c-1").await.unwrap();
    let assets = &back.sections.get(SectionName::Assets).unwrap().value;
    assert_eq!(normalised(assets.as_ref()), normalised(json(text).as_ref()));
    for (member, digits) in [("big", "12345678901234567890"), ("cents", "0.10"), ("price", "1.50")] {
        assert_eq!(assets.as_ref().get(member).unwrap().text(), digits);
    }
    // A replay of what is stored changes nothing: it is the same section, however the database writes it.
    let mut again = back.clone();
    assert!(!again.sections.join(SectionName::Assets, Section { stamp: stamp(1), value: json(text), summary: None }));
}

pub async fn what_is_computed_stands_in_the_columns(place: &impl Place) {
    let sink = store(place).await;
    let mut written = row(profile("c-1"));
    let computed = &mut written.computed;
    computed.completeness.percentage = 87;
    computed.conformity.score = 70;
    computed.conformity.is_conform = true;
    computed.rating = Some(Rating::Medium);
    computed.risk = Some(RiskAssessment { score: 60, level: RiskLevel::High, factors: Vec::new(), recommendations: Vec::new() });
    let total = Amount("300268.82".parse().unwrap());
    computed.financial_metrics = Some(FinancialMetrics {
        total_assets_value: total.clone(),
        total_purchase_value: total,
        depreciation_percent: None,
        value_by_category: BTreeMap::new(),
        lines: 1,
    });
    sink.write(&batch(vec![written, row(profile("c-2"))])).await.unwrap();
    let matching = "select count(*) from customer_detailed_profiles where customer_id = 'c-1' and name = 'Kin Commerce' \
                    and email = 'a@b.cd' and status = 'active' and customer_type = 'PME' and completeness = 87 \
                    and compliance_rating = 'medium' and risk_level = 'high' and risk_score = 60 and review_priority = 'medium' \
                    and last_event_id = 'event-0' and version = 1";
    assert_eq!(place.number(matching).await, 1);
    let total = "select cast(round(sum(total_assets_value) * 100) as bigint) from customer_detailed_profiles";
    assert_eq!(place.number(total).await, 30_026_882, "panels add: nothing counts as 0");
    let outline = read(&sink, "c-1").await.unwrap().stored.unwrap();
    assert_eq!((outline.completeness, outline.conformity_score, outline.risk_level), (87, 70, Some(RiskLevel::High)));
}

pub async fn a_stale_version_writes_nothing(place: &impl Place) {
    let sink = store(place).await;
    write(&sink, vec![profile("c-1"), profile("c-2")]).await;
    let fresh = read(&sink, "c-1").await.unwrap();
    let position = Position { of: partition(0), offset: 9, incarnation: None };
    // c-2 was read before it was written; c-3 is gone, or never was.
    let gone = Profile { version: 4, ..profile("c-3") };
    let rows = [gone, profile("c-2"), fresh.clone()].map(row).into();
    let stale = Batch { positions: vec![position], ..batch(rows) };
    assert_eq!(sink.write(&stale).await.unwrap(), Written::Stale(vec!["c-2".into(), "c-3".into()]));
    assert_eq!(read(&sink, "c-1").await.unwrap(), fresh);
    assert!(sink.positions("profile").await.unwrap().is_empty());
    write(&sink, vec![fresh]).await;
    assert_eq!(read(&sink, "c-1").await.unwrap().version, 2);
}

pub async fn what_administrators_wrote_stays(place: &impl Place) {
    let sink = store(place).await;
    write(&sink, vec![profile("c-1")]).await;
    let before = read(&sink, "c-1").await.unwrap();
    place
        .execute(
            "update customer_detailed_profiles set admin_status_by_hand = 'suspended', compliance_rating_by_hand = 'high', \
             review_priority_by_hand = 'urgent', risk_flags_by_hand = '[\"watched\"]', admin_notes = 'call them', \
             reviewed_by = 'admin-1', version = version + 1 \
             where customer_id = 'c-1'",
        )
        .await;
    let late = batch(vec![row(before)]);
    assert_eq!(sink.write(&late).await.unwrap(), Written::Stale(vec!["c-1".into()]), "the administrator came first");
    let again = read(&sink, "c-1").await.unwrap();
    assert_eq!(again.admin.status, Some(AdminStatus::Suspended));
    // What the profile says of them is not written, even where it differs.
    write(&sink, vec![Profile { admin: Administrative::default(), ..again.clone() }]).await;
    let back = read(&sink, "c-1").await.unwrap();
    assert_eq!(back.admin, again.admin);
    let kept = "select count(*) from customer_detailed_profiles where admin_notes = 'call them' and reviewed_by = 'admin-1'";
    assert_eq!(place.number(kept).await, 1);
}

pub async fn a_section_that_shows_the_same_keeps_its_column(place: &impl Place) {
    let sink = store(place).await;
    let mut first = profile("c-1");
    let lines = Section { stamp: stamp(1), value: json(r#"[{"id":"a-1"}]"#), summary: Some(json(r#"{"totalValue":1}"#)) };
    first.sections.join(SectionName::Assets, lines);
    write(&sink, vec![first]).await;
    let count = |when: &str| format!("select count(*) from customer_detailed_profiles where {when}");

    let before = read(&sink, "c-1").await.unwrap();
    let mut renamed = before.clone();
    let basic = Section { stamp: stamp(2), value: json(r#"{"name":"Kin Export"}"#), summary: None };
    renamed.sections.join(SectionName::Basic, basic);
    let unchanged = renamed.shown_as_in(&before);
    assert!(unchanged.contains(SectionName::Assets) && !unchanged.contains(SectionName::Basic));
    let row_of = |profile: Profile, unchanged| batch(vec![Row { unchanged, ..row(profile) }]);
    assert_eq!(sink.write(&row_of(renamed.clone(), unchanged)).await.unwrap(), Written::Durable);
    let back = read(&sink, "c-1").await.unwrap();
    assert_eq!(plain(back.clone()).sections, plain(renamed).sections);
    assert_eq!(place.number(&count("name = 'Kin Export' and assets is not null and assets_summary is not null")).await, 1);

    // An overlay of null over a whole section shows nothing: its columns are emptied, not kept.
    let mut covered = back.clone();
    let nothing = Overlay { stamp: stamp(9), value: json("null") };
    Overlay::join(&mut covered.overlays, Path { section: SectionName::Assets, below: vec![] }, nothing);
    let unchanged = covered.shown_as_in(&back);
    assert_eq!(unchanged, SectionSet::default());
    assert_eq!(sink.write(&row_of(covered.clone(), unchanged)).await.unwrap(), Written::Durable);
    assert_eq!(place.number(&count("assets is null and basic is not null")).await, 1);
    assert_eq!(plain(read(&sink, "c-1").await.unwrap()).sections, plain(covered).sections, "what the event wrote is kept");

    let new = Profile::new("c-2");
    assert_eq!(new.shown_as_in(&new), SectionSet::default(), "a row that is not there shows nothing");
}

pub async fn alerts_follow_the_greater_transition(place: &impl Place) {
    let sink = store(place).await;
    let transition =
        |what, number, status| ("c-1".to_owned(), AlertTransition { what, number, alert: alert(AlertKind::LowStock, status) });
    let raised = transition(TransitionKind::Raised, 1, AlertStatus::Open);
    let resolved = transition(TransitionKind::Resolved, 2, AlertStatus::Resolved);
    let both = Batch { alerts: vec![raised.clone(), resolved], ..batch(vec![]) };
    sink.write(&both).await.unwrap();
    let late = Batch { alerts: vec![raised], ..batch(vec![]) };
    sink.write(&late).await.unwrap();
    assert_eq!(place.number("select count(*) from profile_alerts").await, 1);
    let stands = "select count(*) from profile_alerts where status = 'resolved' and transition = 2 and kind = 'low_stock'";
    assert_eq!(place.number(stands).await, 1);
}

pub async fn data_that_the_database_refuses_is_a_data_fault(place: &impl Place) {
    let sink = store(place).await;
    let mut refused = row(profile("c-2"));
    refused.computed.completeness.percentage = 101;
    let position = Position { of: partition(0), offset: 9, incarnation: None };
    let batch = Batch { positions: vec![position], ..batch(vec![row(profile("c-1")), refused]) };
    assert_eq!(sink.write(&batch).await.unwrap_err().kind(), FaultKind::Data);
    assert!(read(&sink, "c-1").await.is_none());
    assert!(sink.positions("profile").await.unwrap().is_empty());
    write(&sink, vec![profile("c-1")]).await;
}

pub async fn five_thousand_profiles_in_one_batch(place: &impl Place) {
    let sink = store(place).await;
    let customers: Vec<String> = (0..5_000).rev().map(|number| format!("c-{number}")).collect();
    write(&sink, customers.iter().map(|customer| profile(customer)).collect()).await;
    let loaded = sink.read(&customers, &customers).await.unwrap();
    assert_eq!(loaded.profiles.len(), 5_000);
    write(&sink, loaded.profiles.into_values().collect()).await;
    assert_eq!(place.number("select count(*) from customer_detailed_profiles where version = 2").await, 5_000);
}
