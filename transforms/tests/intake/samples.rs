//! The sample events, every line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemas::{Reason, Record, Reject};
use serde_json::Value;

use super::{Intake, file, raw};

/// What becomes of each record line.
fn outcomes(name: &str) -> Vec<Result<Record, Reject>> {
    let intake = Intake::shipped();
    let text = std::fs::read_to_string(file("tests/samples").join(name)).unwrap();
    let outcome = |line: &str| {
        // The value's own bytes, not what another parser makes of its numbers.
        let line: std::collections::HashMap<String, Box<serde_json::value::RawValue>> = serde_json::from_str(line).unwrap();
        let text = |name: &str| line.get(name).map(|text| serde_json::from_str::<String>(text.get()).unwrap());
        let base64 = || Some(BASE64_STANDARD.decode(text("raw_base64")?).unwrap());
        let value = line.get("value").map(|value| value.get().as_bytes().to_vec());
        let value = value.or_else(|| text("raw").map(String::into_bytes)).or_else(base64).unwrap();
        intake.take(&raw(&text("topic").unwrap(), &value, text("timestamp").unwrap().parse().unwrap()))
    };
    text.lines().map(outcome).collect()
}

#[test]
fn every_plain_event_is_taken() {
    let outcomes = outcomes("events.jsonl");
    assert_eq!(outcomes.len(), 1006);
    for record in outcomes {
        let record = record.unwrap();
        let id = record.value.as_ref().get("customerId").and_then(|id| id.as_str()).map(|id| id.into_owned());
        assert_eq!(record.key, id);
        assert!(!record.kind.is_empty());
    }
}

#[test]
fn twenty_hard_events_are_refused() {
    let outcomes = outcomes("hard-events.jsonl");
    assert_eq!(outcomes.len(), 593);
    let refused: Vec<&Reject> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    let count = |reason| refused.iter().filter(|reject| reject.reason == reason).count();
    assert_eq!(
        (refused.len(), count(Reason::Malformed), count(Reason::Schema), count(Reason::Version), count(Reason::Time)),
        (20, 12, 6, 2, 0),
        "{refused:#?}"
    );
    let numeric_strings: u32 = outcomes.iter().flatten().map(|record| record.tolerated.numeric_strings).sum();
    assert!(numeric_strings > 0);
    assert!(refused.iter().all(|reject| !reject.violations.is_empty()));
}

#[test]
fn the_same_event_has_the_same_identity() {
    let first: Vec<Value> = outcomes("events.jsonl").into_iter().map(|record| Value::from(&*record.unwrap().id)).collect();
    let second: Vec<Value> = outcomes("events.jsonl").into_iter().map(|record| Value::from(&*record.unwrap().id)).collect();
    assert_eq!(first, second);
}
