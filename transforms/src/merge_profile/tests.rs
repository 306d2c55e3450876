#![allow(clippy::unwrap_used, clippy::panic)]

use schemas::profile::{CustomerType, Profile, SectionName, View};
use schemas::{Json, Origin, Reason, Record, Reject, Tolerated, TopicName};

use super::MergeProfile;
use crate::{CATALOGUE, Effects, Fold, Step, Surroundings};

/// An event of customer c-1, at this minute of a day.
pub(super) fn event(kind: &str, id: &str, minute: u32, payload: &str) -> Record {
    let at = format!("2026-03-01T08:{minute:02}:00Z").parse().unwrap();
    Record {
        key: Some("c-1".to_owned()),
        value: Json::parse_own(payload).unwrap(),
        kind: kind.into(),
        id: id.into(),
        event_time: at,
        timestamp: at,
        origin: Origin {
            topic: TopicName::try_from("admin.customer.some.data").unwrap(),
            partition: 0,
            offset: u64::from(minute),
        },
        correlation_id: None,
        tolerated: Tolerated::default(),
    }
}

pub(super) fn folded(events: &[Record]) -> (Profile, Effects) {
    let mut profile = Profile::new("c-1");
    let mut effects = Effects::default();
    for event in events {
        MergeProfile.fold(&mut profile, event, &mut effects).unwrap();
    }
    (profile, effects)
}

pub(super) fn shown(events: &[Record], section: SectionName) -> Option<String> {
    View::of(&folded(events).0).get(section).map(|value| value.text().to_owned())
}

pub(super) fn refused(record: &Record) -> Reject {
    let mut profile = Profile::new("c-1");
    let mut effects = Effects::default();
    let reject = MergeProfile.fold(&mut profile, record, &mut effects).unwrap_err();
    assert_eq!((profile, effects), (Profile::new("c-1"), Effects::default()), "a refused event leaves no trace");
    reject
}

