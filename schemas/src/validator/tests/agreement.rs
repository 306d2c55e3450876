//! The table of fields and `jsonschema`, which judge the same schemas.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::of;
use crate::Json;
use crate::json::Document;

/// Schemas of the keywords that the table knows.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        prop::sample::subsequence(vec!["null", "boolean", "integer", "number", "string", "array", "object"], 1..4)
            .prop_map(|types| json!({"type": types})),
        Just(json!({"type": ["number", "null"], "minimum": 0, "maximum": 10})),
        Just(json!({"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^[^\\u0000]*$"})),
        Just(json!({"enum": ["a", "bb", null]})),
        Just(json!({"const": "a"})),
        Just(json!({"format": "date-time"})),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let members = prop::collection::btree_map("[ab]", inner.clone(), 0..3);
        prop_oneof![
            (members, prop::sample::subsequence(vec!["a", "c"], 0..=2))
                .prop_map(|(members, required)| json!({"properties": members, "required": required})),
            inner.clone().prop_map(|items| json!({"items": items})),
            prop::collection::vec(inner, 1..3).prop_map(|all| json!({"allOf": all})),
        ]
    })
}

fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..13).prop_map(Value::from),
        (-2.0_f64..13.0).prop_map(Value::from),
        "(a|bb|ccc|é|\u{0}|)".prop_map(Value::from),
        "( 5|12.0|1e1|-1)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What the table is sure of is what `jsonschema` says; and reading twice is reading once.
    #[test]
    fn the_table_and_jsonschema_agree(schema in schema(), instance in instance()) {
        let validator = of(&schema);
        let sent = Json::parse(instance.to_string().as_bytes(), &crate::json::Limits::default()).unwrap();
        let reading = crate::validator::reading::read(&validator.fields, validator.fields.root(), sent.as_ref());
        let read = sent.edited(reading.edits).unwrap();
        let judge = jsonschema::options_for::<Document>().should_validate_formats(false).build(&schema).unwrap();
        let valid = judge.is_valid(crate::json::judged(read.as_ref()));
        prop_assert!(valid || !reading.valid, "{schema} on {instance}");
        prop_assert_eq!(validator.check(&sent).is_ok(), valid);
        if valid {
            let (again, tolerated) = validator.check(&read).unwrap();
            prop_assert_eq!(again, read);
            prop_assert_eq!(tolerated.numeric_strings, 0);
        }
    }
}
