#![allow(clippy::unwrap_used)]

use super::*;
use crate::topics::TopicPartition;

fn shipped() -> Plan {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline.yaml");
    pipeline::load(file.as_ref(), &environment::Overridden([("BROKER", None)].into())).unwrap()
}

fn named(patterns: &[&str]) -> Result<Vec<String>, String> {
    let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let topics = topics(&shipped(), &patterns).map_err(|failure| failure.message)?;
    Ok(topics.iter().map(ToString::to_string).collect())
}

#[test]
fn a_star_means_declared_topics_and_a_name_any() {
    let alerts = named(&["admin.alerts.profile.*"]).unwrap();
    assert_eq!(alerts.len(), 4, "{alerts:?}");
    assert_eq!(named(&["z.of.others", "customer.profiles", "customer.prof*"]).unwrap(), ["customer.profiles", "z.of.others"]);
    let internal = named(&["profile.ev*"]).unwrap_err();
    assert!(internal.contains("`profile.ev*` matches no topic"), "{internal}");
    assert!(named(&[" "]).is_err());
}

#[test]
fn brokers_that_no_topic_is_on_are_there_for_a_mirror() {
    let plan = shipped();
    assert!(broker(&plan, "kafka").is_ok() && broker(&plan, "local").is_ok());
    let unknown = broker(&plan, "kafak").unwrap_err().message;
    assert!(unknown.contains("no broker `kafak`") && unknown.contains("`kafka`"), "{unknown}");
}

#[test]
fn what_there_is_to_copy_is_printed() {
    let topic = TopicName::try_from("t").unwrap();
    let span =
        |partition, next, end| Span { of: TopicPartition { topic: topic.clone(), partition }, next, end, begins_anew: false };
    let spans = [span(0, 5, 1_205), span(1, 7, 7)];
    let mut text = Vec::new();
    print_spans(&spans, Format::Text, &mut text).unwrap();
    assert!(String::from_utf8(text).unwrap().ends_with("1 200 records to copy\n"));
    let mut json = Vec::new();
    print_spans(&spans, Format::Json, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["partitions"][0], serde_json::json!({"topic": "t", "partition": 0, "next": 5, "end": 1205, "records": 1200}));
}
