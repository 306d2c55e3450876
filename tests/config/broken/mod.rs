//! Files that are refused: one fault each, named after it. What is said about it is the snapshot beside it.

use std::fs;
use std::path::{Path, PathBuf};

use syncline::config::{self, Severity, render};

use super::catalogue::CATALOGUE;
use super::environment::Machine;

const FOLDER: &str = "tests/config/broken";

fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn findings(path: &Path) -> Vec<config::Finding> {
    match config::load(path, &Machine { variables: vec![("SWITCH", "yes"), ("PASSWORD", "hunter2")] }, CATALOGUE) {
        Ok(checked) => checked.warnings,
        Err(errors) => errors.into_findings(),
    }
}

#[test]
fn each_fault_is_said_where_it_is() {
    let files = files();
    assert!(files.len() >= 40, "{} files", files.len());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let findings = findings(&path);
        assert!(!findings.is_empty(), "{name} is no longer refused");
        insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true}, {
            insta::assert_snapshot!(name, render::text(&findings, false));
        });
    }
}

#[test]
fn a_file_with_one_fault_has_one_error() {
    let mut others = Vec::new();
    for path in files() {
        let findings = findings(&path);
        let expected = match path.file_stem().unwrap().to_str().unwrap() {
            "six-errors-at-once" => 6,
            "misspelt-transforms-and-what-stands-beneath" => 5,
            "misspelt-keys-and-what-stands-beneath" => 18,
            "refused-parameter-and-others-that-contradict" => 3,
            "repeated-keys-and-other-faults" => 6,
            "tag-and-another-fault" => 2,
            "unheard-of-transform-to-an-undeclared-topic" => 2,
            _ => 1,
        };
        if findings.len() != expected {
            others.push(format!("{} has {} findings:\n{}", path.display(), findings.len(), render::text(&findings, false)));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn a_warning_refuses_nothing() {
    for path in files() {
        let warned = path.file_stem().unwrap().to_str().unwrap().starts_with("warning-");
        let worst = findings(&path).iter().map(config::Finding::severity).min();
        let expected = if warned { Severity::Warning } else { Severity::Error };
        assert_eq!(worst, Some(expected), "{}", path.display());
    }
}

#[test]
fn secrets_are_not_shown() {
    for path in files() {
        let findings = findings(&path);
        assert!(!render::text(&findings, true).contains("hunter2"), "{}", path.display());
        assert!(!render::json(&findings).to_string().contains("hunter2"), "{}", path.display());
    }
}

#[test]
fn programs_get_the_place_too() {
    let findings = findings(Path::new("tests/config/broken/unknown-parameter.yaml"));
    insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true}, {
        insta::assert_snapshot!("as-json", format!("{:#}", render::json(&findings)));
    });
}

#[test]
fn code_hosts_get_it_as_sarif() {
    let findings = findings(Path::new("tests/config/broken/unknown-parameter.yaml"));
    let sarif = render::sarif(&findings);
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(result["level"], "error");
    assert_eq!(place["artifactLocation"]["uri"], "tests/config/broken/unknown-parameter.yaml");
    let (line, column) = findings[0].line_and_column();
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&line.into(), &column.into()));
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.starts_with(findings[0].message()) && text.ends_with(findings[0].advice().unwrap()), "{text}");

    let unread = sarif_of("missing.yaml");
    let place = &unread["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], place.get("region")), (&"missing.yaml".into(), None));
}

fn sarif_of(file: &str) -> serde_json::Value {
    render::sarif(&findings(Path::new(file)))
}
