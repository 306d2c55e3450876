#![allow(clippy::unwrap_used)]

use schemas::profile::SectionName::{Basic, ExtendedProfile, InstitutionProfile, SpecificData};
use serde_json::json;

use super::*;
use crate::trial::Trial;

const STEP: &[&str] = &["assess_risk"];

fn means(member: &str) -> Trial {
    Trial::default().section(ExtendedProfile, &format!(r#"{{"patrimonyAndMeans": {{{member}}}}}"#))
}

fn performance(member: &str) -> Trial {
    Trial::default().section(ExtendedProfile, &format!(r#"{{"performance": {{{member}}}}}"#))
}

fn specific(members: &str) -> Trial {
    Trial::default().section(SpecificData, &format!("{{{members}}}"))
}

fn points(trial: &Trial) -> Vec<(&'static str, u32)> {
    trial.run(STEP).risk.unwrap().factors.iter().map(|factor| (factor.code, factor.points)).collect()
}

#[test]
fn a_company_factor_applies_just_below_its_limit() {
    for (member, expected) in [
        (r#""chiffreAffairesAnnuel": 99999.99"#, Some(("low_revenue", 20))),
        (r#""chiffreAffairesAnnuel": 0"#, Some(("low_revenue", 20))),
        (r#""chiffreAffairesAnnuel": 100000"#, None),
        (r#""chiffreAffairesAnnuel": null"#, None),
        (r#""chiffreAffairesAnnuel": "5""#, None),
        (r#""beneficeNet": -0.01"#, Some(("negative_profit", 30))),
        (r#""beneficeNet": 0"#, None),
        (r#""nombreEmployes": 1"#, Some(("small_team", 10))),
        (r#""nombreEmployes": 2"#, Some(("small_team", 10))),
        (r#""nombreEmployes": 3"#, None),
        (r#""nombreEmployes": 0"#, None),
    ] {
        assert_eq!(points(&means(member)), Vec::from_iter(expected), "{member}");
    }
    for (member, expected) in [
        (r#""croissanceCA": -0.5"#, Some(("negative_growth", 25))),
        (r#""croissanceCA": 0"#, None),
        (r#""evolitionEffectifs": -10.01"#, Some(("shrinking_workforce", 15))),
        (r#""evolitionEffectifs": -10"#, None),
    ] {
        assert_eq!(points(&performance(member)), Vec::from_iter(expected), "{member}");
    }
}

#[test]
fn an_institution_factor_applies_just_beyond_its_limit() {
    for (members, expected) in [
        (r#""ratioSolvabilite": 7.99"#, Some(("solvency_below_minimum", 40))),
        (r#""ratioSolvabilite": 8"#, Some(("solvency_thin", 20))),
        (r#""ratioSolvabilite": 9.99"#, Some(("solvency_thin", 20))),
        (r#""ratioSolvabilite": 10.0"#, None),
        (r#""creancesDouteuses": 10.01, "totalCreditsOctroyes": 100"#, Some(("non_performing_loans", 20))),
        (r#""creancesDouteuses": 0.1, "totalCreditsOctroyes": 1"#, None),
        (r#""creancesDouteuses": 5, "totalCreditsOctroyes": 0"#, None),
        (r#""creancesDouteuses": 5"#, None),
        (r#""creancesDouteuses": -20, "totalCreditsOctroyes": -100"#, Some(("non_performing_loans", 20))),
        (r#""creancesDouteuses": 20, "totalCreditsOctroyes": -100"#, None),
        (r#""ratioLiquidite": 99.9"#, Some(("liquidity_below_minimum", 15))),
        (r#""ratioLiquidite": 100"#, None),
        (r#""capitalSocial": 99, "capitalMinimumReglementaire": 100"#, Some(("capital_below_minimum", 30))),
        (r#""capitalSocial": 100, "capitalMinimumReglementaire": 100"#, None),
        (r#""capitalMinimumReglementaire": 100"#, None),
        (
            r#""rapportsConformite": [{"statut": "conforme"}, {"statut": "non_conforme"}, {"statut": "non_conforme"}]"#,
            Some(("non_compliant_report", 15)),
        ),
        (r#""rapportsConformite": [{"statut": "en_cours"}]"#, None),
        (r#""indicateursRisque": {"niveauRisqueGlobal": "eleve"}"#, Some(("self_declared_risk", 20))),
        (r#""indicateursRisque": {"niveauRisqueGlobal": "moyen"}"#, Some(("self_declared_risk", 10))),
        (r#""indicateursRisque": {"niveauRisqueGlobal": "faible"}"#, None),
    ] {
        assert_eq!(points(&specific(members)), Vec::from_iter(expected), "{members}");
    }
}

#[test]
fn levels_end_at_20_and_50_and_the_score_at_100() {
    let level = |trial: &Trial| {
        let risk = trial.run(STEP).risk.unwrap();
        (risk.score, risk.level)
    };
    assert_eq!(level(&means("")), (0, RiskLevel::Low));
    assert_eq!(level(&means(r#""chiffreAffairesAnnuel": 1"#)), (20, RiskLevel::Low));
    assert_eq!(level(&performance(r#""croissanceCA": -1"#)), (25, RiskLevel::Medium));
    assert_eq!(level(&means(r#""chiffreAffairesAnnuel": 1, "beneficeNet": -1"#)), (50, RiskLevel::Medium));
    let everything = r#"{"patrimonyAndMeans": {"chiffreAffairesAnnuel": 1, "beneficeNet": -1, "nombreEmployes": 1},
                         "performance": {"croissanceCA": -1, "evolitionEffectifs": -11}}"#;
    assert_eq!(level(&Trial::default().section(ExtendedProfile, everything)), (100, RiskLevel::High));
    let worst = r#""ratioSolvabilite": 1, "creancesDouteuses": 9, "totalCreditsOctroyes": 10, "ratioLiquidite": 1, "capitalSocial": 1,
                   "capitalMinimumReglementaire": 2"#;
    assert_eq!(level(&specific(worst)), (100, RiskLevel::High), "105 points, capped");
}

#[test]
fn each_level_above_low_adds_its_recommendation() {
    let recommendations = |trial: &Trial| trial.run(STEP).risk.unwrap().recommendations;
    assert_eq!(recommendations(&means(r#""chiffreAffairesAnnuel": 1"#)), ["verify_revenue"]);
    assert_eq!(recommendations(&performance(r#""croissanceCA": -1"#)), ["review_business_plan", "increased_monitoring"]);
    let high = specific(r#""ratioSolvabilite": 1, "ratioLiquidite": 1"#);
    assert_eq!(recommendations(&high), ["restore_solvency", "restore_liquidity", "in_depth_review"]);
}

#[test]
fn without_the_section_there_is_no_assessment() {
    assert_eq!(Trial::default().section(Basic, "{}").run(STEP).risk, None);
    let shared_alone = Trial::default().section(InstitutionProfile, r#"{"ratioSolvabilite": 1}"#);
    assert_eq!(shared_alone.run(STEP).risk, None);
    assert_eq!(Trial::default().section(ExtendedProfile, "{}").run(STEP).risk.unwrap().score, 0, "an empty one exists");
}

#[test]
fn a_factor_says_what_it_saw_and_the_limit() {
    let risk = specific(r#""creancesDouteuses": 2e3, "totalCreditsOctroyes": 10000.00"#)
        .run_with(&[("assess_risk", json!({"locale": "en", "institution": {"non_performing_loans": {"points": 25}}}))])
        .risk
        .unwrap();
    let factor = &risk.factors[0];
    assert_eq!((factor.points, factor.field), (25, "/specificData/creancesDouteuses"));
    assert_eq!((factor.saw.as_str(), factor.limit.as_str()), ("2000 / 10000.00", "0.1"));
    let message = "The doubtful claims over the credits granted, 2000 / 10000.00, are more than a share of 0.1";
    assert_eq!(factor.message, message);
}

#[test]
fn levels_that_cross_are_refused() {
    let params =
        RiskParams { levels: params::Levels { low_max: Score::new(51), medium_max: Score::new(50) }, ..RiskParams::default() };
    let error = crate::parameters::Parameters::check(&params).unwrap_err();
    assert_eq!(error.path, ["levels", "low_max"]);
}