#[test]
fn a_complete_profile_brings_every_section_it_carries() {
    let (profile, effects) = folded(&[event(
        "complete_profile",
        "e-1",
        1,
        r#"{"customerId": "c-1", "customerType": "COMPANY", "name": "Ets Lomami", "email": null, "status": "active", "dataVersion": 2.1,
            "companySpecificData": {"legalForm": "SARL"}, "institutionSpecificData": {}, "extendedIdentification": {"isComplete": true},
            "complianceData": {"complianceStatus": "ok"}, "performanceMetrics": {}, "profileCompleteness": {"percentage": 40},
            "patrimoine": {"assets": [], "stocks": [{"id": "s"}], "totalAssetsValue": 0, "lastUpdateDate": "2026-02-28"}}"#,
    )]);
    let text = |name| profile.sections.get(name).map(|section| section.value.as_ref().text());
    assert_eq!(text(SectionName::Basic), Some(r#"{"name":"Ets Lomami","email":null,"status":"active"}"#));
    assert_eq!(text(SectionName::CompanyProfile), Some(r#"{"legalForm": "SARL"}"#));
    assert_eq!(text(SectionName::SpecificData), Some("{}"));
    assert_eq!(text(SectionName::ExtendedProfile), Some(r#"{"isComplete": true}"#));
    assert_eq!(text(SectionName::RegulatoryProfile), Some(r#"{"complianceStatus": "ok"}"#));
    assert_eq!(text(SectionName::PerformanceMetrics), Some("{}"));
    assert_eq!(text(SectionName::ProducerCompleteness), Some(r#"{"percentage": 40}"#));
    assert_eq!(text(SectionName::Assets), Some("[]"));
    assert_eq!(text(SectionName::Stocks), Some(r#"[{"id": "s"}]"#));
    assert_eq!(text(SectionName::InstitutionProfile), None);
    let summary = |name| profile.sections.get(name).unwrap().summary.as_ref().unwrap().as_ref().text().to_owned();
    assert_eq!(summary(SectionName::Assets), r#"{"totalValue":0,"lastUpdateDate":"2026-02-28"}"#);
    assert_eq!(summary(SectionName::Stocks), r#"{"lastUpdateDate":"2026-02-28"}"#);
    assert_eq!(profile.customer_type(), CustomerType::Pme);
    assert_eq!(profile.stated_version.unwrap().value, "2.1");
    assert!(effects.changed);
}

#[test]
fn shared_profiles_bring_their_own_sections() {
    let (company, _) = folded(&[event(
        "company_profile",
        "e-1",
        1,
        r#"{"customerType": "COMPANY", "name": "Ets Lomami", "companyProfile": {"rccm": "1"}, "extendedProfile": {"generalInfo": {}},
            "patrimoine": {"assets": [{"id": "a"}], "stocks": null, "lastValuationDate": "2026-01-31"}, "profileCompleteness": {}}"#,
    )]);
    let names: Vec<_> = company.sections.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["basic", "companyProfile", "extendedProfile", "assets", "producerCompleteness"]);
    let assets = company.sections.get(SectionName::Assets).unwrap();
    assert_eq!(assets.summary.as_ref().unwrap().as_ref().text(), r#"{"lastUpdateDate":"2026-01-31"}"#);

    let (institution, _) = folded(&[event(
        "institution_profile",
        "e-1",
        1,
        r#"{"customerType": "FINANCIAL_INSTITUTION", "institutionProfile": {"type": "IMF"}, "regulatoryProfile": null}"#,
    )]);
    let names: Vec<_> = institution.sections.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["basic", "institutionProfile"],
        "a null section was not brought; a profile without basic fields has an empty one"
    );
    assert_eq!(institution.customer_type(), CustomerType::FinancialInstitution);
}

#[test]
fn each_data_event_brings_one_section() {
    let (profile, _) = folded(&[
        event("institution_data", "e-1", 1, r#"{"specificData": {"totalBilan": 1}}"#),
        event("identification", "e-2", 2, r#"{"identification": {"completionPercentage": 60, "isComplete": false}}"#),
        event("assets", "e-3", 3, r#"{"assets": [{"id": "a"}], "summary": {"totalValue": 1}}"#),
        event("stocks", "e-4", 4, r#"{"stocks": [], "summary": null, "dataVersion": "2.0"}"#),
    ]);
    let names: Vec<_> = profile.sections.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["specificData", "extendedProfile", "assets", "stocks"]);
    assert_eq!(
        profile.sections.get(SectionName::Assets).unwrap().summary.as_ref().unwrap().as_ref().text(),
        r#"{"totalValue": 1}"#
    );
    assert_eq!(profile.sections.get(SectionName::Stocks).unwrap().summary, None);
    assert_eq!(profile.stated_version.as_ref().unwrap().value, "2.0", "as the latest event states it");
    assert_eq!(profile.as_of(), Some("2026-03-01T08:04:00Z".parse().unwrap()));
    assert_eq!(profile.customer_type(), CustomerType::FinancialInstitution, "it has specificData, and nothing states a type");
}

#[test]
fn a_later_section_replaces_the_whole_of_an_older_one() {
    let with_phone =
        event("complete_profile", "e-1", 1, r#"{"name": "A", "phone": "+243", "companySpecificData": {"rccm": "1"}}"#);
    let without = event("complete_profile", "e-2", 2, r#"{"name": "B"}"#);
    for events in [[with_phone.clone(), without.clone()], [without, with_phone]] {
        assert_eq!(shown(&events, SectionName::Basic).unwrap(), r#"{"name":"B"}"#);
        assert_eq!(shown(&events, SectionName::CompanyProfile).unwrap(), r#"{"rccm": "1"}"#, "not brought, not replaced");
    }
}

#[test]
fn notifications_and_sync_requests_change_nothing() {
    for kind in ["profile_updated", "sync_request"] {
        let (profile, effects) = folded(&[event(kind, "e-1", 1, r#"{"customerType": "COMPANY", "dataVersion": "2.1"}"#)]);
        assert_eq!((profile, effects), (Profile::new("c-1"), Effects::default()));
    }
}

#[test]
fn a_repeat_changes_nothing_once_the_profile_is_stored() {
    let assets = event("assets", "e-1", 1, r#"{"assets": [{"id": "a", "prixAchat": 1.50}]}"#);
    let (mut profile, _) = folded(std::slice::from_ref(&assets));
    profile.version = 1;
    let mut again = assets.clone();
    again.origin.offset += 7;
    // As PostgreSQL's jsonb gives the section back.
    again.value = Json::parse_own(r#"{"assets": [{"prixAchat": 1.50, "id": "a"}]}"#).unwrap();
    let mut effects = Effects::default();
    MergeProfile.fold(&mut profile, &again, &mut effects).unwrap();
    assert_eq!(effects, Effects::default());
    assert_eq!(profile.sections.get(SectionName::Assets).unwrap().stamp.origin, assets.origin);
}

#[test]
fn of_one_time_the_greater_hash_of_the_content_stands() {
    // SHA-256 of the lines, the summary left out: 4f53... of [], 3f2d... of [{"id":"a"}].
    let none = event("assets", "e-9", 1, r#"{"assets": [], "summary": {"totalValue": 9}}"#);
    let one = event("assets", "e-1", 1, r#"{"assets": [{"id": "a"}]}"#);
    for events in [[none.clone(), one.clone()], [one, none]] {
        assert_eq!(shown(&events, SectionName::Assets).unwrap(), "[]");
    }
}

#[test]
fn an_unknown_kind_is_refused() {
    assert_eq!(refused(&event("weather", "e-1", 1, "{}")).reason, Reason::Transform);
}

#[test]
fn data_versions_are_compared_by_meaning() {
    for (sent, expected) in [("\"2.1\"", "2.1"), ("2.1", "2.1"), ("2.10", "2.1"), ("2", "2.0"), ("\"\"", "2.1"), ("null", "2.1")]
    {
        let (profile, _) = folded(&[event("assets", "e-1", 1, &format!(r#"{{"assets": [], "dataVersion": {sent}}}"#))]);
        assert_eq!(profile.stated_version.unwrap().value, expected, "dataVersion {sent}");
    }
}

#[test]
fn the_catalogue_builds_it_without_parameters_only() {
    let entry = CATALOGUE.iter().find(|entry| entry.name == "merge_profile").unwrap();
    assert!(matches!((entry.build)(&serde_json::json!({}), &Surroundings::default()), Ok(Step::Fold(_))));
    let Err(error) = (entry.build)(&serde_json::json!({"window": 1}), &Surroundings::default()) else {
        panic!("unknown parameter")
    };
    assert_eq!(error.path, ["window"]);
}
