//! When two files are the same, and when their rules are.

use std::path::Path;

use syncline::config::{self, Plan};

use super::catalogue::CATALOGUE;
use super::environment::Machine;

const ORDERS: &str = include_str!("good/orders.yaml");

fn plan(text: &str) -> Plan {
    let machine = Machine::default();
    config::check(text, Path::new("tests/config/good/orders.yaml"), &machine, CATALOGUE)
        .map(|checked| checked.plan)
        .unwrap_or_else(|errors| panic!("{errors}"))
}

fn with_risk(parameters: &str) -> String {
    ORDERS.replace("{company: {low_revenue: {below: 5000, points: 10}}}", parameters)
}

#[test]
fn a_default_that_is_written_out_changes_no_rule() {
    let bare = plan(&with_risk("{}")).rules_hash;
    for same in [
        "",
        "{strict: false}",
        "{company: {}}",
        "{company: {low_revenue: {below: 100000, points: 20}}}",
        "{company: {low_revenue: {points: 20, below: 1e5}, small_team: null}, strict: false}",
    ] {
        assert_eq!(plan(&with_risk(same)).rules_hash, bare, "{same}");
    }
}

#[test]
fn another_threshold_is_another_rule() {
    let bare = plan(&with_risk("{}")).rules_hash;
    assert_ne!(plan(&with_risk("{strict: true}")).rules_hash, bare);
    assert_ne!(plan(&with_risk("{company: {low_revenue: {below: 100000, points: 21}}}")).rules_hash, bare);
}

#[test]
fn a_step_that_is_switched_off_is_no_rule() {
    let with = plan(ORDERS).rules_hash;
    let without = plan(&ORDERS.replace("- use: assess_risk", "- use: assess_risk\n        if: false")).rules_hash;
    let gone = plan(
        &ORDERS.replace("      - use: assess_risk\n        with: {company: {low_revenue: {below: 5000, points: 10}}}\n", ""),
    );
    assert_ne!(with, without);
    assert_eq!(without, gone.rules_hash);
}

#[test]
fn what_does_not_decide_a_row_changes_the_file_but_not_its_rules() {
    let (before, after) = (plan(ORDERS), plan(&ORDERS.replace("lanes: 2", "lanes: 4").replace("      - use: validate\n", "")));
    assert_eq!(before.rules_hash, after.rules_hash);
    assert_ne!(before.config_hash, after.config_hash);
    assert_eq!(before.config_hash.len(), 64);
}
