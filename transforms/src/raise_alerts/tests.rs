#![allow(clippy::unwrap_used)]

use schemas::sync::{Phase, Requested, Sync, SyncPriority};
use std::collections::BTreeMap;

use schemas::profile::SectionName::{Assets, Basic, SpecificData, Stocks};
use schemas::profile::SyncStatus;
use serde_json::json;

use super::*;
use crate::trial::Trial;

/// The step alone: `incomplete_profile` is off, as completeness was not measured.
fn run(trial: &Trial) -> Computed {
    trial.run_with(&[("raise_alerts", json!({"incomplete_profile": {"below": 0}}))])
}

fn open(trial: &Trial) -> BTreeMap<&'static str, &'static str> {
    run(trial).alerts.values().map(|log| (log.last.kind.as_str(), log.last.level.as_str())).collect()
}

fn data(trial: &Trial, kind: AlertKind) -> String {
    run(trial).alerts[&kind].last.data.as_ref().text().to_owned()
}

fn stock(quantity: &str, minimum: &str, state: &str) -> Trial {
    let line = format!(
        r#"[{{"id": "s", "nomProduit": "Riz", "quantiteStock": {quantity}, "seuilMinimum": {minimum}, "etatStock": "{state}"}}]"#
    );
    Trial::default().section(Stocks, &line)
}

/// The alert says what it said; a further run over the same sections finds nothing new.
fn remembering(trial: &Trial) -> Trial {
    let mut after = trial.clone();
    after.profile.alerts = run(trial).alerts;
    after
}

#[test]
fn stock_is_low_at_its_minimum_and_high_when_empty() {
    assert_eq!(open(&stock("20", "20.0", "disponible")), BTreeMap::from([("low_stock", "medium")]));
    assert_eq!(open(&stock("20.01", "20", "disponible")), BTreeMap::new());
    assert_eq!(open(&stock("0.0", "20", "disponible")), BTreeMap::from([("low_stock", "high")]));
    assert_eq!(open(&stock("0", "20", "reserve")), BTreeMap::new());
    assert_eq!(open(&stock("null", "20", "disponible")), BTreeMap::new(), "a line without a number takes no part");
    assert_eq!(open(&stock("0", "\"20\"", "disponible")), BTreeMap::new());
}

#[test]
fn only_listed_lines_make_low_stock_high() {
    let lines = r#"[{"id": "a", "quantiteStock": 0, "seuilMinimum": 5, "etatStock": "reserve"},
                    {"id": "b", "nomProduit": "Sel", "quantiteStock": 1e0, "seuilMinimum": 5, "etatStock": "disponible"}]"#;
    let trial = Trial::default().section(Stocks, lines);
    assert_eq!(open(&trial)["low_stock"], "medium");
    assert_eq!(data(&trial, AlertKind::LowStock), r#"{"lines":[{"id":"b","name":"Sel","quantity":1,"minimum":5}]}"#);
}

#[test]
fn an_alert_lists_no_more_than_fits_into_any_topic() {
    let line = |number: u32| json!({"id": number, "nomProduit": "x".repeat(900), "quantiteStock": 0, "seuilMinimum": 5, "etatStock": "disponible"});
    let lines: Vec<_> = (0..1_000).map(line).collect();
    let data = data(&Trial::default().section(Stocks, &json!(lines).to_string()), AlertKind::LowStock);
    assert!(data.len() < 300 << 10, "{}", data.len());
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    let listed = data["lines"].as_array().unwrap().len();
    assert!(listed > 200 && data["more"] == 1_000 - listed, "{listed} and {}", data["more"]);
}

