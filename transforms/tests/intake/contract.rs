//! What the contract demands of every topic (spec/1 §1, §3, §5), stated over all of them.

use schemas::{Reason, Record, Reject};
use serde_json::{Value, json};

use super::{ASSETS, Intake, TOPICS, file};

/// An event of the topic, from its schema's examples.
fn event(schema: &str) -> Value {
    let path = file("schemas/examples").join(schema.trim_end_matches(".json")).join("valid/full.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn standard(data: &Value) -> Value {
    json!({
        "id": "m-1", "eventType": "x", "data": data,
        "metadata": {"id": "m-1", "correlationId": "k-1", "timestamp": "2026-02-28T00:00:00Z", "source": "customer-service",
            "version": {"version": "2.1", "schemaVersion": "2.1", "compatibleVersions": []}, "retryCount": 0}
    })
}

fn take(topic: &str, value: &Value) -> Result<Record, Reject> {
    Intake::shipped().take_text(topic, value.to_string())
}

/// The identity fields of each event, as JSON Pointers: with the ids of lines the only ones whose absence is a violation.
fn identity(event: &str) -> &'static [&'static str] {
    match event {
        "institution_data" => &["/customerId", "/specificData"],
        "assets" => &["/customerId", "/assets"],
        "stocks" => &["/customerId", "/stocks"],
        "identification" => &["/customerId", "/identification"],
        "complete_profile" => &["/customerId", "/customerType"],
        "critical_sync" => &["/customerId", "/syncType", "/priority", "/changes", "/metadata", "/metadata/requestId"],
        "company_profile" => &["/customerId", "/customerType", "/companyProfile"],
        "institution_profile" => &["/customerId", "/customerType", "/institutionProfile"],
        "profile_updated" => &["/customerId", "/customerType"],
        "sync_request" => &["/customerId", "/requestId"],
        other => panic!("no event {other}"),
    }
}

/// Whether the pointer names a line of assets or stocks.
fn is_line(pointer: &str) -> bool {
    let mut names = pointer.rsplit('/');
    names.next().is_some_and(|name| name.parse::<usize>().is_ok()) && matches!(names.next(), Some("assets" | "stocks"))
}

/// The pointers of all members of objects, and all elements of arrays.
fn places(value: &Value, above: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(index, element)| (index.to_string(), element)).collect(),
        _ => Vec::new(),
    };
    for (name, member) in inner {
        let at = format!("{above}/{name}");
        places(member, &at, found);
        found.push(at);
    }
}

fn removed(mut value: Value, pointer: &str) -> Value {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(above).unwrap() {
        Value::Object(members) => drop(members.remove(name)),
        Value::Array(elements) => drop(elements.remove(name.parse().unwrap())),
        _ => panic!("no container above {pointer}"),
    }
    value
}

fn replaced(mut value: Value, pointer: &str, by: Value) -> Value {
    *value.pointer_mut(pointer).unwrap() = by;
    value
}

#[test]
fn both_shapes_work_on_every_topic() {
    for (topic, schema, kind) in TOPICS {
        let bare = event(schema);
        let plain = take(topic, &bare).unwrap();
        let wrapped = take(topic, &standard(&bare)).unwrap();
        assert_eq!(plain.value, wrapped.value, "{topic}");
        assert_eq!((&*plain.kind, &*wrapped.kind), (kind, kind));
        assert_eq!((&plain.key, plain.event_time), (&wrapped.key, wrapped.event_time));
        assert_eq!((&*wrapped.id, wrapped.correlation_id.as_deref()), ("m-1", Some("k-1")));
        assert_ne!(plain.id, wrapped.id);
    }
}

