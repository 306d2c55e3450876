//! The parser against other people's cases, and against `serde_json`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::Value;

use super::{Json, JsonRef, Kind, Limits, Malformed};

fn parse(text: impl AsRef<[u8]>) -> Result<Json, Malformed> {
    Json::parse(text.as_ref(), &Limits::default())
}

fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// What `serde_json` makes of our cursor's answers.
fn tree(value: JsonRef<'_>) -> Value {
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(value.as_bool().unwrap()),
        Kind::Number => serde_json::from_str(value.as_number().unwrap()).unwrap(),
        Kind::String => Value::String(value.as_str().unwrap().into_owned()),
        Kind::Array => Value::Array(value.elements().map(tree).collect()),
        Kind::Object => Value::Object(value.members().map(|(name, value)| (name.as_str().into_owned(), tree(value))).collect()),
    }
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    verdict: String,
    base64: String,
    #[serde(default)]
    repeat: Option<usize>,
}

/// What the suite demands, but for what spec/1 §5 decides otherwise: no member twice.
#[test]
fn answers_the_json_test_suite() {
    let mut cases = 0;
    for line in corpus("json_test_suite.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let bytes = BASE64_STANDARD.decode(&case.base64).unwrap().repeat(case.repeat.unwrap_or(1));
        let taken = parse(&bytes);
        let twice = case.name.starts_with("y_object_duplicated_key");
        match case.verdict.as_str() {
            "y" if !twice => assert!(taken.is_ok(), "{}: {taken:?}", case.name),
            "y" | "n" => assert!(taken.is_err(), "{}", case.name),
            // Ours to decide: what is taken must at least be UTF-8, and read back.
            _ => {
                if let Ok(json) = taken {
                    assert!(std::str::from_utf8(&bytes).is_ok(), "{}", case.name);
                    assert_eq!(Json::parse_own(json.as_ref().text()).unwrap(), json, "{}", case.name);
                }
            }
        }
        cases += 1;
    }
    assert_eq!(cases, 318);
}

/// The cases that the suite leaves to the parser, as spec/1 §5 decides them.
#[test]
fn decides_what_the_suite_leaves_open() {
    let known = [
        "i_number_neg_int_huge_exp",
        "i_number_huge_exp",
        "i_number_pos_double_huge_exp",
        "i_number_double_huge_neg_exp",
        "i_number_real_neg_overflow",
        "i_number_real_pos_overflow",
        "i_number_real_underflow",
        "i_number_too_big_neg_int",
        "i_number_too_big_pos_int",
        "i_number_very_big_negative_int",
        "i_object_key_lone_2nd_surrogate",
        "i_string_1st_surrogate_but_2nd_missing",
        "i_string_1st_valid_surrogate_2nd_invalid",
        "i_string_UTF-16LE_with_BOM",
        "i_string_UTF-8_invalid_sequence",
        "i_string_UTF8_surrogate_U+D800",
        "i_string_incomplete_surrogate_and_escape_valid",
        "i_string_incomplete_surrogate_pair",
        "i_string_incomplete_surrogates_escape_valid",
        "i_string_invalid_lonely_surrogate",
        "i_string_invalid_surrogate",
        "i_string_invalid_utf-8",
        "i_string_inverted_surrogates_U+1D11E",
        "i_string_iso_latin_1",
        "i_string_lone_second_surrogate",
        "i_string_lone_utf8_continuation_byte",
        "i_string_not_in_unicode_range",
        "i_string_overlong_sequence_2_bytes",
        "i_string_overlong_sequence_6_bytes",
        "i_string_overlong_sequence_6_bytes_null",
        "i_string_truncated-utf-8",
        "i_string_utf16BE_no_BOM",
        "i_string_utf16LE_no_BOM",
        "i_structure_500_nested_arrays",
        "i_structure_UTF-8_BOM_empty_object",
    ];
    // Lone surrogates are taken and replaced, integers of any size are taken; the rest is no UTF-8, too deep, or out of reach.
    let expected =
        |name: &str| name.contains("surrogate") && !name.contains("UTF8") || name.contains("_int") && !name.contains("exp");
    let lines = corpus("json_test_suite.jsonl");
    for case in lines.lines().map(|line| serde_json::from_str::<Case>(line).unwrap()).filter(|case| case.verdict == "i") {
        assert!(known.contains(&case.name.as_str()), "a case that nobody decided: {}", case.name);
        let json = parse(BASE64_STANDARD.decode(&case.base64).unwrap());
        assert_eq!(json.is_ok(), expected(&case.name), "{}: {json:?}", case.name);
        if case.name.contains("surrogate") {
            assert!(json.is_err() || json.is_ok_and(|json| json.repairs() > 0), "{}", case.name);
        }
    }
}