#[test]
fn stock_is_unusable_when_damaged_or_expired() {
    assert_eq!(open(&stock("9", "1", "endommage")), BTreeMap::from([("stock_unusable", "medium")]));
    let expired = stock("9", "1", "expire");
    assert_eq!(data(&expired, AlertKind::StockUnusable), r#"{"lines":[{"id":"s","name":"Riz","state":"expire"}]}"#);
}

#[test]
fn a_warranty_has_expired_the_day_after_its_last() {
    let asset =
        |date: &str| Trial::default().section(Assets, &format!(r#"[{{"id": "a", "garantie": {{"dateExpiration": "{date}"}}}}]"#));
    assert_eq!(open(&asset("2026-03-01")), BTreeMap::new(), "the as-of day itself");
    assert_eq!(open(&asset("2026-03-01T00:00:00+01:00")), BTreeMap::from([("warranty_expired", "low")]), "a day before, in UTC");
    assert_eq!(open(&asset("never")), BTreeMap::new());
    let expired = asset("2026-02-28");
    assert_eq!(data(&expired, AlertKind::WarrantyExpired), r#"{"lines":[{"id":"a","name":null,"expiredOn":"2026-02-28"}]}"#);
}

#[test]
fn an_asset_is_depreciated_below_a_fifth_of_its_price() {
    let asset = |value: &str, price: &str| {
        Trial::default().section(Assets, &format!(r#"[{{"id": "a", "valeurActuelle": {value}, "prixAchat": {price}}}]"#))
    };
    assert_eq!(open(&asset("20", "100")), BTreeMap::new());
    assert_eq!(open(&asset("19.99", "100")), BTreeMap::from([("asset_depreciated", "low")]));
    assert_eq!(open(&asset("0", "0")), BTreeMap::new());
    assert_eq!(open(&asset("null", "100")), BTreeMap::new());
    let data = data(&asset("0.10", "100"), AlertKind::AssetDepreciated);
    assert_eq!(data, r#"{"lines":[{"id":"a","name":null,"value":0.10,"purchase":100}]}"#);
}

#[test]
fn solvency_is_low_below_8() {
    let specific = |ratio: &str| Trial::default().section(SpecificData, &format!(r#"{{"ratioSolvabilite": {ratio}}}"#));
    assert_eq!(open(&specific("8.0")), BTreeMap::new());
    assert_eq!(open(&specific("7.99")), BTreeMap::from([("solvency_low", "high")]));
}

#[test]
fn a_sync_given_up_is_a_failure() {
    let mut trial = Trial::default();
    trial.profile.sync_status = SyncStatus::PendingSync;
    assert_eq!(open(&trial), BTreeMap::new());
    trial.profile.sync_status = SyncStatus::SyncFailed;
    assert_eq!(open(&trial), BTreeMap::from([("sync_failure", "high")]));
    // The next one is under way: nothing was answered yet.
    trial.profile.syncs.given_up = Some(given_up());
    trial.profile.sync_status = SyncStatus::PendingSync;
    assert_eq!(open(&trial), BTreeMap::from([("sync_failure", "high")]));
}

fn given_up() -> Sync {
    let at = "2026-03-01T08:00:00Z".parse().unwrap();
    Sync {
        id: uuid::Uuid::from_u128(7),
        priority: SyncPriority::High,
        reason: "r".into(),
        by: "b".into(),
        requested: Requested::default(),
        data: Vec::new(),
        phase: Phase::GivenUp,
        attempt: 3,
        asked_at: at,
        started_at: Some(at),
        due: None,
        finished_at: Some(at),
        steps: Vec::new(),
        error: None,
    }
}

#[test]
fn a_profile_is_incomplete_below_70() {
    let trial = Trial::default().section(Basic, r#"{"name": "K", "email": "k", "phone": "1", "address": "x"}"#);
    for (below, raised) in [(27, false), (28, true)] {
        let with = json!({"incomplete_profile": {"below": below}});
        let computed = trial.run_with(&[("measure_completeness", json!({})), ("raise_alerts", with)]);
        assert_eq!(computed.alerts.contains_key(&AlertKind::IncompleteProfile), raised, "27 under {below}");
    }
    assert_eq!(AlertParams::default().incomplete_profile.below, Score::new(70));
}

#[test]
fn compliance_is_critical_by_rating_or_by_an_issue() {
    let kind = AlertKind::ComplianceCritical;
    let missing = Trial::default().section(Basic, "{}").run(&["check_conformity", "raise_alerts"]);
    let alert = &missing.alerts[&kind].last;
    assert_eq!(alert.level, AlertLevel::Urgent);
    assert_eq!(alert.data.as_ref().text(), r#"{"rating":null,"issues":["missing_company_profile"]}"#);
    let rated = Trial::default().section(Basic, "{}").run(&["rate_compliance", "raise_alerts"]);
    assert_eq!(rated.alerts[&kind].last.data.as_ref().text(), r#"{"rating":"critical","issues":[]}"#);
    assert!(!run(&Trial::default().section(Basic, "{}")).alerts.contains_key(&kind), "nothing rated, nothing checked");
}

#[test]
fn a_high_risk_lists_its_factors() {
    let trial = Trial::default().section(SpecificData, r#"{"ratioSolvabilite": 7, "ratioLiquidite": 1}"#);
    let alert = trial.run(&["assess_risk", "raise_alerts"]).alerts[&AlertKind::HighRisk].last.clone();
    assert_eq!(alert.data.as_ref().text(), r#"{"score":55,"factors":["solvency_below_minimum","liquidity_below_minimum"]}"#);
    assert_eq!(alert.message, "Risque élevé : score 55 sur 100");
}

#[test]
fn an_alert_is_raised_once() {
    let trial = stock("1", "5", "disponible");
    let first = run(&trial);
    assert_eq!(first.transitions.len(), 1);
    assert_eq!((first.transitions[0].what, first.transitions[0].number), (TransitionKind::Raised, 1));
    let again = run(&remembering(&trial));
    assert_eq!((again.transitions, again.alerts), (Vec::new(), first.alerts));
}

#[test]
fn an_alert_is_updated_when_what_it_says_changes_and_stays_acknowledged() {
    let mut before = remembering(&stock("3", "5", "disponible"));
    before.profile.alerts.get_mut(&AlertKind::LowStock).unwrap().last.status = AlertStatus::Acknowledged;
    let id = before.profile.alerts[&AlertKind::LowStock].last.id;
    let later = before
        .at("2026-03-05T00:00:00Z")
        .section(Stocks, r#"[{"id": "s", "quantiteStock": 0, "seuilMinimum": 5, "etatStock": "disponible"}]"#);
    let computed = run(&later);
    let transition = &computed.transitions[0];
    assert_eq!((transition.what, transition.number), (TransitionKind::Updated, 2));
    let alert = &transition.alert;
    assert_eq!((alert.id, alert.level, alert.status), (id, AlertLevel::High, AlertStatus::Acknowledged));
    assert_eq!(alert.raised_at.to_rfc3339(), "2026-03-01T08:00:00+00:00");
    assert_eq!(alert.updated_at.to_rfc3339(), "2026-03-05T00:00:00+00:00");
}

#[test]
fn data_that_a_store_wrote_in_another_order_are_the_same() {
    let trial = remembering(&stock("3", "5", "disponible"));
    let mut reread = trial.clone();
    let data = r#"{"lines": [{"id": "s", "name": "Riz", "minimum": 5.0, "quantity": 3}]}"#;
    reread.profile.alerts.get_mut(&AlertKind::LowStock).unwrap().last.data = Json::parse_own(data).unwrap();
    assert_eq!(run(&reread).transitions, []);
}

#[test]
fn an_alert_is_resolved_and_raised_anew_under_another_id() {
    let raised = remembering(&stock("3", "5", "disponible"));
    let full = raised.clone().at("2026-03-02T00:00:00Z").section(Stocks, "[]");
    let resolved = run(&full);
    let transition = &resolved.transitions[0];
    assert_eq!(
        (transition.what, transition.number, transition.alert.status),
        (TransitionKind::Resolved, 2, AlertStatus::Resolved)
    );
    assert_eq!(transition.alert.resolved_at, Some(transition.alert.updated_at));

    let mut resolved = remembering(&full);
    resolved.profile.alerts.get_mut(&AlertKind::LowStock).unwrap().last.level = AlertLevel::Medium;
    let low = r#"[{"id": "s", "quantiteStock": 3, "seuilMinimum": 5, "etatStock": "disponible"}]"#;
    let again = run(&resolved.at("2026-03-03T00:00:00Z").section(Stocks, low));
    let log = &again.alerts[&AlertKind::LowStock];
    assert_eq!((log.raised, log.transition, log.last.status), (2, 1, AlertStatus::Open));
    assert_ne!(log.last.id, transition.alert.id);
    assert_eq!(log.last.resolved_at, None);
}

#[test]
fn an_alerts_times_go_on_where_the_profiles_go_back() {
    let mut raised = remembering(&stock("3", "5", "disponible"));
    // Raised when only a later critical sync was known of the customer, before its first section came.
    let last = &mut raised.profile.alerts.get_mut(&AlertKind::LowStock).unwrap().last;
    last.updated_at = "2026-03-05T00:00:00Z".parse().unwrap();
    last.raised_at = last.updated_at;
    let less = r#"[{"id": "s", "quantiteStock": 0, "seuilMinimum": 5, "etatStock": "disponible"}]"#;
    for lines in ["[]", less] {
        let earlier = raised.clone().at("2026-03-02T00:00:00Z").section(Stocks, lines);
        let alert = &run(&earlier).transitions[0].alert;
        assert_eq!(alert.raised_at.to_rfc3339(), "2026-03-05T00:00:00+00:00");
        assert_eq!(alert.updated_at, alert.raised_at);
        assert!(alert.resolved_at.is_none_or(|at| at == alert.raised_at));
    }
}

#[test]
fn ids_tell_pipeline_customer_kind_and_number_apart() {
    let id = |pipeline, customer, kind, raised| alert_id(pipeline, customer, kind, raised);
    let one = id("p", "c", AlertKind::LowStock, 1);
    assert_eq!(one, id("p", "c", AlertKind::LowStock, 1));
    assert_eq!(one.get_version_num(), 5);
    for other in [
        id("q", "c", AlertKind::LowStock, 1),
        id("p", "d", AlertKind::LowStock, 1),
        id("p", "c", AlertKind::HighRisk, 1),
        id("p", "c", AlertKind::LowStock, 2),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn the_ports_are_the_kinds() {
    assert_eq!(PORTS.to_vec(), AlertKind::ALL.map(AlertKind::as_str).to_vec());
}
