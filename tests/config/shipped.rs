//! The shipped pipeline, `pipeline.yaml`: it passes, and says every number that the rules have.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use syncline::config::{self, Plan, listing, render};
use transforms::CATALOGUE;

use super::environment::Machine;

/// The topics of spec/1 §2.
const INPUTS: [&str; 11] = [
    "admin.customer.assets.data",
    "admin.customer.company.profile.shared",
    "admin.customer.complete.profile.v2_1",
    "admin.customer.critical.sync.priority",
    "admin.customer.data.sync",
    "admin.customer.enterprise.identification",
    "admin.customer.financial.institution.specific.data",
    "admin.customer.institution.profile.shared",
    "admin.customer.profile.sync.request",
    "admin.customer.profile.updated",
    "admin.customer.stocks.data",
];

fn text() -> String {
    fs::read_to_string("pipeline.yaml").unwrap()
}

fn plan(text: &str, variables: &[(&'static str, &'static str)]) -> Plan {
    let machine = Machine { variables: variables.to_vec() };
    match config::check(text, Path::new("pipeline.yaml"), &machine, CATALOGUE) {
        Ok(checked) => {
            assert!(checked.warnings.is_empty(), "{}", render::text(&checked.warnings, false));
            checked.plan
        }
        Err(errors) => panic!("{}", render::text(errors.findings(), false)),
    }
}

/// What the file gives each step under `with:`.
fn given() -> BTreeMap<String, Value> {
    let file = config::written(&text()).unwrap();
    let stages = file["stages"].as_array().unwrap().iter();
    let steps = stages.flat_map(|stage| stage["steps"].as_array().unwrap());
    steps.map(|step| (step["use"].as_str().unwrap().to_owned(), step["with"].clone())).collect()
}

#[test]
fn every_input_is_read_and_judged() {
    let plan = plan(&text(), &[]);
    let [segment] = plan.segments.as_slice() else { panic!("{} segments", plan.segments.len()) };
    let from: Vec<_> = segment.stages[0].from.iter().map(schemas::TopicName::as_str).collect();
    assert_eq!(from, INPUTS);
    assert!(segment.stages[0].from.iter().all(|topic| plan.topics[topic].schema.is_some()));
}

#[test]
fn every_number_of_the_rules_is_written_and_is_the_default() {
    let given = given();
    for transform in listing::transforms(CATALOGUE) {
        // A language and a switch are no numbers.
        for option in transform.options.iter().filter(|option| !["locale", "enabled"].contains(&option.path.as_str())) {
            let pointer = format!("/{}", option.path.replace('.', "/"));
            let written = given.get(&transform.name).and_then(|with| with.pointer(&pointer));
            let (Some(written), Some(default)) = (written, &option.default) else {
                panic!("`{}` of `{}` is not written, or has no default", option.path, transform.name);
            };
            let same = match (written.as_f64(), default.as_f64()) {
                (Some(written), Some(default)) => (written - default).abs() < f64::EPSILON,
                _ => written == default,
            };
            assert!(same, "`{}` of `{}` is {written}, and its default is {default}", option.path, transform.name);
        }
    }
}

#[test]
fn the_file_says_the_same_rules_as_no_numbers_at_all() {
    let mut bare = String::new();
    let mut skipped = None;
    for line in text().lines() {
        let depth = line.len() - line.trim_start().len();
        if skipped.is_some_and(|skipped| depth <= skipped && !line.trim().is_empty()) {
            skipped = None;
        }
        if line.trim_start().starts_with("with:") {
            skipped = Some(depth);
        }
        if skipped.is_none() {
            bare.push_str(line);
            bare.push('\n');
        }
    }
    assert!(!bare.contains("with:"));
    assert_eq!(plan(&bare, &[]).rules_hash, plan(&text(), &[]).rules_hash);
}

#[test]
fn switches_take_steps_out() {
    let steps = |variables: &[(&'static str, &'static str)]| {
        let plan = plan(&text(), variables);
        plan.segments[0].stages[1].steps.iter().map(|step| step.name).collect::<Vec<_>>()
    };
    let all = steps(&[]);
    assert_eq!(
        all,
        [
            "merge_profile",
            "keep_in_sync",
            "measure_completeness",
            "measure_patrimony",
            "check_conformity",
            "rate_compliance",
            "assess_risk",
            "gather_insights",
            "raise_alerts",
            "set_attention",
        ]
    );
    let without =
        steps(&[("ENABLE_RISK_ASSESSMENT", "false"), ("ENABLE_AUTO_INSIGHTS", "false"), ("ENABLE_V21_WORKFLOW", "false")]);
    let gone: Vec<_> = all.iter().filter(|step| !without.contains(step)).collect();
    assert_eq!(gone, [&"assess_risk", &"gather_insights"], "syncs are switched by a parameter");
}

#[test]
fn an_editor_accepts_it() {
    let judge = jsonschema::draft7::new(&config::editor_schema(CATALOGUE)).unwrap();
    let file = config::written(&text()).unwrap();
    let errors: Vec<_> = judge.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
