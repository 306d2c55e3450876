#![allow(clippy::unwrap_used)]

use schemas::profile::SectionName::{Assets, Basic, CompanyProfile, ExtendedProfile, InstitutionProfile, SpecificData, Stocks};
use schemas::profile::{Band, Coverage, CustomerType, Stated};
use serde_json::json;

use super::*;
use crate::trial::Trial;

const STEP: &[&str] = &["measure_completeness"];

fn measured(trial: &Trial) -> Completeness {
    trial.run(STEP).completeness
}

fn institution() -> Trial {
    let mut trial = Trial::default();
    trial.profile.stated_type =
        Some(Stated { at: "2026-03-01T08:00:00Z".parse().unwrap(), value: CustomerType::FinancialInstitution });
    trial
}

#[test]
fn percentages_round_half_up() {
    let cases = [(0, 6, 0), (1, 6, 17), (2, 6, 33), (5, 6, 83), (6, 6, 100), (13, 15, 87), (14, 15, 93), (1, 8, 13), (1, 200, 1)];
    for (part, whole, expected) in cases {
        assert_eq!(percentage(part, whole), expected, "{part} of {whole}");
    }
}

#[test]
fn a_company_of_whom_nothing_is_known_lacks_every_counted_field() {
    let found = measured(&Trial::default());
    assert_eq!((found.percentage, found.band), (0, Band::Minimal));
    let all = ["name", "email", "phone", "address", "legalForm", "industry", "rccm", "taxId", "activities", "capital"];
    assert_eq!(found.missing_fields, all);
    assert!(found.field_coverage.is_empty());
}

#[test]
fn a_company_is_counted_by_ten_fields_and_a_form_that_counts_as_five() {
    let basic = r#"{"name": "K", "email": "k@k.cd", "phone": "", "address": {"city": "Goma"}}"#;
    let company = r#"{"legalForm": "SARL", "industry": "x", "rccm": "1", "taxId": "A", "activities": [], "capital": 0, "owner": {"nom": "X"}}"#;
    let trial = Trial::default().section(Basic, basic).section(CompanyProfile, company).section(Stocks, r#"[{"id": "s"}]"#);
    let without_form = measured(&trial);
    assert_eq!(without_form.percentage, 53, "8 of 15");
    assert_eq!(without_form.missing_fields, ["phone", "activities"]);
    assert_eq!(without_form.complete_sections, ["owner", "stocks"]);
    assert_eq!(without_form.incomplete_sections, ["associates", "locations", "extended_identification", "assets"]);

    let with_form = measured(&trial.clone().section(ExtendedProfile, r#"{"isComplete": true}"#));
    assert_eq!(with_form.percentage, 87, "13 of 15");
    assert!(with_form.complete_sections.contains(&"extended_identification"));
    for form in [r#"{"isComplete": false}"#, r#"{"isComplete": "true"}"#, r#"{"completionPercentage": 100}"#] {
        assert_eq!(measured(&trial.clone().section(ExtendedProfile, form)).percentage, 53, "{form}");
    }
}

#[test]
fn empty_lines_are_no_complete_section() {
    let found = measured(&Trial::default().section(Assets, "[]").section(Stocks, "[]"));
    assert!(found.complete_sections.is_empty());
}

#[test]
fn an_institution_without_data_is_at_zero() {
    let found = measured(&institution());
    assert_eq!((found.percentage, found.complete_sections.len(), found.missing_fields.len()), (0, 0, 7));
    assert_eq!(found.field_coverage["total"], Coverage { present: 0, of: 78 });
}

#[test]
fn a_section_needs_both_fields_or_one_of_two() {
    let data = r#"{"denominationSociale": "B", "typeInstitution": "", "capitalSocial": 0, "totalBilan": 0,
                   "servicesEnLigne": ["x"], "rapportsConformite": [{"statut": "en_cours"}], "conseilAdministration": [{}]}"#;
    let found = measured(&institution().section(SpecificData, data));
    assert_eq!(found.complete_sections, ["financial_info", "digital_presence", "compliance"]);
    assert_eq!(found.incomplete_sections, ["basic_info", "legal_info", "governance"]);
    assert_eq!((found.percentage, found.band), (50, Band::Partial));
    assert_eq!(found.missing_fields, ["numeroAgrement", "autoriteSupervision", "typeInstitution", "ratioSolvabilite"]);
}

#[test]
fn a_field_is_taken_from_the_shared_profile_where_specific_data_lacks_it() {
    let trial = institution()
        .section(SpecificData, r#"{"denominationSociale": "B", "typeInstitution": null, "numeroAgrement": ""}"#)
        .section(
            InstitutionProfile,
            r#"{"typeInstitution": "IMF", "numeroAgrement": "7", "licenseNumber": "7", "website": "x"}"#,
        );
    let found = measured(&trial);
    assert_eq!(found.complete_sections, ["basic_info"], "no aliases: website is no siteWeb");
    assert_eq!(found.field_coverage["legal"], Coverage { present: 3, of: 12 });
}

#[test]
fn bands_begin_at_their_limits() {
    let trial = Trial::default().section(Basic, r#"{"name": "K"}"#).section(ExtendedProfile, r#"{"isComplete": true}"#);
    assert_eq!(measured(&trial).percentage, 40);
    for (complete_from, partial_from, band) in
        [(40, 40, Band::Complete), (41, 40, Band::Partial), (41, 41, Band::Minimal), (100, 0, Band::Partial)]
    {
        let with = json!({"complete_from": complete_from, "partial_from": partial_from});
        assert_eq!(trial.run_with(&[("measure_completeness", with)]).completeness.band, band);
    }
}
