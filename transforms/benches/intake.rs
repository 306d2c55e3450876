//! What the intake costs, against an ordinary parse of the same bytes in the same run.
//!
//! `cargo bench -p transforms --bench intake`. The figure is the ratio of `serde_json` to `intake`: at least 1.0 means that
//! decoding, validating and normalising together cost no more than `serde_json::from_slice::<Value>` alone. The lines between show
//! where the time goes. The events are the plain sample, about 2 KB each; three of five come as a standard message.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use schemas::json::Limits;
use schemas::{Json, Origin, Raw, TopicName, Validator};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transforms::{CATALOGUE, Decode, Step, Surroundings, Transform};

const SCHEMAS: [(&str, &str); 7] = [
    ("admin.customer.financial.institution.specific.data", "institution.v2_1.json"),
    ("admin.customer.assets.data", "assets.v2_1.json"),
    ("admin.customer.stocks.data", "stocks.v2_1.json"),
    ("admin.customer.enterprise.identification", "identification.v2_1.json"),
    ("admin.customer.complete.profile.v2_1", "complete_profile.v2_1.json"),
    ("admin.customer.company.profile.shared", "company_profile.v2_1.json"),
    ("admin.customer.institution.profile.shared", "institution_profile.v2_1.json"),
];

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn schema(name: &str) -> Value {
    let text = std::fs::read_to_string(file("schemas").join(name)).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

fn topic(name: &str) -> TopicName {
    TopicName::try_from(name).expect("a topic's name")
}

/// The sample's records, their values written without blanks, as a producer does.
fn events() -> Vec<Raw> {
    let text = std::fs::read_to_string(file("tests/samples/events.jsonl")).expect("the sample is there");
    let record = |line: &str| {
        let line: std::collections::HashMap<String, Box<RawValue>> = serde_json::from_str(line).expect("a record line");
        let text = |name: &str| serde_json::from_str::<String>(line[name].get()).expect("a text");
        Raw {
            origin: Origin { topic: topic(&text("topic")), partition: 0, offset: 0 },
            key: None,
            value: compact(line["value"].get()).into_bytes().into(),
            headers: Vec::new(),
            timestamp: text("timestamp").parse().expect("a time"),
        }
    };
    text.lines().map(record).collect()
}

/// The text without the blanks between its tokens; its numbers stay as they were written.
fn compact(text: &str) -> String {
    let (mut out, mut within, mut escaped) = (String::with_capacity(text.len()), false, false);
    for character in text.chars() {
        match character {
            '"' if !escaped => within = !within,
            ' ' if !within => continue,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}

struct Intake {
    decode: Box<dyn Decode>,
    validate: Box<dyn Transform>,
    normalise: Box<dyn Transform>,
}

impl Intake {
    fn new() -> Self {
        let compiled = SCHEMAS.map(|(name, file)| {
            let validator = Validator::compile(&schema(file), &|name| Ok(schema(name))).expect("the schema compiles");
            (topic(name), Arc::new(validator))
        });
        let surroundings = Surroundings { schemas: compiled.into_iter().collect() };
        let build = |name: &str| {
            let entry = CATALOGUE.iter().find(|entry| entry.name == name).expect("it is in the catalogue");
            (entry.build)(&json!({}), &surroundings).expect("it takes no parameters")
        };
        let transform = |name: &str| match build(name) {
            Step::Transform(transform) => transform,
            _ => unreachable!("{name} is a transform"),
        };
        let Step::Decode(decode) = build("decode") else { unreachable!("decode decodes") };
        Self { decode, validate: transform("validate"), normalise: transform("normalise") }
    }
}

fn intake(criterion: &mut Criterion) {
    let (events, intake) = (events(), Intake::new());
    let mut group = criterion.benchmark_group("intake");
    group.throughput(Throughput::Bytes(events.iter().map(|raw| raw.value.len() as u64).sum()));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| events.iter().for_each(|raw| drop(black_box(serde_json::from_slice::<Value>(&raw.value)))));
    });
    group.bench_function("parse", |bencher| {
        let limits = Limits::default();
        bencher.iter(|| events.iter().for_each(|raw| drop(black_box(Json::parse(&raw.value, &limits)))));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| events.iter().for_each(|raw| drop(black_box(intake.decode.decode(raw)))));
    });
    group.bench_function("intake", |bencher| {
        let take = |raw: &Raw| {
            let record = intake.decode.decode(raw)?;
            let (_, record) = intake.validate.apply(record)?.remove(0);
            intake.normalise.apply(record)
        };
        bencher.iter(|| events.iter().for_each(|raw| drop(black_box(take(raw)))));
    });
    group.finish();
}

criterion_group!(benches, intake);
criterion_main!(benches);
