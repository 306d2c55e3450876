#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    rule: Rule,
    share: Percent,
    max: Score,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Rule {
    below: Threshold,
    points: Score,
}

impl Default for Sample {
    fn default() -> Self {
        let rule = Rule { below: Threshold::new(10, 2), points: Score::new(20) };
        Self { rule, share: Percent::new(Score::new(20)), max: Score::new(50) }
    }
}

impl Parameters for Sample {
    fn check(&self) -> Result<(), InvalidParameters> {
        if self.max < self.rule.points {
            return Err(contradiction(&["max"], "`max` is under the points of one rule"));
        }
        Ok(())
    }
}

fn fault(with: Value) -> (String, String) {
    let error = read::<Sample>(&with).unwrap_err();
    (error.path.join("."), error.message)
}

#[test]
fn what_is_left_out_keeps_its_default() {
    assert_eq!(read::<Sample>(&json!({})).unwrap(), Sample::default());
    let given = read::<Sample>(&json!({"rule": {"below": 0.3}})).unwrap();
    assert_eq!(given.rule, Rule { below: Threshold::new(3, 1), points: Score::new(20) });
}

#[test]
fn a_decimal_is_the_one_in_the_file_not_the_double_next_to_it() {
    let given = read::<Sample>(&json!({"rule": {"below": 0.1}})).unwrap();
    assert_eq!(given.rule.below.get(), &"0.1".parse::<BigDecimal>().unwrap());
}

#[test]
fn an_unknown_name_is_refused_with_those_that_there_are() {
    let (path, message) = fault(json!({"rule": {"belowe": 1}}));
    assert_eq!((path.as_str(), message.as_str()), ("rule.belowe", "unknown parameter `belowe`: there are `below`, `points`"));
}

#[test]
fn a_wrong_type_or_range_names_its_path() {
    for (with, path, message) in [
        (json!({"rule": {"points": 101}}), "rule.points", "a whole number from 0 to 100"),
        (json!({"rule": {"points": -1}}), "rule.points", "a whole number from 0 to 100"),
        (json!({"rule": {"points": "many"}}), "rule.points", "invalid type"),
        (json!({"rule": {"below": null}}), "rule.below", "invalid type"),
        (json!({"rule": 3}), "rule", "expected a map of `below`, `points`"),
        (json!({"share": 100.1}), "share", "a percentage from 0 to 100"),
        (json!({"share": -0.1}), "share", "a percentage from 0 to 100"),
        (json!([]), "", "expected a map"),
    ] {
        let (found, text) = fault(with);
        assert_eq!(found, path);
        assert!(text.contains(message), "{text}");
    }
}

#[test]
fn both_ends_of_a_range_are_in_it() {
    for edge in [0, 100] {
        read::<Sample>(&json!({"share": edge, "max": 100, "rule": {"points": edge}})).unwrap();
    }
}

#[test]
fn a_contradiction_is_found_after_all_types_are_right() {
    assert_eq!(fault(json!({"max": 10})).0, "max");
}
