//! The schemas of the contract with their examples, and what the validator makes of schemas in general.
#![allow(clippy::unwrap_used, clippy::panic)]

mod agreement;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Validator;
use crate::{Json, Tolerated};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn load(name: &str) -> Result<Value, String> {
    serde_json::from_str(&read(&folder().join(name))).map_err(|error| error.to_string())
}

fn shipped(name: &str) -> Validator {
    Validator::compile(&load(name).unwrap(), &load).unwrap()
}

fn of(schema: &Value) -> Validator {
    Validator::compile(schema, &|name| Err(format!("no file {name}"))).unwrap()
}

fn payload(value: &Value) -> Json {
    Json::parse_own(&value.to_string()).unwrap()
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

/// The schemas that stand for a topic: all but shared definitions and the grammar of the pipeline file.
fn topics() -> Vec<String> {
    let named = |path: PathBuf| path.file_name().and_then(|name| name.to_str()).map(str::to_owned).unwrap();
    let is_topic = |name: &String| name.ends_with(".json") && !name.ends_with(".defs.json") && name != "pipeline.schema.json";
    files(&folder()).into_iter().filter(|path| path.is_file()).map(named).filter(is_topic).collect()
}

#[test]
fn every_valid_example_is_valid() {
    for topic in topics() {
        let validator = shipped(&topic);
        let examples = files(&folder().join("examples").join(topic.trim_end_matches(".json")).join("valid"));
        assert!(!examples.is_empty(), "{topic} has no valid example");
        for example in examples {
            let judged = validator.check(&Json::parse_own(&read(&example)).unwrap());
            assert!(judged.is_ok(), "{}: {:?}", example.display(), judged.err());
        }
    }
}

#[test]
fn every_invalid_example_says_what_is_wrong() {
    let mut found = String::new();
    for topic in topics() {
        let validator = shipped(&topic);
        let topic = topic.trim_end_matches(".json");
        let examples = files(&folder().join("examples").join(topic).join("invalid"));
        assert!(!examples.is_empty(), "{topic} has no invalid example");
        for example in examples {
            let text = read(&example);
            let limits = crate::json::Limits::default();
            let Err(violations) = validator.check(&Json::parse(text.as_bytes(), &limits).unwrap()) else {
                panic!("{} is valid", example.display());
            };
            let _ = writeln!(found, "{topic}/{}", stem(&example));
            for violation in violations {
                let _ = writeln!(found, "  {:?} {}\n    by {}", violation.pointer, violation.message, violation.rule);
            }
        }
    }
    insta::assert_snapshot!(found);
}

/// Every field has a description, and no definition stands unused.
#[test]
fn every_field_is_described() {
    fn undescribed(schema: &Value, at: &str, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            if !field["description"].is_string() && !field["$ref"].is_string() {
                found.push(at.clone());
            }
            undescribed(field, &at, found);
            undescribed(&field["items"], &at, found);
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undescribed(definition, &format!("{at}/$defs/{name}"), found);
        }
    }
    let mut found = Vec::new();
    let names = topics()
        .into_iter()
        .chain(["customer", "company", "identification", "institution", "inventory"].map(|name| format!("{name}.defs.json")));
    for name in names {
        undescribed(&load(&name).unwrap(), &name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn events_are_named_by_the_schema() {
    assert_eq!(&**shipped("institution.v2_1.json").event(), "institution_data");
    assert_eq!(&**of(&json!({})).event(), "");
}

#[test]
fn the_usual_payload_is_not_copied() {
    let validator = shipped("assets.v2_1.json");
    let sent = payload(&json!({"data": {"customerId": "c", "assets": [{"id": "a", "prixAchat": 1.50}]}}));
    let inner = sent.share(sent.as_ref().get("data").unwrap());
    let (read, tolerated) = validator.check(&inner).unwrap();
    assert_eq!(tolerated, Tolerated::default());
    assert_eq!(read.as_ref().text().as_ptr(), inner.as_ref().text().as_ptr());
}

#[test]
fn numeric_strings_and_blanks_are_read_and_counted() {
    let validator = shipped("assets.v2_1.json");
    let text = r#"{"customerId":"c","dataType":"","assets":[{"id":"a","nom":"12","prixAchat":" 1200.50 ","etatActuel":"","dateAcquisition":"",
        "dateEvaluation":"hier","metadata":{"prixAchat":"12"},"couleur":"x"}],"summary":{"assetsCount":"1"},"timestamp":"x"}"#;
    let (read, tolerated) = validator.check(&Json::parse_own(text).unwrap()).unwrap();
    let line = read.as_ref().at(&["assets", "0"]).unwrap();
    let text = |name: &str| line.get(name).unwrap().text();
    assert_eq!(text("prixAchat"), "1200.50");
    assert_eq!((text("etatActuel"), text("dateAcquisition")), ("null", "null"));
    assert_eq!((text("nom"), text("dateEvaluation"), text("metadata")), ("\"12\"", "\"hier\"", r#"{"prixAchat":"12"}"#));
    let expected = Tolerated { numeric_strings: 2, unknown_fields: 1, unparsed_dates: 2, ..Tolerated::default() };
    assert_eq!(tolerated, expected);
}

#[test]
fn texts_outside_an_open_set_are_counted() {
    let validator = shipped("institution.v2_1.json");
    let unlisted = |kind: Value| {
        let sent = payload(&json!({"customerId": "i", "specificData": {"typeInstitution": kind}}));
        validator.check(&sent).unwrap().1.unlisted_values
    };
    assert_eq!(unlisted(json!("BANQUE")), 0);
    assert_eq!(unlisted(json!("Mutuelle")), 1);
    assert_eq!((unlisted(json!("")), unlisted(json!(null))), (0, 0));
}

#[test]
fn ranges_and_whole_numbers_are_exact() {
    let range = of(&json!({"type": ["number", "null"], "minimum": 0, "maximum": 100}));
    let takes = |validator: &Validator, text: &str| validator.check(&Json::parse_own(text).unwrap()).is_ok();
    for text in ["0", "-0.0", "100", "1e2", "100.000", "\"100\"", "\" 99.999999999999999999999 \"", "null", "\"\""] {
        assert!(takes(&range, text), "{text}");
    }
    for text in
        ["-1e-300", "100.00000000000000000000000001", "\"100.00000000000000000000000001\"", "1e300", "\"1e400\"", "\" \"", "[]"]
    {
        assert!(!takes(&range, text), "{text}");
    }
    let whole = of(&json!({"type": "integer"}));
    for text in ["5", "5.0", "1e3", "1.5e1", "123456789012345678901234567890", "-0", "10e-1", "0e-5", "\"5.0\""] {
        assert!(takes(&whole, text), "{text}");
    }
    for text in ["5.5", "1e-1", "1.55e1", "123456789012345678901234567890.1", "9007199254740993.5", "\"0.5\"", "\"\"", "null"] {
        assert!(!takes(&whole, text), "{text}");
    }
}

#[test]
fn messages_quote_at_most_forty_characters_of_what_was_sent() {
    let validator =
        of(&json!({"properties": {"n": {"type": ["number", "null"]}, "s": {"enum": ["a", null]}, "b": {"enum": ["x"]}}}));
    let sent = payload(&json!({"n": "é".repeat(100), "s": 7, "b": ""}));
    let messages: Vec<String> = validator.check(&sent).unwrap_err().into_iter().map(|violation| violation.message).collect();
    let quoted = format!("\"{}… is not a number or null", "é".repeat(39));
    assert_eq!(messages.len(), 3);
    assert!(messages.contains(&quoted), "{messages:?}");
    assert!(messages.contains(&"7 is none of \"a\", null".to_owned()), "{messages:?}");
    // Read as null, but quoted as sent.
    assert!(messages.contains(&"\"\" is none of \"x\"".to_owned()), "{messages:?}");
}

#[test]
fn keywords_that_the_table_does_not_know_are_judged_all_the_same() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "n": {"oneOf": [{"type": "integer"}, {"type": "string", "minLength": 3}]},
            "unique": {"uniqueItems": true},
            "names": {"propertyNames": {"maxLength": 2}},
            "name": {"pattern": "^[a-z]+$"},
            "even": {"type": ["number", "null"], "multipleOf": 2}
        }
    });
    let validator = of(&schema);
    let takes = |value: Value| validator.check(&payload(&value)).is_ok();
    assert!(takes(json!({"n": 1, "unique": [1, 2], "names": {"ab": 1}, "name": "abc", "even": "4"})));
    assert!(takes(json!({"n": "abc"})));
    for wrong in [
        json!({"n": "ab"}),
        json!({"unique": [1, 1.0]}),
        json!({"names": {"abc": 1}}),
        json!({"name": "A"}),
        json!({"even": "3"}),
        json!({"other": 1}),
    ] {
        assert!(!takes(wrong.clone()), "{wrong}");
    }
}

