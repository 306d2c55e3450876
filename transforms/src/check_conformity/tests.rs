#![allow(clippy::unwrap_used)]

use schemas::profile::SectionName::{
    Assets, Basic, CompanyProfile, ExtendedProfile, InstitutionProfile, RegulatoryProfile, SpecificData, Stocks,
};
use schemas::profile::{CustomerType, Stated};
use serde_json::json;

use super::*;
use crate::trial::Trial;

const SOUND: &str = r#"{"denominationSociale": "B", "numeroAgrement": "1", "autoriteSupervision": "BCC", "typeInstitution": "IMF", "capitalSocial": 5}"#;

fn check(trial: &Trial) -> Conformity {
    trial.run(&["check_conformity"]).conformity
}

fn found(conformity: &Conformity) -> Vec<(&'static str, &str, Severity)> {
    conformity.issues.iter().map(|issue| (issue.code, issue.field.as_str(), issue.severity)).collect()
}

fn stated(customer_type: CustomerType) -> Trial {
    let mut trial = Trial::default();
    trial.profile.stated_type = Some(Stated { at: "2026-03-01T08:00:00Z".parse().unwrap(), value: customer_type });
    trial
}

#[test]
fn without_any_section_there_is_one_issue_and_no_other() {
    for customer_type in [CustomerType::Pme, CustomerType::FinancialInstitution] {
        let conformity = stated(customer_type).run_with(&[("check_conformity", json!({"strict": true}))]).conformity;
        assert_eq!(found(&conformity), [("missing_profile", "", Severity::Critical)]);
        assert_eq!((conformity.score, conformity.is_conform), (75, false), "a critical issue outweighs the score");
    }
}

#[test]
fn an_institution_without_its_sections_lacks_its_data_and_its_status() {
    let conformity = check(&stated(CustomerType::FinancialInstitution).section(Basic, "{}"));
    assert_eq!(
        found(&conformity),
        [
            ("missing_institution_data", "/specificData", Severity::Critical),
            ("missing_compliance_status", "/regulatoryProfile/complianceStatus", Severity::High),
        ]
    );
    assert_eq!((conformity.score, conformity.is_conform), (60, false));
}

