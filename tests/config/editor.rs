//! The schema for editors: current, and of one mind with the check.

use std::fs;
use std::path::Path;

use serde_json::Value;
use syncline::config;

use super::catalogue::CATALOGUE;

/// Where the schema of the shipped catalogue is kept.
const SCHEMA: &str = "schemas/pipeline.schema.json";

#[test]
fn the_schema_is_current() {
    let current = format!("{:#}\n", config::editor_schema(transforms::CATALOGUE));
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(SCHEMA, &current).unwrap();
    }
    let kept = fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(kept == current, "{SCHEMA} is not current: run UPDATE_SCHEMA=1 cargo test -p syncline the_schema_is_current");
}

fn judge() -> jsonschema::Validator {
    jsonschema::draft7::new(&config::editor_schema(CATALOGUE)).unwrap()
}

fn as_written(path: &Path) -> Value {
    config::written(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn an_editor_accepts_what_the_check_accepts() {
    let file = as_written(Path::new("tests/config/good/orders.yaml"));
    let errors: Vec<_> = judge().iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn an_editor_underlines_what_is_wrong_by_itself() {
    for name in [
        "version-of-tomorrow",
        "missing-name",
        "name-with-capitals",
        "unknown-key-at-the-top",
        "unknown-key-of-a-stage",
        "unknown-key-of-a-topic",
        "unknown-broker-kind",
        "text-for-a-number",
        "lanes-out-of-range",
        "duration-without-unit",
        "size-without-unit",
        "no-steps",
        "unknown-transform",
        "step-without-use",
        "unknown-parameter",
        "parameter-of-the-wrong-type",
        "parameter-out-of-range",
        "parameter-missing",
        "parameter-of-no-known-choice",
        "unknown-port",
        "port-not-routed",
        "ports-of-a-step-without-any",
        "unknown-sink-type",
    ] {
        let file = as_written(&Path::new("tests/config/broken").join(name).with_extension("yaml"));
        assert!(!judge().is_valid(&file), "{name}");
    }
}
