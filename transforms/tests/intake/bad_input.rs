//! Every row of the table of bad input (spec/1 §5).

use schemas::{Raw, Reason, Record, Reject, ValueBytes, Violation};
use serde_json::{Value, json};

use super::{ASSETS, INSTITUTION, Intake, raw};

fn assets() -> Value {
    json!({"customerId": "c-1", "dataVersion": "2.1", "timestamp": "2026-03-01T07:00:00.000Z", "assets": [{"id": "a-1"}]})
}

fn standard(data: Value) -> Value {
    json!({"id": "m-1", "eventType": "x", "data": data, "metadata": {"correlationId": "k", "timestamp": "2026-03-01T07:30:00Z"}})
}

fn with(mut value: Value, pointer: &str, member: Value) -> Value {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(above).unwrap()[name] = member;
    value
}

fn take(value: &Value) -> Result<Record, Reject> {
    Intake::shipped().take_text(ASSETS, value.to_string())
}

fn refused(value: &Value) -> (Reason, String) {
    let reject = take(value).unwrap_err();
    assert_eq!(reject.violations.len(), 1, "{reject:?}");
    (reject.reason, reject.violations[0].pointer.clone())
}

#[test]
fn a_tombstone_is_malformed() {
    let empty = raw(ASSETS, b"", "2026-03-01T08:00:00Z".parse().unwrap());
    let reject = Intake::shipped().take(&Raw { value: ValueBytes::TOMBSTONE, ..empty }).unwrap_err();
    assert_eq!(reject.to_string(), "malformed: no value: a tombstone tells of no event");
}

#[test]
fn what_is_no_json_object_is_malformed() {
    let nested = |levels: usize| format!(r#"{{"customerId":"c","assets":[],"x":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{\"a\":\"\xff\"}".to_vec(), "not UTF-8 at byte 6"),
        (b"{not json".to_vec(), "a member begins with its name in quotes at byte 1"),
        (b"".to_vec(), "the text ends where a value should be at byte 0"),
        (b" [1]".to_vec(), "the value is no JSON object at byte 1"),
        (b"{\"a\":1,\"a\":1}".to_vec(), "the member \"a\" stands twice in one object at byte 7"),
        (nested(128).into_bytes(), "nesting over 128 levels at byte 161"),
        (b"{\"a\":1e309}".to_vec(), "a number whose exponent is beyond ±308 at byte 5"),
        (b"{\"a\":-1E-309}".to_vec(), "a number whose exponent is beyond ±308 at byte 5"),
        (vec![b' '; (1 << 20) + 1], "a value of 1048577 bytes, over the limit of 1048576 at byte 1048576"),
    ];
    for (bytes, message) in cases {
        let reject = Intake::shipped().take_text(ASSETS, bytes).unwrap_err();
        let violation = Violation { message: message.to_owned(), ..Violation::default() };
        assert_eq!(reject, Reject { reason: Reason::Malformed, violations: vec![violation] });
    }
    assert!(Intake::shipped().take_text(ASSETS, nested(127)).is_ok());
}

#[test]
fn the_size_limit_is_a_parameter() {
    let value = assets().to_string();
    let intake = |bytes: usize| Intake::with(&json!({"max_bytes": format!("{bytes}B")}), &json!({}));
    assert!(intake(value.len()).take_text(ASSETS, &value).is_ok());
    assert_eq!(intake(value.len() - 1).take_text(ASSETS, &value).unwrap_err().reason, Reason::Malformed);
}

#[test]
fn every_violation_is_told_with_pointers_into_what_was_sent() {
    let payload = json!({"assets": [{"id": "", "prixAchat": -1, "etatActuel": "usé"}], "summary": []});
    for (value, above) in [(payload.clone(), ""), (standard(payload), "/data")] {
        let reject = take(&value).unwrap_err();
        assert_eq!(reject.reason, Reason::Schema);
        let mut pointers: Vec<&str> = reject.violations.iter().map(|violation| violation.pointer.as_str()).collect();
        pointers.sort_unstable();
        let expected = ["", "/assets/0/etatActuel", "/assets/0/id", "/assets/0/prixAchat", "/summary"];
        assert_eq!(pointers, expected.map(|pointer| format!("{above}{pointer}")));
        assert!(
            reject.violations.iter().all(|violation| value.pointer(&violation.pointer).is_some() && !violation.rule.is_empty())
        );
    }
}

