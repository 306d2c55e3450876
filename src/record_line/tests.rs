#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::DateTime;
use proptest::prelude::*;
use schemas::{Header, Origin, Outgoing, Raw, TopicName, ValueBytes};

use super::{parse, print};

fn parsed(line: &str) -> Outgoing {
    parse(1, line.as_bytes()).unwrap()
}

fn refused(line: &str) -> String {
    parse(7, line.as_bytes()).unwrap_err().to_string()
}

fn raw(key: Option<&[u8]>, value: &[u8], headers: Vec<Header>) -> Raw {
    Raw {
        origin: Origin { topic: TopicName::try_from("t").unwrap(), partition: 2, offset: 9 },
        key: key.map(Into::into),
        value: value.into(),
        headers,
        timestamp: DateTime::from_timestamp_micros(1_772_354_096_813_000).unwrap(),
    }
}

#[test]
fn a_value_is_the_text_that_stands_in_the_line() {
    for value in
        [r#"{"a" : 1.50,  "b":1e21,"a":"\ud800\u00e9"}"#, "null", "0.10", "12345678901234567890123", "\"x\"", "[ ]", "false"]
    {
        assert_eq!(parsed(&format!(r#"{{"topic":"t","value": {value} }}"#)).value, value.as_bytes());
    }
}

#[test]
fn raw_gives_the_bytes() {
    assert_eq!(parsed(r#"{"topic":"t","raw":"{not json\n"}"#).value, b"{not json\n");
    assert_eq!(parsed(r#"{"topic":"t","raw":""}"#).value, b"");
    assert_eq!(parsed(r#"{"topic":"t","raw_base64":"AP8="}"#).value, [0, 255]);
}

#[test]
fn no_key_and_an_empty_key_are_two_things() {
    assert_eq!(parsed(r#"{"topic":"t","raw":""}"#).key, None);
    assert_eq!(parsed(r#"{"topic":"t","raw":"","key":null}"#).key, None);
    assert_eq!(parsed(r#"{"topic":"t","raw":"","key":""}"#).key, Some(vec![]));
    assert_eq!(parsed(r#"{"topic":"t","raw":"","key_base64":"/w=="}"#).key, Some(vec![255]));
}

#[test]
fn names_may_be_escaped_and_null_is_only_a_value() {
    let record = parsed(
        r#"{"\u0074opic":"\u0074","value":null,"raw":null,"raw_base64":null,"partition":null,"timestamp":null,"key_base64":null}"#,
    );
    assert_eq!((record.topic.as_str(), &*record.value), ("t", b"null".as_slice()));
    assert_eq!((record.partition, record.timestamp, record.key), (None, None, None));
}

#[test]
fn every_member_is_taken() {
    let line = r#"{"topic":"t","partition":3,"offset":8,"timestamp":"2026-03-01T09:00:00.000001+01:00","key":"k",
        "headers":{"b":"1","a":{"base64":"/w=="},"c":["x",{"base64":""},"y"],"none":[]},"value":1}"#;
    let record = parsed(line);
    let header = |name: &str, value: &[u8]| Header { name: name.into(), value: value.into() };
    assert_eq!(record.partition, Some(3));
    assert_eq!(record.timestamp, DateTime::from_timestamp_micros(1_772_352_000_000_001));
    assert_eq!(record.headers, [header("b", b"1"), header("a", &[255]), header("c", b"x"), header("c", b""), header("c", b"y")]);
}

#[test]
fn a_wrong_line_is_named_with_what_is_wrong() {
    let cases = [
        (r#"{"topic":"t","vlaue":1}"#, "unknown member `vlaue`; known: `topic`, `partition`"),
        (r#"{"topic":"t"}"#, "line 7: no value; give one of `value`, `raw` and `raw_base64`"),
        (r#"{"topic":"t","value":1,"raw":"x"}"#, "line 7: more than one value"),
        (r#"{"topic":"t","value":1,"tombstone":true}"#, "line 7: more than one value"),
        (r#"{"topic":"t","tombstone":false}"#, "line 7: no value"),
        (r#"{"topic":"t","tombstone":1}"#, "`tombstone` must be true or false, and is 1"),
        (r#"{"topic":"t","raw_base64":"?"}"#, "line 7, column 27: `raw_base64` is no base64: invalid symbol 63, offset 0"),
        (r#"{"topic":"t","raw":"","key":"a","key_base64":""}"#, "line 7: give `key` or `key_base64`, not both"),
        (r#"{"value":1}"#, "line 7: no `topic`"),
        (r#"{"topic":"a b","value":1}"#, "line 7, column 10: `topic`: \"a b\" is no topic name"),
        (r#"{"topic":"t","value":1,"topic":"t"}"#, "the member `topic` stands twice"),
        (r#"{"topic":"t","value":{"a":}}"#, "line 7, column 27: no JSON: expected a value, found `}}`"),
        (r#"{"topic":"t","value":trve}"#, "line 7, column 22: no JSON: expected a value, found `trve}`"),
        ("{\"topic\":\"t\",\"value\":tru\u{1b}}", "line 7, column 22: no JSON: expected a value, found `tru\\u{1b}}`"),
        (r#"{"topic":"t","value":hello}"#, "line 7, column 22: no JSON: expected a value, found `hello}`"),
        (r#"{"topic":"t","value":[1 2]}"#, "line 7, column 25: no JSON: expected `,` or `]`, found `2]}`"),
        (r#"{"topic":"t","value":"#, "line 7, column 22: no JSON: the line ends inside it"),
        (r#"{"topic":"t","value":tr"#, "line 7, column 24: no JSON: the line ends inside it"),
        (r#"{"topic":"t","value":"é"#, "no JSON: the line ends inside it"),
        (
            "hello",
            r#"line 7, column 1: no JSON object: expected a record, such as {"topic": "orders", "value": 1}, found `hello`"#,
        ),
        ("  true", "line 7, column 3: no JSON object: expected a record"),
        ("\u{feff}{}", "line 7, column 1: a byte order mark"),
        ("{\"a\u{9b}\\u001b\\n\":1}", "unknown member `a\\u{9b}\\u{1b}\\n`; known:"),
        ("\u{1b}[2J", "found `\\u{1b}[2J`"),
        (
            r#"{"topic":"t","value":1,"timestamp":"yesterday"}"#,
            r#"line 7, column 36: `timestamp` must be an RFC 3339 time with its zone, such as "2026-03-01T08:00:00Z", and is "yesterday""#,
        ),
        (r#"{"topic":"t","value":1,"timestamp":"2026-03-01T08:00:00"}"#, "and is \"2026-03-01T08:00:00\""),
        (r#"{"topic":"t","value":1,"timestamp":"2026-13-01T08:00:00Z"}"#, "`timestamp` must be an RFC 3339 time"),
        (r#"{"topic":"t","value":1,"timestamp":1772352000}"#, "`timestamp` must be an RFC 3339 time"),
        (r#"{"topic":"t","value":1,"key":12}"#, "line 7, column 30: `key` must be a text, and is 12"),
        (
            r#"{"topic":"t","raw":{"a":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}}"#,
            "and is {\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]...",
        ),
        (r#"{"topic":null,"value":1}"#, "line 7: no `topic`"),
        (
            r#"{"topic":"t","value":1,"headers":{"a":1}}"#,
            "line 7, column 34: `headers`: invalid type: integer `1`, expected a text, `{\"base64\": \"...\"}`, or an array of these",
        ),
        (r#"{"topic":"t","value":1,"partition":-1}"#, "line 7, column 36: `partition` must be a whole number from 0, and is -1"),
        (r#"{"topic":"t","value":1} {}"#, "line 7, column 25: more than one JSON object: behind it stands `{}`"),
        (r#"{"topic":"t","value":1,"offset":"x"}"#, "`offset` must be a whole number from 0, and is \"x\""),
        ("[]", r#"line 7, column 1: no JSON object: expected a record, such as {"topic": "orders", "value": 1}"#),
        (r#"["t",0,0,null,null,null,{},1,null,null]"#, "expected a record, such as"),
    ];
    for (line, expected) in cases {
        let message = refused(line);
        assert!(message.contains(expected), "{line}\n  said: {message}\n  not:  {expected}");
        assert!(!message.contains("at line"), "{message}");
    }
    let message = parse(7, b"{\"topic\":\"\xff\"}").unwrap_err().to_string();
    assert_eq!(message, "line 7, column 11: not UTF-8; give such bytes as `raw_base64`");
}

#[test]
fn a_record_is_printed_in_its_most_readable_form() {
    let headers = vec![Header { name: "h".into(), value: b"1".to_vec() }, Header { name: "h".into(), value: vec![255] }];
    let start = r#"{"topic":"t","partition":2,"offset":9,"timestamp":"2026-03-01T08:34:56.813Z""#;
    let cases = [
        (raw(Some(b"k"), br#"{"a": 1.50}"#, Vec::new()), r#","key":"k","value":{"a": 1.50}}"#),
        (raw(None, b"", Vec::new()), r#","raw":""}"#),
        (raw(Some(&[255]), b"{", Vec::new()), r#","key_base64":"/w==","raw":"{"}"#),
        (raw(None, &[255], headers), r#","headers":{"h":["1",{"base64":"/w=="}]},"raw_base64":"/w=="}"#),
        (raw(None, b"{\n}", Vec::new()), r#","raw":"{\n}"}"#),
        (raw(None, b" 1", Vec::new()), r#","raw":" 1"}"#),
    ];
    for (record, rest) in cases {
        assert_eq!(print(&record), format!("{start}{rest}"));
    }
}

#[test]
fn deep_json_is_a_value_and_no_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let line = print(&raw(None, deep.as_bytes(), Vec::new()));
    assert_eq!(parsed(&line).value, deep.as_bytes());
}

#[test]
fn the_sample_events_are_records() {
    for file in ["events.jsonl", "hard-events.jsonl"] {
        let path = format!("{}/tests/samples/{file}", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(path).unwrap();
        for (number, line) in (1..).zip(lines.lines()) {
            parse(number, line.as_bytes()).unwrap();
        }
        assert!(lines.lines().count() > 100);
    }
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        ".{0,20}".prop_map(String::into_bytes),
        r#"[\[\]{}:,"0-9eE.+\- \n\\aunl]{0,12}"#.prop_map(String::into_bytes),
        r#"(\{"[a-z]":(-?[1-9][0-9]{0,30}\.[0-9]{1,5}|"[^"\\\x00-\x1f]*"|null)\}|true) ?"#.prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same_record(
        key in proptest::option::of(any_value()),
        value in proptest::option::of(any_value()),
        headers in proptest::collection::btree_map(".{0,5}", proptest::collection::vec(any_value(), 1..3), 0..3),
        timestamp_us in -62_167_219_200_000_000_i64..253_402_300_800_000_000,
    ) {
        let headers = headers.into_iter().flat_map(|(name, values)| {
            values.into_iter().map(move |value| Header { name: name.clone(), value })
        });
        let timestamp = DateTime::from_timestamp_micros(timestamp_us).unwrap();
        let value = value.map_or(ValueBytes::TOMBSTONE, Into::into);
        let record = Raw { timestamp, value, ..raw(key.as_deref(), b"", headers.collect()) };
        let line = print(&record);
        prop_assert!(!line.contains(['\n', '\r']), "{line}");
        let again = parsed(&line);
        prop_assert_eq!((&again.topic, again.partition), (&record.origin.topic, Some(record.origin.partition)));
        prop_assert_eq!((&again.key, &again.value, &again.headers), (&record.key, &record.value, &record.headers));
        prop_assert_eq!(again.timestamp, Some(record.timestamp));
    }
}