#[test]
fn refuses_what_the_contract_refuses_and_says_where() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let refused: [(&[u8], usize); 14] = [
        (b"", 0),
        (b"  ", 2),
        (b"{\"a\":1", 6),
        (b"{\"a\":\xff}", 5),
        (b"{\"a\":1,\"a\":2}", 7),
        (b"{\"a\":1,\"\\u0061\":2}", 7),
        (b"{\"\\u0000\":1,\"\\ud800\":2}", 12),
        (b"{\"a\":1e309}", 5),
        (b"{\"a\":1E-309}", 5),
        (b"[10e308]", 1),
        (b"{} {}", 3),
        (b"{\"a\":\"\x01\"}", 6),
        (b"[01]", 1),
        (b"\xef\xbb\xbf{}", 0),
    ];
    for (bytes, offset) in refused {
        let malformed = parse(bytes).unwrap_err();
        assert_eq!(malformed.offset, offset, "{:?}: {malformed}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(parse(nested(129)).unwrap_err().offset, 128);
    assert!(parse(nested(128)).is_ok());
    assert!(parse(format!("\"{}\"", "x".repeat((1 << 20) - 2))).is_ok());
    assert!(parse(format!("\"{}\"", "x".repeat((1 << 20) - 1))).is_err());
    assert!(parse(format!("{}1e308", " ".repeat(5))).is_ok());
    let many: Vec<String> = (0..100).map(|index| format!("\"name-{index}\":{index}")).collect();
    assert!(parse(format!("{{{}}}", many.join(","))).is_ok());
    assert!(parse(format!("{{{},\"name-{}\":0}}", many.join(","), 40)).is_err());
}

#[test]
fn replaces_what_postgresql_cannot_store_and_counts_it() {
    let json = parse(r#"{"a\u0000":"x\u0000y\ud800z\udc00\ud83d\ude00\\u0000"}"#).unwrap();
    assert_eq!(json.repairs(), 4);
    let value = json.as_ref().get("a\u{fffd}").unwrap();
    assert_eq!(value.as_str().unwrap(), "x\u{fffd}y\u{fffd}z\u{fffd}😀\\u0000");
    assert!(!json.as_ref().text().contains("\\ud800"));
    // Who judges what was sent still sees the NUL, also beside an edit.
    assert_eq!(value.as_sent().unwrap(), "x\0y\u{fffd}z\u{fffd}😀\\u0000");
    let json = parse(r#"{"n":"12","a":"\u0000","m":" 3 "}"#).unwrap();
    let edits = ["n", "m"].map(|name| json.as_ref().get(name).unwrap().replace("1234567")).to_vec();
    let edited = json.edited(edits).unwrap();
    assert_eq!(edited.as_ref().text(), r#"{"n":1234567,"a":"\ufffd","m":1234567}"#);
    assert_eq!(edited.as_ref().get("a").unwrap().as_sent().unwrap(), "\0");
    assert_eq!(edited.repairs(), 1);
}

#[test]
fn keeps_numbers_as_they_were_sent() {
    let digits = ["9007199254740993", "1.50", "-0", "0.1", "1e21", "123456789012345678901234567890.000", "1E-7"];
    let json = parse(format!("[{}]", digits.join(","))).unwrap();
    let kept: Vec<&str> = json.as_ref().elements().map(|number| number.as_number().unwrap()).collect();
    assert_eq!(kept, digits);
}

#[test]
fn a_handle_knows_its_pointer() {
    let json = parse(r#"{"data":{"a/b":[1,{"~":"x"}]},"metadata":{}}"#).unwrap();
    for pointer in ["", "/data", "/data/a~1b", "/data/a~1b/0", "/data/a~1b/1", "/data/a~1b/1/~0", "/metadata"] {
        let value = json.as_ref().pointed(pointer).unwrap();
        assert_eq!(json.share(value).pointer(), pointer);
    }
    for nowhere in ["/x", "data", "/data/a~1b/2", "/data/a~1b/01x"] {
        assert!(json.as_ref().pointed(nowhere).is_none(), "{nowhere}");
    }
}

#[test]
fn naughty_strings_are_values_and_names() {
    let strings: Vec<String> = serde_json::from_str(&corpus("naughty_strings.json")).unwrap();
    assert_eq!(strings.len(), 515);
    for string in &strings {
        let stored = string.replace('\0', "\u{fffd}");
        let json = parse(serde_json::json!({string: string}).to_string()).unwrap();
        let value = json.as_ref().get(&stored).unwrap();
        assert_eq!(value.as_str().unwrap(), stored);
        assert_eq!(value.as_sent().unwrap(), string.as_str());
    }
}

/// Values of every kind, with names and strings that need escapes.
fn value() -> impl Strategy<Value = Value> {
    let text = "[a-c\"\\\\\\n\\u{1}é😀\u{e000}]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300_f64..1e300).prop_map(Value::from),
        (-1e3_f64..1e3).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((text, inner), 0..8).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether a difference to `serde_json` is one that spec/1 §5 demands, or one that it leaves open.
fn is_ours(malformed: &Malformed) -> bool {
    ["stands twice", "exponent is beyond", "nesting over"].iter().any(|why| malformed.what.contains(why))
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let json = parse(&text).unwrap();
        prop_assert_eq!(tree(json.as_ref()), serde_json::from_str::<Value>(&text).unwrap());
        prop_assert_eq!(json.as_ref().text(), text);
    }

    /// One byte changed, left out or doubled: both take it, or both refuse it.
    #[test]
    fn agrees_with_serde_json_on_what_is_json(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3) {
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => { bytes.remove(at); }
            _ => bytes.insert(at, bytes[at]),
        }
        match (parse(&bytes), serde_json::from_slice::<Value>(&bytes)) {
            (Ok(json), Ok(value)) if json.repairs() == 0 => prop_assert_eq!(tree(json.as_ref()), value),
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(malformed), Ok(_)) => prop_assert!(is_ours(&malformed), "{malformed}"),
            (Ok(json), Err(error)) => prop_assert!(json.repairs() > 0, "{error}: {json:?}"),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(br#"{}[]",:\u0d8fe+-.1 "#.to_vec())], 0..60)) {
        if let Ok(json) = parse(&bytes) {
            prop_assert_eq!(Json::parse_own(json.as_ref().text()).unwrap(), json);
        }
    }

    #[test]
    fn finds_every_member(names in prop::collection::btree_set("[a-c\\u{0}é]{0,14}", 0..80)) {
        let members: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), Value::from(name.as_str()))).collect();
        let Ok(json) = parse(Value::Object(members).to_string()) else {
            // NULs became U+FFFD, so two names may be one.
            prop_assume!(false);
            unreachable!();
        };
        for name in &names {
            let stored = name.replace('\0', "\u{fffd}");
            prop_assert_eq!(json.as_ref().get(&stored).and_then(JsonRef::as_str).unwrap(), stored.as_str());
        }
        prop_assert!(json.as_ref().get("absent").is_none());
    }
}