/// A payload of 240 kB took a minute, and its violations many times its size.
#[test]
fn of_countless_violations_a_thousand_are_told_and_the_rest_counted() {
    let schema = json!({"properties": {"stocks": {"items": {"type": "object", "required": ["id"]}}}});
    let validator = Validator::compile(&schema, &|_| Err(String::new())).unwrap();
    let sent = payload(&json!({ "stocks": vec![json!({}); 80_000] }));
    let begun = std::time::Instant::now();
    let violations = validator.check(&sent).unwrap_err();
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    assert_eq!(violations.len(), 1_001);
    assert_eq!(violations[999].pointer, "/stocks/999");
    assert_eq!((violations[1_000].pointer.as_str(), violations[1_000].message.as_str()), ("", "and 79000 more violations"));
}

#[test]
fn references_lead_to_files_beside_the_schema() {
    let files = |name: &str| match name {
        "a.json" => Ok(json!({"$id": "https://example.org/a.json", "$defs": {"tree": {
            "type": "object", "properties": {"size": {"$ref": "b.json"}, "children": {"items": {"$ref": "#/$defs/tree"}}}
        }}})),
        "b.json" => Ok(json!({"type": ["integer", "null"]})),
        _ => Err("there is no such file".to_owned()),
    };
    let validator = Validator::compile(&json!({"$ref": "a.json#/$defs/tree"}), &files).unwrap();
    let sent = payload(&json!({"size": "1", "children": [{"size": "2", "children": [{"size": ""}]}]}));
    let (read, tolerated) = validator.check(&sent).unwrap();
    assert_eq!(read.as_ref().text(), r#"{"children":[{"children":[{"size":null}],"size":2}],"size":1}"#);
    assert_eq!(tolerated.numeric_strings, 2);
    let violations = validator.check(&payload(&json!({"children": [{"children": [{"size": "x"}]}]}))).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].pointer, "/children/0/children/0/size");

    let wrong = |schema: Value| Validator::compile(&schema, &files).unwrap_err().to_string();
    assert_eq!(wrong(json!({"items": {"$ref": "c.json"}})), "schema#/items/$ref: cannot read \"c.json\": there is no such file");
    assert_eq!(wrong(json!({"$ref": "a.json#/$defs/bush"})), "schema#/$ref: \"a.json#/$defs/bush\" leads nowhere");
    assert_eq!(wrong(json!({"$ref": "#/$defs/x"})), "schema#/$ref: \"#/$defs/x\" leads nowhere");
    assert!(wrong(json!({"$ref": "https://example.org/x"})).contains("nothing is fetched over a network"));
    assert!(wrong(json!({"properties": {"a": {"type": "objekt"}}})).starts_with("schema#/properties/a/type: "));
    assert_eq!(wrong(json!({"x-event": 1})), "schema#/x-event: x-event names the event: a string");
}

