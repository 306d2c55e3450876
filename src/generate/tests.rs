#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::Duration;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::breakage::{Breakage, broken_by};
use super::*;

fn text(line: &Line) -> String {
    serde_json::to_string(line).unwrap()
}

/// The business payload of a line that is not broken.
fn payload(line: &Line) -> &Value {
    let Body::Value(value) = &line.body else { panic!("a broken line") };
    if is_enveloped(value) { &value["data"] } else { value }
}

fn is_enveloped(value: &Value) -> bool {
    value["data"].is_object() && value["metadata"].is_object()
}

fn event_time(line: &Line) -> DateTime<Utc> {
    let said = ["timestamp", "updatedAt", "lastProfileUpdate"].into_iter().find_map(|name| payload(line)[name].as_str());
    said.unwrap().parse().unwrap()
}

#[test]
fn a_seed_gives_the_same_lines_on_every_machine() {
    let mut hash = Sha256::new();
    for line in Generator::new(7, 200, 5) {
        hash.update(text(&line));
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "23a4e6e7f6306db75a10e373535a5764d8eaf4b9f4b1902af49f4604ff914537");
    assert_ne!(Generator::new(7, 1, 0).next(), Generator::new(8, 1, 0).next());
}

#[test]
fn a_customer_is_the_same_among_few_and_among_many() {
    let few: BTreeSet<_> = Generator::new(7, 20, 0).map(|line| text(&line)).collect();
    let many: BTreeSet<_> = Generator::new(7, 400, 0).map(|line| text(&line)).collect();
    assert!(few.is_subset(&many));
}

#[test]
fn breaking_some_lines_leaves_the_others_as_they_were() {
    let whole: Vec<_> = Generator::new(7, 300, 0).collect();
    let faulty: Vec<_> = Generator::new(7, 300, 20).collect();
    let kept = whole.iter().zip(&faulty).filter(|(whole, faulty)| whole == faulty).count();
    let ratio_percent = 100 - kept * 100 / whole.len();
    assert_eq!(whole.len(), faulty.len());
    assert!((15..=25).contains(&ratio_percent), "{ratio_percent} percent are broken");
    assert!(Generator::new(7, 20, 100).zip(&whole).all(|(broken, whole)| broken != *whole));
}

#[test]
fn volume_and_shapes_are_those_of_the_source_system() {
    let lines: Vec<_> = Generator::new(7, 1_000, 0).collect();
    let bytes: usize = lines.iter().map(|line| payload(line).to_string().len()).sum();
    let enveloped = lines.iter().filter(|line| matches!(&line.body, Body::Value(value) if is_enveloped(value))).count();
    let keyed = lines.iter().filter(|line| line.key.is_some()).count();
    let mut topics = BTreeMap::new();
    for line in &lines {
        *topics.entry(line.topic).or_insert(0) += 1;
    }
    assert!((3_250..3_550).contains(&lines.len()), "{} lines", lines.len());
    assert!((1_600..2_400).contains(&(bytes / lines.len())), "{} bytes a line", bytes / lines.len());
    assert!((40..60).contains(&(enveloped * 100 / lines.len())) && keyed * 10 < lines.len() && keyed > 0);
    assert_eq!(topics.len(), 11, "every input topic: {topics:?}");
    assert!(topics.values().all(|&count| count >= 30), "{topics:?}");
}

#[test]
fn times_come_out_of_order_and_some_lines_again() {
    let mut latest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    let (mut seen, mut disordered, mut repeated) = (HashSet::new(), 0, 0);
    for line in Generator::new(7, 500, 0) {
        let at = event_time(&line);
        assert!(line.timestamp > at && line.timestamp < at + Duration::hours(1), "a record is written soon after its event");
        let customer = payload(&line)["customerId"].as_str().unwrap().to_owned();
        let before = latest.entry(customer).or_insert(at);
        disordered += u32::from(at < *before);
        *before = at.max(*before);
        repeated += u32::from(!seen.insert(payload(&line).to_string()));
    }
    assert!(disordered > 300, "{disordered} out of order");
    assert!((40..140).contains(&repeated), "{repeated} repeats");
}

#[test]
fn institutions_bring_most_of_the_contracts_fields() {
    let mut fields = BTreeMap::new();
    let mut events = 0;
    for line in Generator::new(7, 500, 0).filter(|line| line.topic == "admin.customer.financial.institution.specific.data") {
        events += 1;
        for (name, _) in payload(&line)["specificData"].as_object().unwrap() {
            *fields.entry(name.clone()).or_insert(0) += 1;
        }
    }
    fields.remove("codeInterne");
    assert!(fields.len() >= 70, "{} fields", fields.len());
    assert!(fields.values().all(|&count| count * 10 > events * 8), "{fields:?} of {events}");
}

#[test]
fn every_breakage_breaks_every_event() {
    let mut one_of_each = BTreeMap::new();
    for line in Generator::new(7, 300, 0) {
        one_of_each.entry(line.topic).or_insert(line);
    }
    for line in one_of_each.values() {
        for breakage in Breakage::ALL {
            let broken = broken_by(breakage, line.clone());
            assert_ne!(broken.body, line.body, "{breakage:?} of {}", line.topic);
            assert_eq!((broken.topic, broken.timestamp), (line.topic, line.timestamp));
        }
    }
}

#[test]
fn a_broken_text_is_no_json_object_that_is_taken() {
    let line = Generator::new(7, 1, 0).next().unwrap();
    for breakage in [
        Breakage::NotJson,
        Breakage::NotAnObject,
        Breakage::Empty,
        Breakage::DuplicateKey,
        Breakage::TooDeep,
        Breakage::TooLarge,
        Breakage::HugeExponent,
    ] {
        let Body::Raw(text) = broken_by(breakage, line.clone()).body else { panic!("{breakage:?} gives text") };
        let parsed = schemas::Json::parse(text.as_bytes(), &schemas::json::Limits::default());
        assert!(parsed.is_err() || text.starts_with('['), "{breakage:?}");
    }
    let Body::RawBase64(bytes) = broken_by(Breakage::NotUtf8, line).body else { panic!("bytes") };
    use base64::Engine;
    assert!(String::from_utf8(base64::engine::general_purpose::STANDARD.decode(bytes).unwrap()).is_err());
}
