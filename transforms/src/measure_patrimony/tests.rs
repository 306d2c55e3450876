#![allow(clippy::unwrap_used)]

use schemas::Json;
use schemas::profile::SectionName::{Assets, Basic, Stocks};

use super::*;
use crate::trial::Trial;

const STEP: &[&str] = &["measure_patrimony"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn without_lines_there_are_no_metrics() {
    let computed = Trial::default().section(Assets, "[]").run(STEP);
    assert_eq!((computed.financial_metrics, computed.inventory_metrics), (None, None));
}

#[test]
fn totals_are_exact_and_a_line_without_a_number_counts_as_zero() {
    let lines = r#"[{"id": "a", "valeurActuelle": 0.1, "prixAchat": 1e2, "categorie": "vehicule"},
                    {"id": "b", "valeurActuelle": 0.2, "categorie": "vehicule"},
                    {"id": "c", "valeurActuelle": "7", "prixAchat": null},
                    {"id": "d", "valeurActuelle": 9007199254740993, "categorie": "immeuble"}]"#;
    let metrics = Trial::default().section(Assets, lines).run(STEP).financial_metrics.unwrap();
    assert_eq!(metrics.total_assets_value.to_string(), "9007199254740993.3");
    assert_eq!(metrics.total_purchase_value.to_string(), "100");
    let categories: Vec<_> = metrics.value_by_category.iter().map(|(name, sum)| (name.as_str(), sum.to_string())).collect();
    let expected = [("", "0".to_owned()), ("immeuble", "9007199254740993".to_owned()), ("vehicule", "0.3".to_owned())];
    assert_eq!(categories, expected);
    assert_eq!(metrics.lines, 4);
}

#[test]
fn depreciation_has_two_decimals_rounded_half_up_and_needs_a_price() {
    let percent = |value: &str, purchase: &str| {
        let percent = depreciation_percent(&value.parse().unwrap(), &purchase.parse().unwrap());
        percent.map(|percent| percent.to_string())
    };
    assert_eq!(percent("80", "100").as_deref(), Some("20.00"));
    assert_eq!(percent("1", "3").as_deref(), Some("66.67"));
    assert_eq!(percent("99.995", "100").as_deref(), Some("0.01"));
    assert_eq!(percent("150", "100").as_deref(), Some("-50.00"));
    assert_eq!(percent("5", "0"), None);
}

#[test]
fn rotation_is_fast_slow_or_stagnant_just_at_its_limits() {
    let line = |date: &str| format!(r#"{{"id": "s", "valeurTotaleStock": 1.5, "dateDerniereRotation": "{date}"}}"#);
    let dates = ["2026-03-01", "2026-01-30", "2026-01-29", "2025-12-01", "2025-11-30", "soon", ""];
    let lines = format!("[{}]", dates.map(line).join(","));
    let metrics = Trial::default().section(Stocks, &lines).run(STEP).inventory_metrics.unwrap();
    assert_eq!((metrics.fast, metrics.slow, metrics.stagnant), (2, 2, 1), "0 and 30 days, 31 and 90, 91");
    assert_eq!((metrics.rotating_lines, metrics.lines), (5, 7));
    assert_eq!(metrics.average_rotation_days, Some(48), "242 / 5");
    assert_eq!(metrics.total_stock_value.to_string(), "10.5");
}

#[test]
fn rotation_is_as_of_the_stock_section_not_of_a_later_one() {
    let trial = Trial::default()
        .section(Stocks, r#"[{"id": "s", "dateDerniereRotation": "2026-02-28T23:59:59Z"}]"#)
        .at("2026-08-01T00:00:00Z")
        .section(Basic, "{}");
    assert_eq!(trial.run(STEP).inventory_metrics.unwrap().average_rotation_days, Some(1));
}

#[test]
fn a_mean_is_rounded_half_up() {
    assert_eq!(
        [rounded_mean(5, 2), rounded_mean(-5, 2), rounded_mean(4, 3), rounded_mean(0, 0)],
        [Some(3), Some(-2), Some(1), None]
    );
}

#[test]
fn the_limits_are_parameters() {
    let lines = Json::from_serialize(&serde_json::json!([{"dateDerniereRotation": "2026-02-27"}]));
    let metrics = stocks(lines.as_ref(), day("2026-03-01"), Rotation { fast_max_days: 0, slow_max_days: 1 });
    assert_eq!((metrics.fast, metrics.slow, metrics.stagnant), (0, 0, 1));
}