#[test]
fn a_part_is_judged_as_it_would_be_inside_of_a_payload() {
    let schema = json!({
        "type": "object", "required": ["id"], "properties": {
            "lines": {"type": "array", "items": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "string", "minLength": 1}, "a/b~": {"type": ["number", "null"], "minimum": 0}
            }}},
            "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
            "free": {"description": "Anything."}
        }
    });
    let validator = Validator::compile(&schema, &|name| Err(name.to_owned())).unwrap();
    let check = |path: &[&str], text: &str| {
        let judged = validator.check_at(path, &Json::parse_own(text).unwrap());
        judged.map(|(read, _)| read.as_ref().text().to_owned()).map_err(|violations| {
            violations.into_iter().map(|violation| (violation.pointer, violation.message)).collect::<Vec<_>>()
        })
    };
    let said = |pointer: &str, message: &str| Err(vec![(pointer.to_owned(), message.to_owned())]);
    assert_eq!(check(&["lines", "7", "a/b~"], r#""1.50""#), Ok("1.50".to_owned()), "neither `id` is asked for");
    assert_eq!(check(&["lines", "7", "a/b~"], r#""-1""#), said("", "\"-1\" is less than 0"), "what was sent is quoted");
    assert_eq!(check(&["lines", "7"], r#"{"a/b~": 1}"#), said("", "the object lacks the member \"id\""));
    assert_eq!(check(&["lines"], r#"[{"id": "x"}, {"id": ""}]"#), said("/1/id", "\"\" is empty"));
    assert_eq!(check(&["either"], "1"), Ok("1".to_owned()), "what the table does not hold is for the judge to say");
    assert_eq!(check(&["either"], "[]").unwrap_err()[0].0, "");
    assert_eq!(check(&["free", "below", "0"], r#""1""#), Ok(r#""1""#.to_owned()));
    assert!(check(&["lines", "first"], "1").unwrap_err()[0].1.starts_with("`first` is no index"));
    assert!(check(&["lines", "0", "id", "x"], "1").unwrap_err()[0].1.starts_with("nothing may stand at `x`"));
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    assert!(check(&["free", "below"], &deep).is_ok(), "depth is judged where the value is laid");
    let unknown = validator.check_at(&["other", "x"], &Json::parse_own("1").unwrap()).unwrap().1;
    assert_eq!(unknown.unknown_fields, 1);
}