#[test]
fn an_institution_lacks_each_field_that_neither_section_has() {
    let trial = Trial::default()
        .section(SpecificData, r#"{"denominationSociale": "B", "typeInstitution": "", "capitalSocial": 0}"#)
        .section(InstitutionProfile, r#"{"typeInstitution": "IMF", "licenseNumber": "1"}"#)
        .section(RegulatoryProfile, r#"{"complianceStatus": "ok"}"#);
    let conformity = check(&trial);
    assert_eq!(
        found(&conformity),
        [
            ("missing_field", "/specificData/numeroAgrement", Severity::High),
            ("missing_field", "/specificData/autoriteSupervision", Severity::High),
        ]
    );
    assert_eq!((conformity.score, conformity.is_conform), (70, true), "conform from 70 on");
    assert_eq!(conformity.issues[0].message, "Le champ numeroAgrement n'est pas renseigné");
}

#[test]
fn the_score_does_not_fall_under_zero() {
    let conformity = check(&Trial::default().section(SpecificData, "{}"));
    assert_eq!((conformity.score, conformity.issues.len()), (10, 6));
    let heavy = json!({"points": {"high": 20}});
    let conformity = Trial::default().section(SpecificData, "{}").run_with(&[("check_conformity", heavy)]).conformity;
    assert_eq!(conformity.score, 0);
}

#[test]
fn a_company_without_its_profile_lacks_it_once() {
    let conformity = check(&Trial::default().section(Basic, "{}").section(Stocks, r#"[{"id": "s"}]"#));
    assert_eq!(
        found(&conformity),
        [
            ("missing_company_profile", "/companyProfile", Severity::Critical),
            ("form_incomplete", "/extendedProfile", Severity::Medium)
        ]
    );
}

#[test]
fn a_company_lacks_each_absent_field_its_form_and_its_lines() {
    let trial = Trial::default()
        .section(CompanyProfile, r#"{"legalForm": "SARL", "industry": "", "rccm": null, "activities": []}"#)
        .section(ExtendedProfile, r#"{"isComplete": false}"#)
        .section(Assets, "[]");
    let conformity = check(&trial);
    assert_eq!(
        found(&conformity),
        [
            ("missing_field", "/companyProfile/industry", Severity::Medium),
            ("missing_field", "/companyProfile/rccm", Severity::Medium),
            ("missing_field", "/companyProfile/activities", Severity::Medium),
            ("form_incomplete", "/extendedProfile/isComplete", Severity::Medium),
            ("no_assets_or_stocks", "/patrimoine", Severity::Low),
        ]
    );
    assert_eq!((conformity.score, conformity.is_conform), (55, false));
}

/// The codes that `strict: true` adds.
fn strict(trial: &Trial) -> Vec<&'static str> {
    let plain = check(trial).issues.len();
    let conformity = trial.run_with(&[("check_conformity", json!({"strict": true}))]).conformity;
    conformity.issues[plain..].iter().map(|issue| issue.code).collect()
}

fn institution(members: &str) -> Trial {
    Trial::default().section(SpecificData, &format!("{}, {members}}}", SOUND.trim_end_matches('}')))
}

const CERTIFIED: &str =
    r#""certificationsObtenues": ["x"], "conseilAdministration": [{}], "directionGenerale": [{}], "siteWeb": "x""#;
const AUDITED: &str = r#""auditExterne": {"derniereDate": "2025-06-01"}"#;

#[test]
fn the_checklist_asks_an_institution_for_audit_certification_governance_and_presence() {
    let missing = ["external_audit_missing", "no_certification", "governance_incomplete", "no_digital_presence"];
    assert_eq!(strict(&institution(r#""directionGenerale": [{}]"#)), missing);
    assert!(strict(&institution(&format!("{CERTIFIED}, {AUDITED}"))).is_empty());
}

#[test]
fn an_audit_is_old_after_18_months() {
    let audit = |date: &str| strict(&institution(&format!(r#"{CERTIFIED}, "auditExterne": {{"derniereDate": "{date}"}}"#)));
    assert!(audit("2024-09-01").is_empty(), "exactly 18 months before 2026-03-01");
    assert_eq!(audit("2024-08-31"), ["external_audit_outdated"]);
    assert!(audit("unknown").is_empty(), "a date that does not parse is absent");
}

#[test]
fn a_solvency_ratio_is_as_old_as_the_newest_year_of_performance() {
    let ratio = |history: &str| {
        let members = format!(r#"{CERTIFIED}, {AUDITED}, "ratioSolvabilite": 12, "historiquePerformances": [{history}]"#);
        strict(&institution(&members))
    };
    assert_eq!(ratio(r#"{"annee": 2023}, {"annee": 2024}, {"annee": null}"#), ["solvency_ratio_outdated"]);
    assert!(ratio(r#"{"annee": 2025}, {"annee": 2020}"#).is_empty());
    for year in ["2024.0", "2.024e3", "20240E-1"] {
        assert_eq!(ratio(&format!(r#"{{"annee": {year}}}"#)), ["solvency_ratio_outdated"], "{year} is 2024");
    }
    for no_year in ["2024.5", "1e308", "\"2024\""] {
        assert!(ratio(&format!(r#"{{"annee": {no_year}}}"#)).is_empty(), "{no_year} is no year: as old as the event");
    }
    assert!(ratio("").is_empty(), "else as the event, which is of the same day");
}

#[test]
fn a_solvency_ratio_without_history_is_as_old_as_its_event() {
    let trial = |as_of: &str| {
        let ratio = institution(&format!(r#"{CERTIFIED}, {AUDITED}, "ratioSolvabilite": 12"#));
        strict(&ratio.at(as_of).section(Basic, "{}"))
    };
    assert!(!trial("2027-03-01T23:00:00Z").contains(&"solvency_ratio_outdated"));
    assert!(trial("2027-03-02T00:00:00Z").contains(&"solvency_ratio_outdated"));
}

#[test]
fn the_checklist_finds_what_contradicts_the_regulation() {
    let base = format!("{CERTIFIED}, {AUDITED}");
    let shares = |last: &str| {
        let members = format!(r#"{base}, "structureActionnariat": [{{"pourcentage": 60}}, {{}}, {{"pourcentage": {last}}}]"#);
        strict(&institution(&members))
    };
    assert!(shares("40.5").is_empty());
    assert_eq!(shares("40.51"), ["shareholding_over_total"]);
    let reports = format!(r#"{base}, "rapportsConformite": [{{"statut": "conforme"}}, {{"statut": "non_conforme"}}]"#);
    assert_eq!(strict(&institution(&reports)), ["non_compliant_report"]);
    let capital = |minimum: &str| strict(&institution(&format!(r#"{base}, "capitalMinimumReglementaire": {minimum}"#)));
    assert!(capital("5").is_empty());
    assert_eq!(capital("5.01"), ["capital_below_minimum"]);
}

#[test]
fn the_checklist_asks_a_company_for_fresh_valuations_and_performance() {
    let assets = |date: &str| {
        let lines = format!(r#"[{{"id": "a", "dateEvaluation": "{date}"}}, {{"id": "b"}}]"#);
        strict(&Trial::default().section(Assets, &lines))
    };
    assert_eq!(assets("2024-03-01"), ["no_performance"], "exactly 24 months");
    assert_eq!(assets("2024-02-29"), ["valuation_outdated", "no_performance"]);
    let performing = Trial::default().section(ExtendedProfile, r#"{"performance": {"croissanceCA": 0}}"#);
    assert!(strict(&performing).is_empty());
}

#[test]
fn a_stock_summary_may_be_one_percent_off() {
    let stock = |summary: &str| {
        let lines = r#"[{"id": "s", "valeurTotaleStock": 100}, {"id": "t"}, {"id": "u", "valeurTotaleStock": 100.0}]"#;
        let trial = Trial::default().lines(Stocks, lines, summary);
        strict(&trial.section(ExtendedProfile, r#"{"performance": {"x": 0}}"#))
    };
    for summary in [r#"{"totalStockValue": 202}"#, r#"{"totalStockValue": 198}"#, "{}", r#"{"totalStockValue": null}"#] {
        assert!(stock(summary).is_empty(), "{summary}");
    }
    for summary in [r#"{"totalStockValue": 202.01}"#, r#"{"totalStockValue": 197.99}"#, r#"{"totalStockValue": 0}"#] {
        assert_eq!(stock(summary), ["stock_summary_mismatch"], "{summary}");
    }
}
