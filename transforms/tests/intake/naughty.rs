//! The Big List of Naughty Strings (`tests/corpus/README.md`), as values, as names and as identities.

use schemas::Reason;
use serde_json::{Value, json};

use super::{ASSETS, Intake, file};

fn strings() -> Vec<String> {
    serde_json::from_str(&std::fs::read_to_string(file("tests/corpus/naughty_strings.json")).unwrap()).unwrap()
}

#[test]
fn they_are_values_names_and_customers_like_any_other() {
    let intake = Intake::shipped();
    for string in strings() {
        let line = json!({"id": string, "nom": string, "metadata": {"x": {string.clone(): string}}});
        let value = json!({"customerId": string, "assets": [line]});
        let taken = intake.take_text(ASSETS, value.to_string());
        let is_identity = (1..=255).contains(&string.chars().count()) && !string.contains('\0');
        match taken {
            Ok(record) => {
                assert!(is_identity, "{string:?}");
                assert_eq!(record.key.as_deref(), Some(string.as_str()));
                let read: Value = serde_json::from_str(record.value.as_ref().text()).unwrap();
                assert_eq!(read, value);
            }
            Err(reject) => assert!(!is_identity && reject.reason == Reason::Schema, "{string:?}: {reject}"),
        }
    }
}

/// In a number's place, each is a number, nothing, or a violation; never a panic, and never another value.
#[test]
fn they_are_numbers_only_if_they_write_one() {
    let intake = Intake::shipped();
    for string in strings() {
        let value = json!({"customerId": "c", "assets": [{"id": "a", "prixAchat": string}]});
        let Ok(record) = intake.take_text(ASSETS, value.to_string()) else { continue };
        let read = record.value.as_ref().at(&["assets", "0", "prixAchat"]).unwrap();
        match read.as_number() {
            Some(digits) => {
                let trimmed = string.trim().trim_start_matches('+');
                assert_eq!(digits.parse::<f64>(), trimmed.parse::<f64>(), "{string:?}");
            }
            None => assert!(string.is_empty() && read.is_null(), "{string:?}"),
        }
    }
}
