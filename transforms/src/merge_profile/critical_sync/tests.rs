#![allow(clippy::unwrap_used, clippy::panic)]

use schemas::profile::{Path, Profile, SectionName, View};
use schemas::store::ChangeStatus;
use schemas::{Json, Reason, Record};

use super::requested_overlays;
use crate::merge_profile::MergeProfile;
use crate::merge_profile::tests::{event, folded, refused, shown};
use crate::{Effects, Fold};

fn sync(minute: u32, changes: &str) -> Record {
    sync_of("r-1", minute, changes, "false")
}

fn sync_of(request: &str, minute: u32, changes: &str, approval: &str) -> Record {
    let payload = format!(
        r#"{{"customerId": "c-1", "syncType": "financial_data", "priority": "high", "changes": {changes},
            "metadata": {{"source": "back-office", "requestId": "{request}", "requiresAdminApproval": {approval}}}}}"#
    );
    event("critical_sync", request, minute, &payload)
}

#[test]
fn an_overlay_shows_over_what_is_as_old_and_falls_under_what_is_newer() {
    let profile =
        |minute| event("company_profile", "e-1", minute, r#"{"name": "A", "companyProfile": {"legalForm": "SA", "rccm": "1"}}"#);
    let change = sync(
        5,
        r#"[{"field": "companyProfile.legalForm", "oldValue": "SA", "newValue": "SARL"}, {"field": "profileData.name", "newValue": "B"}]"#,
    );
    for (minute, form, name) in [(4, "SARL", "B"), (5, "SARL", "B"), (6, "SA", "A")] {
        for events in [[profile(minute), change.clone()], [change.clone(), profile(minute)]] {
            let shows = |section, member: &str| {
                let view = View::of(&folded(&events).0);
                view.get(section).unwrap().get(member).unwrap().as_str().unwrap().into_owned()
            };
            assert_eq!(shows(SectionName::CompanyProfile, "legalForm"), form, "section at minute {minute}");
            assert_eq!(shows(SectionName::CompanyProfile, "rccm"), "1");
            assert_eq!(shows(SectionName::Basic, "name"), name);
        }
    }
}

#[test]
fn a_critical_sync_of_an_unknown_customer_makes_a_profile_without_sections() {
    let (profile, effects) =
        folded(&[sync(5, r#"[{"field": "specificData.ratioSolvabilite", "newValue": 7.5, "impact": "high"}]"#)]);
    let view = View::of(&profile);
    assert!(effects.changed && profile.sections.is_empty() && !view.exists(SectionName::SpecificData));
    assert_eq!(view.get(SectionName::SpecificData).unwrap().text(), r#"{"ratioSolvabilite":7.5}"#);
    assert_eq!(profile.as_of(), None);
    let change = &effects.critical_changes[0];
    assert_eq!((change.status, change.question.request_id.as_str()), (ChangeStatus::Applied, "r-1"));
    assert_eq!((change.sync_type.as_str(), change.priority.as_str()), ("financial_data", "high"));
    assert_eq!(change.source.as_deref(), Some("back-office"));
    let (_, effects) = folded(&[sync(5, "[]")]);
    assert!(effects.changed, "a profile comes to be even where nothing is asked for");
}

#[test]
fn a_change_of_high_impact_waits_where_approval_is_required() {
    let high =
        r#"[{"field": "name", "newValue": "B", "impact": "low"}, {"field": "email", "newValue": "b@x", "impact": "high"}]"#;
    let (profile, effects) = folded(&[sync_of("r-1", 5, high, "true")]);
    assert!(profile.overlays.is_empty() && profile.stated_version.is_none(), "nothing of it is applied");
    assert_eq!(requests(&profile), ["r-1"]);
    assert_eq!(effects.critical_changes[0].status, ChangeStatus::PendingApproval);
    assert_eq!(requested_overlays(&effects.critical_changes[0].changes).unwrap().len(), 2, "what an approval will apply");

    for (changes, approval) in [(high, "false"), (r#"[{"field": "name", "newValue": "B", "impact": "medium"}]"#, "true")] {
        let (profile, effects) = folded(&[sync_of("r-1", 5, changes, approval)]);
        assert!(profile.waiting.is_empty() && !profile.overlays.is_empty());
        assert_eq!(effects.critical_changes[0].status, ChangeStatus::Applied);
    }
}

#[test]
fn one_forbidden_field_refuses_the_whole_event() {
    let reject = refused(&sync(
        5,
        r#"[{"field": "name", "newValue": "B"}, {"field": "adminStatus", "newValue": "validated"}, {"newValue": 1},
            {"field": "companyProfile..rccm", "newValue": "1"}, {"field": "complianceRating"}]"#,
    ));
    assert_eq!(reject.reason, Reason::ForbiddenField);
    let pointers: Vec<_> = reject.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/changes/1/field", "/changes/3/field", "/changes/4/field"]);
    assert_eq!(refused(&sync_of("r", 5, r#"[{"field": "riskFlags", "impact": "high"}]"#, "true")).reason, Reason::ForbiddenField);
}

#[test]
fn a_field_that_names_no_place_is_refused_not_taken_for_applied() {
    for field in
        ["", "profileData.", ".", "name.", "assets.+5", "assets.05.nom", "stocks.-1", "patrimoine.assets.nom", "assets.١"]
    {
        let reject = refused(&sync(5, &format!(r#"[{{"field": "{field}", "newValue": 1}}]"#)));
        assert_eq!((reject.reason, reject.violations.len()), (Reason::ForbiddenField, 1), "{field:?}");
    }
    for field in ["assets.0", "assets.10.nom", "assets.summary.totalValue", "companyProfile.05"] {
        let (profile, _) = folded(&[sync(5, &format!(r#"[{{"field": "{field}", "newValue": 1}}]"#))]);
        assert_eq!(profile.overlays.len(), 1, "{field}");
    }
}

#[test]
fn a_critical_sync_without_identity_is_refused() {
    let reject =
        refused(&event("critical_sync", "e-1", 1, r#"{"syncType": "x", "priority": "high", "changes": [], "metadata": {}}"#));
    assert_eq!((reject.reason, reject.violations[0].pointer.as_str()), (Reason::Schema, "/metadata/requestId"));
}

#[test]
fn of_one_events_changes_to_one_place_the_last_counts() {
    let changes = Json::parse_own(
        r#"[{"field": "name", "newValue": "A"}, {"field": "profileData.name", "newValue": "B"}, {"field": "phone"}, {"field": null}]"#,
    );
    let overlays = requested_overlays(&changes.unwrap()).unwrap();
    let value = |field| overlays[&Path::from_wire(field).unwrap()].as_ref().text().to_owned();
    assert_eq!((value("name"), value("phone"), overlays.len()), ("\"B\"".to_owned(), "null".to_owned(), 2));
}

#[test]
fn critical_syncs_are_remembered_by_id_and_by_what_they_say() {
    let id = |record: &Record| MergeProfile.effect_id(record).unwrap();
    let once = sync(1, "[]");
    let mut again = once.clone();
    again.origin.offset += 7;
    assert_eq!(id(&again), id(&once));
    assert!(id(&once).starts_with("c-1\nr-1\n"));
    let other = Record { key: Some("c-2".into()), ..once.clone() };
    assert_ne!(id(&other), id(&once), "one request may be about several customers");
    assert_ne!(id(&sync(1, r#"[{"field": "name"}]"#)), id(&once), "one id may say two things");
    assert_ne!(id(&sync(2, "[]")), id(&once));
    assert_eq!(MergeProfile.effect_id(&event("assets", "e-1", 1, "{}")), None);
}

fn requests(profile: &Profile) -> Vec<&str> {
    profile.waiting.keys().map(|question| question.request_id.as_str()).collect()
}

#[test]
fn a_question_waits_if_any_of_its_events_needs_approval() {
    let high = |value| format!(r#"[{{"field": "name", "newValue": "{value}", "impact": "high"}}]"#);
    let (applied, waits) = (sync_of("r-1", 4, &high("A"), "false"), sync_of("r-1", 5, &high("A"), "true"));
    for events in [[applied.clone(), waits.clone()], [waits, applied]] {
        let (profile, effects) = folded(&events);
        assert_eq!(requests(&profile), ["r-1"]);
        assert_eq!(shown(&events, SectionName::Basic).unwrap(), r#"{"name":"A"}"#, "what needs no approval is applied");
        let [one, other] = &effects.critical_changes[..] else { panic!("two events") };
        assert_eq!(one.question, other.question);
        let stands = if one.stands_over(other) { one } else { other };
        assert_eq!(stands.status, ChangeStatus::PendingApproval);
    }
}

#[test]
fn other_changes_under_one_request_id_are_another_question() {
    let high = |field| format!(r#"[{{"field": "{field}", "newValue": "A", "impact": "high"}}]"#);
    let (one, other) = (sync_of("r-1", 5, &high("name"), "true"), sync_of("r-1", 5, &high("email"), "true"));
    let (profile, effects) = folded(&[one.clone(), other]);
    assert_eq!(requests(&profile), ["r-1", "r-1"], "an administrator sees both");
    let asked: Vec<_> =
        effects.critical_changes.iter().map(|change| (&change.question, change.changes.as_ref().text())).collect();
    assert_eq!(asked.iter().map(|(_, changes)| *changes).collect::<Vec<_>>(), [high("name"), high("email")]);
    assert!(asked.iter().all(|(question, _)| profile.waiting.contains_key(question)));
    let again = Record { id: "sent-again".into(), ..one };
    assert_eq!(folded(&[again]).1.critical_changes[0].question, *asked[0].0, "whatever event puts it");
}

#[test]
fn a_critical_sync_of_more_changes_than_anybody_makes_is_refused() {
    let changes = |count| format!("[{}]", vec![r#"{"field":"name","newValue":1}"#; count].join(","));
    let asked = |count| requested_overlays(&Json::parse_own(&changes(count)).unwrap());
    assert_eq!(asked(1_000).unwrap().len(), 1);
    assert_eq!(asked(1_001).unwrap_err().reason, Reason::Schema);
}

/// Changes that set `count` values from `first` on, each of `size_bytes`.
fn values(first: usize, count: usize, size_bytes: usize) -> String {
    let value = "x".repeat(size_bytes);
    let change = |at| format!(r#"{{"field": "companyProfile.x{at}", "newValue": "{value}"}}"#);
    format!("[{}]", (first..first + count).map(change).collect::<Vec<_>>().join(","))
}

#[test]
fn critical_syncs_set_so_many_values_over_one_profile_and_no_more() {
    let mut profile = Profile::new("c-1");
    let mut fold = |record: &Record| MergeProfile.fold(&mut profile, record, &mut Effects::default());
    fold(&sync_of("r-1", 1, &values(0, 1_000, 1), "false")).unwrap();
    let refused = fold(&sync_of("r-2", 2, &values(1_000, 1, 1), "false")).unwrap_err();
    assert_eq!((refused.reason, refused.violations[0].pointer.as_str()), (Reason::Transform, "/changes"));
}

#[test]
fn what_is_there_may_be_set_anew_and_a_section_makes_room() {
    let mut profile = folded(&[sync_of("r-1", 1, &values(0, 1_000, 1), "false")]).0;
    let mut fold = |record: &Record| MergeProfile.fold(&mut profile, record, &mut Effects::default());
    fold(&sync_of("r-2", 2, &values(0, 1_000, 2), "false")).unwrap();
    fold(&event("company_profile", "e-1", 3, r#"{"companyProfile": {"legalForm": "SA"}}"#)).unwrap();
    fold(&sync_of("r-3", 4, &values(2_000, 1_000, 1), "false")).unwrap();
    assert_eq!(profile.overlays.len(), 1_000);
}

#[test]
fn the_values_over_one_profile_are_bounded_in_bytes() {
    let syncs = [sync_of("r-1", 1, &values(0, 1, 600_000), "false"), sync_of("r-2", 2, &values(1, 1, 600_000), "false")];
    folded(&syncs[..1]);
    let mut profile = folded(&syncs[..1]).0;
    let refused = MergeProfile.fold(&mut profile, &syncs[1], &mut Effects::default()).unwrap_err();
    assert!(refused.violations[0].message.contains("at most 1048576"), "{refused}");
}

#[test]
fn so_many_critical_syncs_of_one_customer_wait_and_no_more() {
    let high = |at: usize| format!(r#"[{{"field": "name", "newValue": "{at}", "impact": "high"}}]"#);
    let mut profile = Profile::new("c-1");
    let mut fold = |at: usize| {
        let record = sync_of(&format!("r-{at}"), 1, &high(at), "true");
        MergeProfile.fold(&mut profile, &record, &mut Effects::default())
    };
    (0..1_000).for_each(|at| fold(at).unwrap());
    assert_eq!(fold(1_000).unwrap_err().reason, Reason::Transform);
    fold(999).unwrap();
}