#[test]
fn an_event_too_far_ahead_would_freeze_its_section() {
    let at = |time: &str| with(assets(), "/timestamp", json!(time));
    assert!(take(&at("2026-03-02T08:00:00.000Z")).is_ok());
    assert_eq!(refused(&at("2026-03-02T08:00:00.000001Z")), (Reason::Time, "/timestamp".to_owned()));
    assert_eq!(refused(&standard(at("2027-01-01"))), (Reason::Time, "/data/timestamp".to_owned()));
    let mut around = standard(with(assets(), "/timestamp", json!(null)));
    around["metadata"]["timestamp"] = json!("2026-04-01");
    assert_eq!(refused(&around), (Reason::Time, "/metadata/timestamp".to_owned()));
    let lenient = Intake::with(&json!({}), &json!({"max_event_lead": "30d"}));
    assert!(lenient.take_text(ASSETS, at("2026-03-20").to_string()).is_ok());
}

#[test]
fn another_version_is_refused_unless_it_is_switched_on() {
    let of = |version: Value| with(assets(), "/dataVersion", version);
    for taken in [json!("2.1"), json!(2.1), json!(null), json!("")] {
        assert!(take(&of(taken.clone())).is_ok(), "{taken}");
    }
    assert!(Intake::shipped().take_text(ASSETS, assets().to_string().replace("\"2.1\"", "2.10")).is_ok());
    for other in [json!("2.0"), json!(2), json!("2.1.0"), json!(" 2.1"), json!(true), json!({"v": 2.1})] {
        assert_eq!(refused(&of(other)), (Reason::Version, "/dataVersion".to_owned()));
    }
    assert_eq!(refused(&standard(of(json!("3")))), (Reason::Version, "/data/dataVersion".to_owned()));
    let older = Intake::with(&json!({}), &json!({"accept_2_0": true}));
    for (version, taken) in [(json!("2.0"), true), (json!(2.0), true), (json!("2.1"), true), (json!("1.0"), false)] {
        assert_eq!(older.take_text(ASSETS, of(version.clone()).to_string()).is_ok(), taken, "{version}");
    }
}

#[test]
fn version_is_told_before_schema_and_schema_before_time() {
    let late = with(assets(), "/timestamp", json!("2027-01-01"));
    let wrong = with(late.clone(), "/assets", json!(1));
    let other = with(wrong.clone(), "/dataVersion", json!("9"));
    assert_eq!(refused(&late).0, Reason::Time);
    assert_eq!(refused(&wrong).0, Reason::Schema);
    assert_eq!(refused(&other).0, Reason::Version);
}

#[test]
fn nul_and_lone_surrogates_are_replaced_and_counted() {
    let value = r#"{"customerId":"c-1","assets":[{"id":"a","nom":"x\u0000y\ud800","prixAchat":"1"}]}"#;
    let record = Intake::shipped().take_text(ASSETS, value).unwrap();
    assert_eq!(record.tolerated.replaced_characters, 2);
    let name = record.value.as_ref().at(&["assets", "0", "nom"]).unwrap().as_str().unwrap().into_owned();
    assert_eq!(name, "x\u{fffd}y\u{fffd}");
}

/// Two customers whose ids differ in a NUL alone must not become one.
#[test]
fn a_customer_id_with_a_nul_is_a_violation() {
    for price in ["1", "\"1\""] {
        let value = format!(r#"{{"assets":[{{"id":"a","prixAchat":{price}}}],"customerId":"c\u0000"}}"#);
        let reject = Intake::shipped().take_text(ASSETS, value).unwrap_err();
        assert_eq!(reject.to_string(), "schema: \"c\\ufffd\" holds a NUL");
    }
    assert!(take(&with(assets(), "/customerId", json!("c\u{fffd}"))).is_ok());
    assert!(take(&with(assets(), "/customerId", json!("é".repeat(255)))).is_ok());
    assert_eq!(refused(&with(assets(), "/customerId", json!("é".repeat(256)))).0, Reason::Schema);
}

#[test]
fn a_business_field_missing_or_null_is_no_violation() {
    let record = Intake::shipped().take_text(INSTITUTION, r#"{"customerId":"i-1","specificData":{"totalBilan":null}}"#).unwrap();
    assert_eq!(record.event_time, record.timestamp);
    assert_eq!(&*record.kind, "institution_data");
}

#[test]
fn a_topic_without_a_schema_says_so() {
    let reject = Intake::shipped().take_text("orders", "{}").unwrap_err();
    assert_eq!(reject.to_string(), "transform: topic \"orders\" has no schema: name one under `topics:`, as `schema: FILE`");
}

#[test]
fn a_key_is_not_trusted() {
    let mut record = raw(ASSETS, assets().to_string().as_bytes(), "2026-03-01T08:00:00Z".parse().unwrap());
    for key in [None, Some(b"other".to_vec()), Some(vec![255])] {
        record.key = key;
        assert_eq!(Intake::shipped().take(&record).unwrap().key.as_deref(), Some("c-1"));
    }
}
