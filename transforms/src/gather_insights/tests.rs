use schemas::profile::SectionName::{Assets, InstitutionProfile, SpecificData, Stocks};
use schemas::profile::{Completeness, View};

use super::*;
use crate::trial::Trial;

/// Only what the sections say: a completeness of 80 adds nothing.
fn insights(trial: &Trial) -> Insights {
    let view = View::of(&trial.profile);
    let subject = Subject { pipeline: "p", profile: &trial.profile, view: &view, as_of: chrono::DateTime::UNIX_EPOCH };
    let mut computed = trial.run(&["measure_patrimony"]);
    computed.completeness = Completeness { percentage: 80, ..Completeness::default() };
    GatherInsights::new(InsightParams::default()).derive(&subject, &mut computed);
    computed.insights
}

fn codes(
    insights: &[&'static str],
    recommendations: &[&'static str],
    opportunities: &[&'static str],
    alerts: &[&'static str],
) -> Insights {
    Insights {
        insights: insights.to_vec(),
        recommendations: recommendations.to_vec(),
        opportunities: opportunities.to_vec(),
        alerts: alerts.to_vec(),
    }
}

#[test]
fn an_institution_stands_out_by_its_solvency_beyond_the_limits() {
    let of =
        |solvency: &str| insights(&Trial::default().section(SpecificData, &format!(r#"{{"ratioSolvabilite": {solvency}}}"#)));
    assert_eq!(of("15.01"), codes(&["well_capitalised"], &[], &["service_expansion"], &[]));
    assert_eq!(of("15"), Insights::default());
    assert_eq!(of("8"), Insights::default());
    assert_eq!(of("7.99"), codes(&["solvency_concern"], &["raise_capital"], &[], &["reinforced_monitoring"]));
    assert_eq!(of("\"20\""), Insights::default());
}

#[test]
fn an_institution_stands_out_by_online_services_of_its_own_data() {
    let own = Trial::default().section(SpecificData, r#"{"servicesEnLigne": ["x"]}"#);
    assert_eq!(insights(&own), codes(&["digital_presence"], &[], &["api_integration"], &[]));
    let none = Trial::default().section(SpecificData, r#"{"servicesEnLigne": []}"#);
    let shared = none.section(InstitutionProfile, r#"{"servicesEnLigne": ["x"], "ratioSolvabilite": 20}"#);
    assert_eq!(insights(&shared), Insights::default());
}

fn company(assets: &str, stock: &str) -> Insights {
    let trial = Trial::default()
        .section(Assets, &format!(r#"[{{"id": "a", "valeurActuelle": {assets}}}]"#))
        .section(Stocks, &format!(r#"[{{"id": "s", "valeurTotaleStock": {stock}}}]"#));
    insights(&trial)
}

#[test]
fn a_company_stands_out_by_what_it_owns_over_a_million() {
    assert_eq!(company("999999.5", "0.5"), Insights::default());
    assert_eq!(company("999999.5", "0.51"), codes(&["substantial_assets"], &[], &["premium_services"], &[]));
}

#[test]
fn a_stock_is_heavy_over_four_fifths_of_the_assets() {
    assert_eq!(company("100", "80"), Insights::default());
    assert_eq!(company("100", "80.01"), codes(&["stock_heavy"], &["optimise_stock"], &[], &[]));
    assert_eq!(company("0", "0"), Insights::default());
    assert_eq!(company("-100", "0"), Insights::default(), "no stock is never heavy");
}

#[test]
fn a_summary_is_never_taken_for_the_lines() {
    let trial = Trial::default().lines(Stocks, "[]", r#"{"totalStockValue": 5000000}"#);
    assert_eq!(insights(&trial), Insights::default());
}

#[test]
fn completeness_counts_for_both_kinds() {
    for trial in [Trial::default(), Trial::default().section(SpecificData, "{}")] {
        for (percentage, expected) in [
            (69, codes(&[], &["assist_completion"], &[], &["incomplete_profile"])),
            (70, Insights::default()),
            (89, Insights::default()),
            (90, codes(&["well_qualified"], &[], &["fast_track"], &[])),
        ] {
            let view = View::of(&trial.profile);
            let subject = Subject { pipeline: "p", profile: &trial.profile, view: &view, as_of: chrono::DateTime::UNIX_EPOCH };
            let completeness = Completeness { percentage, ..Completeness::default() };
            let mut computed = Computed { completeness, ..Computed::default() };
            GatherInsights::new(InsightParams::default()).derive(&subject, &mut computed);
            assert_eq!(computed.insights, expected, "{percentage}");
        }
    }
}
