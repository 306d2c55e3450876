//! Laws that hold for all derive steps together, whatever the sections hold.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use schemas::profile::{CustomerType, Stated};

use super::*;
use crate::Shape;

/// The derive steps, in the catalogue's order.
fn steps() -> Vec<&'static str> {
    CATALOGUE.iter().filter(|entry| entry.shape == Shape::Derive).map(|entry| entry.name).collect()
}

/// A value of any kind, of the sort that rules look for and of others.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0.0",
        "1",
        "7.99",
        "8",
        "20",
        "-11",
        "99999.99",
        "1e308",
        "-1e308",
        "1e-308",
        "123456789012345678901234567890.5",
        "\"\"",
        "\"8\"",
        "\"disponible\"",
        "\"expire\"",
        "\"non_conforme\"",
        "\"eleve\"",
        "\"2024-02-29\"",
        "\"2026-02-30\"",
        "\"0000-01-01\"",
        "\"9999-12-31T23:59:59.999999999-23:59\"",
        "\"\\u00e9\"",
        "[]",
        "{}",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(2, 8, 4, |inner| {
        let member = (prop::sample::select(NAMES.to_vec()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|members| object(&members)),
        ]
    })
}

/// An object with each name once.
fn object(members: &[(&str, String)]) -> String {
    let unique: std::collections::BTreeMap<_, _> = members.iter().map(|(name, value)| (*name, value)).collect();
    let members: Vec<_> = unique.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

const NAMES: &[&str] = &[
    "id",
    "name",
    "email",
    "status",
    "legalForm",
    "isComplete",
    "validatedBy",
    "patrimonyAndMeans",
    "performance",
    "chiffreAffairesAnnuel",
    "beneficeNet",
    "nombreEmployes",
    "croissanceCA",
    "evolitionEffectifs",
    "ratioSolvabilite",
    "ratioLiquidite",
    "creancesDouteuses",
    "totalCreditsOctroyes",
    "capitalSocial",
    "capitalMinimumReglementaire",
    "rapportsConformite",
    "statut",
    "indicateursRisque",
    "niveauRisqueGlobal",
    "structureActionnariat",
    "pourcentage",
    "historiquePerformances",
    "annee",
    "auditExterne",
    "derniereDate",
    "valeurActuelle",
    "prixAchat",
    "categorie",
    "garantie",
    "dateExpiration",
    "dateEvaluation",
    "quantiteStock",
    "seuilMinimum",
    "etatStock",
    "valeurTotaleStock",
    "dateDerniereRotation",
    "totalStockValue",
    "complianceStatus",
];

fn trial() -> impl Strategy<Value = Trial> {
    let section = (prop::sample::select(SectionName::ALL.to_vec()), value(), prop::option::of(value()));
    (prop::collection::vec(section, 0..6), prop::option::of(any::<bool>())).prop_map(|(sections, institution)| {
        let mut trial = Trial::default();
        let customer_type = |institution| if institution { CustomerType::FinancialInstitution } else { CustomerType::Pme };
        trial.profile.stated_type = institution.map(customer_type).map(|value| Stated { at: trial.at, value });
        sections.iter().fold(trial, |trial, (name, json, summary)| trial.write(*name, json, summary.as_deref()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_the_sections_hold_scores_stay_in_their_bounds(trial in trial()) {
        let strict = |name: &&'static str| (*name, if *name == "check_conformity" { json!({"strict": true}) } else { json!({}) });
        let computed = trial.run_with(&steps().iter().map(strict).collect::<Vec<_>>());
        prop_assert!(computed.completeness.percentage <= 100);
        prop_assert!(computed.conformity.score <= 100);
        prop_assert!(computed.risk.is_none_or(|risk| risk.score <= 100));
        prop_assert!(computed.attention.urgency <= 100 && computed.attention.data_richness <= 100);
    }

    #[test]
    fn the_same_profile_says_nothing_new(trial in trial()) {
        let mut after = trial;
        let first = after.run(&steps());
        after.profile.alerts = first.alerts.clone();
        let again = after.run(&steps());
        prop_assert_eq!(&again.transitions, &Vec::new());
        prop_assert_eq!(Computed { transitions: first.transitions.clone(), ..again }, first);
    }
}

#[test]
fn each_step_copes_without_those_before_it() {
    let trial = Trial::default().section(SectionName::SpecificData, r#"{"ratioSolvabilite": 3, "ratioLiquidite": 3}"#);
    let all = steps();
    for left_out in &all {
        let rest: Vec<_> = all.iter().copied().filter(|name| name != left_out).collect();
        let computed = trial.run(&rest);
        assert_eq!(computed.risk.is_none(), *left_out == "assess_risk");
        assert_eq!(computed.attention.reasons.is_empty(), *left_out == "set_attention");
        assert_eq!(computed.insights.insights.is_empty(), *left_out == "gather_insights");
    }
}

#[test]
fn every_parameter_says_what_it_means_and_its_default() {
    for entry in CATALOGUE.iter().filter(|entry| entry.shape == Shape::Derive) {
        let schema = (entry.parameters)().to_value();
        let own = std::iter::once(&schema);
        let inner = schema["$defs"].as_object().into_iter().flat_map(serde_json::Map::values);
        for (name, parameter) in own.chain(inner).filter_map(|schema| schema["properties"].as_object()).flatten() {
            assert!(parameter["description"].is_string(), "{}: {name}", entry.name);
        }
        for (name, parameter) in schema["properties"].as_object().unwrap() {
            assert!(parameter.get("default").is_some(), "{}: {name}", entry.name);
        }
        assert!(!schema.to_string().contains("\"required\""), "{}", entry.name);
    }
}