/// Whatever star a field has in the contract: only identity must be there.
#[test]
fn only_identity_must_be_there() {
    for (topic, schema, kind) in TOPICS {
        let whole = event(schema);
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for at in &all {
            let is_identity = identity(kind).contains(&at.as_str()) || at.strip_suffix("/id").is_some_and(is_line);
            let without = take(topic, &removed(whole.clone(), at));
            assert_eq!(without.is_err(), is_identity, "{topic} without {at}: {without:?}");
            // A line that is null has no id.
            let nulled = take(topic, &replaced(whole.clone(), at, Value::Null));
            assert_eq!(nulled.is_err(), is_identity || is_line(at), "{topic} null {at}: {nulled:?}");
        }
        for at in identity(kind).iter().filter(|at| whole.pointer(at).is_some_and(Value::is_string)) {
            let blank = take(topic, &replaced(whole.clone(), at, json!(""))).unwrap_err();
            assert_eq!(blank.reason, Reason::Schema, "{topic} blank {at}");
        }
    }
}

/// Numbers come as strings where a decimal column was serialised: every number may, and reads as itself.
#[test]
fn every_number_may_come_as_a_string() {
    let untyped = ["/metadata/", "/capital/", "/performanceMetrics/", "Value\"", "/changes/", "/logo"];
    for (topic, schema, _) in TOPICS {
        let whole = event(schema);
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        let numbers = all.iter().filter(|at| whole.pointer(at).is_some_and(Value::is_number));
        for at in numbers.filter(|at| !untyped.iter().any(|free| at.contains(free)) && *at != "/dataVersion") {
            let digits = whole.pointer(at).unwrap().to_string();
            let record = take(topic, &replaced(whole.clone(), at, json!(format!(" {digits} ")))).unwrap();
            let read = record.value.as_ref().pointed(at).unwrap();
            assert_eq!((read.as_number(), record.tolerated.numeric_strings), (Some(digits.as_str()), 1), "{topic} {at}");
            let words = take(topic, &replaced(whole.clone(), at, json!("beaucoup"))).unwrap_err();
            assert_eq!((words.reason, words.violations[0].pointer.as_str()), (Reason::Schema, at.as_str()));
            let blank = take(topic, &replaced(whole.clone(), at, json!(""))).unwrap();
            assert!(blank.value.as_ref().pointed(at).unwrap().is_null(), "{topic} {at}");
        }
    }
}

#[test]
fn a_data_type_that_is_there_must_be_the_topic_s() {
    for (topic, schema, _) in TOPICS {
        let whole = event(schema);
        if whole.get("dataType").is_some() {
            let other = take(topic, &replaced(whole.clone(), "/dataType", json!("OTHER"))).unwrap_err();
            assert_eq!((other.reason, other.violations[0].pointer.as_str()), (Reason::Schema, "/dataType"));
            assert!(take(topic, &replaced(whole, "/dataType", Value::Null)).is_ok());
        }
    }
}

#[test]
fn the_shared_topics_take_their_own_customers_only() {
    for (schema, other) in [("company_profile.v2_1.json", "FINANCIAL_INSTITUTION"), ("institution_profile.v2_1.json", "COMPANY")]
    {
        let (topic, ..) = TOPICS.into_iter().find(|(_, file, _)| *file == schema).unwrap();
        let reject = take(topic, &replaced(event(schema), "/customerType", json!(other))).unwrap_err();
        assert_eq!((reject.reason, reject.violations[0].pointer.as_str()), (Reason::Schema, "/customerType"));
    }
}

#[test]
fn an_event_time_that_does_not_parse_falls_back() {
    let own = "2026-03-01T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let assets = |timestamp: Value| json!({"customerId": "c", "assets": [], "timestamp": timestamp});
    for timestamp in [json!("hier"), json!(""), json!(null), json!(1_762_000_000), json!("2026-02-30")] {
        assert_eq!(take(ASSETS, &assets(timestamp.clone())).unwrap().event_time, own, "{timestamp}");
    }
    let offset = take(ASSETS, &assets(json!("2026-03-01T01:00:00.1234567+02:00"))).unwrap();
    assert_eq!(offset.event_time.to_rfc3339(), "2026-02-28T23:00:00.123456+00:00");
}

#[test]
fn numbers_reach_the_sink_as_they_were_sent() {
    let text =
        r#"{"customerId":"c","assets":[{"id":"a","prixAchat":9007199254740993,"valeurActuelle":1200.50,"metadata":{"x":1e21}}]}"#;
    let record = Intake::shipped().take_text(ASSETS, text).unwrap();
    assert_eq!(record.value.as_ref().text(), text);
}
