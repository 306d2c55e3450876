//! The samples, through every step of the shipped pipeline, without broker or database: each computed value matches, whatever the order
//! and the repeats.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bigdecimal::BigDecimal;
use schemas::profile::{Computed, Profile, View};
use schemas::{Json, Origin, Raw, Record, Reject, TopicName, Validator};
use serde_json::{Value, json};
use transforms::{CATALOGUE, Decode, Derive, Effects, Fold, Shape, Step, Subject, Surroundings, Transform};

/// The schema file of each topic that the samples use.
const SCHEMAS: [(&str, &str); 7] = [
    ("admin.customer.financial.institution.specific.data", "institution.v2_1.json"),
    ("admin.customer.assets.data", "assets.v2_1.json"),
    ("admin.customer.stocks.data", "stocks.v2_1.json"),
    ("admin.customer.enterprise.identification", "identification.v2_1.json"),
    ("admin.customer.complete.profile.v2_1", "complete_profile.v2_1.json"),
    ("admin.customer.company.profile.shared", "company_profile.v2_1.json"),
    ("admin.customer.institution.profile.shared", "institution_profile.v2_1.json"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn lines(sample: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("tests/samples").join(sample)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The steps of the shipped pipeline, in their order.
#[derive(Default)]
struct Pipeline {
    decode: Option<Box<dyn Decode>>,
    transforms: Vec<Box<dyn Transform>>,
    fold: Option<Box<dyn Fold>>,
    derives: Vec<Box<dyn Derive>>,
}

impl Pipeline {
    fn new() -> Self {
        let load = |file: &str| {
            let text = std::fs::read_to_string(root().join("schemas").join(file)).map_err(|error| error.to_string())?;
            serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())
        };
        let compile = |(topic, file): (&str, &str)| {
            let validator = Validator::compile(&load(file).unwrap(), &load).unwrap();
            (TopicName::try_from(topic).unwrap(), Arc::new(validator))
        };
        let surroundings = Surroundings { schemas: SCHEMAS.map(compile).into_iter().collect::<HashMap<_, _>>() };
        let mut pipeline = Self::default();
        for entry in CATALOGUE {
            match (entry.build)(&json!({}), &surroundings).unwrap_or_else(|error| panic!("{}: {error}", entry.name)) {
                Step::Decode(step) => pipeline.decode = Some(step),
                Step::Transform(step) => pipeline.transforms.push(step),
                Step::Fold(step) => pipeline.fold = Some(step),
                // It makes no value of a profile.
                Step::Workflow(_) => {}
                Step::Derive(step) => pipeline.derives.push(step),
            }
        }
        pipeline
    }

    fn intake(&self, raw: &Raw) -> Result<Vec<Record>, Reject> {
        let mut records = vec![self.decode.as_ref().unwrap().decode(raw)?];
        for step in &self.transforms {
            let mut after = Vec::new();
            for record in records {
                after.extend(step.apply(record)?.into_iter().map(|(_, record)| record));
            }
            records = after;
        }
        Ok(records)
    }

    fn compute(&self, profile: &Profile) -> Computed {
        let view = View::of(profile);
        let as_of = profile.as_of().unwrap();
        let subject = Subject { pipeline: "customer-profiles", profile, view: &view, as_of };
        let mut computed = Computed::default();
        for step in &self.derives {
            step.derive(&subject, &mut computed);
        }
        computed
    }

    /// Runs record lines one by one, computing after each, as the smallest of batches would. Gives the profiles and the rejects.
    fn run(&self, lines: &[(u64, &str)]) -> (BTreeMap<String, Profile>, Vec<Reject>) {
        let mut profiles = BTreeMap::new();
        let mut rejects = Vec::new();
        for (offset, line) in lines {
            let records = match self.intake(&raw(*offset, line)) {
                Ok(records) => records,
                Err(reject) => {
                    rejects.push(reject);
                    continue;
                }
            };
            for record in records {
                let customer = record.key.clone().unwrap();
                let profile = profiles.entry(customer.clone()).or_insert_with(|| Profile::new(customer));
                self.fold.as_ref().unwrap().fold(profile, &record, &mut Effects::default()).unwrap();
                profile.alerts = self.compute(profile).alerts;
            }
        }
        (profiles, rejects)
    }
}

/// A record line as a broker would give it.
fn raw(offset: u64, line: &str) -> Raw {
    let line = Json::parse_own(line).unwrap();
    let line = line.as_ref();
    let text = |name: &str| line.get(name).map(|value| value.as_str().unwrap().into_owned());
    let value = match line.get("value") {
        Some(value) => value.text().to_owned(),
        None => text("raw").unwrap(),
    };
    let topic = TopicName::try_from(text("topic").unwrap().as_str()).unwrap();
    Raw {
        origin: Origin { topic, partition: 0, offset },
        key: None,
        value: value.into_bytes().into(),
        headers: Vec::new(),
        timestamp: text("timestamp").unwrap().parse().unwrap(),
    }
}

fn sorted<'a>(codes: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut codes: Vec<_> = codes.into_iter().collect();
    codes.sort_unstable();
    codes
}

/// What the rules say of a profile, in the words of the expected files; the two totals apart, exact.
fn said(profile: &Profile, computed: &Computed) -> (Value, [BigDecimal; 2]) {
    let risk = computed.risk.as_ref();
    let attention = &computed.attention;
    let open = computed.alerts.values().map(|log| &log.last).filter(|alert| alert.is_open());
    let open: BTreeMap<_, _> = open.map(|alert| (alert.kind.as_str(), alert.level.as_str())).collect();
    let value = json!({
        "customerId": profile.customer_id,
        "customerType": profile.customer_type().as_str(),
        "completeness": computed.completeness.percentage,
        "complianceRating": computed.rating,
        "conformityScore": computed.conformity.score,
        "isConform": computed.conformity.is_conform,
        "issueSeverities": sorted(computed.conformity.issues.iter().map(|issue| issue.severity.as_str())),
        "riskScore": risk.map(|risk| risk.score),
        "riskLevel": risk.map(|risk| risk.level),
        "riskFactors": sorted(risk.iter().flat_map(|risk| &risk.factors).map(|factor| factor.code)),
        "insights": sorted(computed.insights.insights.iter().copied()),
        "openAlerts": open,
        "adminStatus": attention.admin_status.as_str(),
        "requiresAttention": attention.required,
        "attentionReasons": sorted(attention.reasons.iter().map(|reason| reason.as_str())),
        "reviewPriority": attention.review_priority,
        "urgency": attention.urgency,
    });
    let assets = computed.financial_metrics.as_ref().map(|metrics| metrics.total_assets_value.0.clone());
    let stock = computed.inventory_metrics.as_ref().map(|metrics| metrics.total_stock_value.0.clone());
    (value, [assets.unwrap_or_default(), stock.unwrap_or_default()])
}

/// Runs a set in the order sent, shuffled, and doubled, and compares every value each time.
fn matches(events: &str, expected: &str, rejected: usize) {
    assert!(CATALOGUE.iter().any(|entry| entry.shape == Shape::Decode), "the pipeline begins with decoding");
    let pipeline = Pipeline::new();
    let events = lines(events);
    let sent: Vec<(u64, &str)> = (0..).zip(events.iter().map(String::as_str)).collect();
    let mut shuffled = sent.clone();
    shuffled.sort_by_key(|(offset, _)| offset.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17));
    assert_ne!(sent, shuffled);
    let again = shuffled.iter().map(|(offset, line)| (offset + 100_000, *line));
    let doubled: Vec<_> = sent.iter().copied().chain(again).collect();
    for (name, order, rejected) in
        [("sent", &sent, rejected), ("shuffled", &shuffled, rejected), ("doubled", &doubled, 2 * rejected)]
    {
        let (profiles, rejects) = pipeline.run(order);
        assert_eq!(rejects.len(), rejected, "{name}: {rejects:?}");
        let mut count = 0;
        for line in lines(expected) {
            let mut expected: Value = serde_json::from_str(&line).unwrap();
            let members = expected.as_object_mut().unwrap();
            let totals =
                ["totalAssetsValue", "totalStockValue"].map(|total| members.remove(total).unwrap().to_string().parse().unwrap());
            let profile = &profiles[expected["customerId"].as_str().unwrap()];
            assert_eq!(said(profile, &pipeline.compute(profile)), (expected, totals), "{name}");
            count += 1;
        }
        assert_eq!(profiles.len(), count, "{name}");
    }
}

#[test]
fn the_easy_sample_matches_in_any_order() {
    matches("events.jsonl", "expected.jsonl", 0);
}

#[test]
fn the_hard_sample_matches_in_any_order_and_twenty_records_are_refused() {
    matches("hard-events.jsonl", "hard-expected.jsonl", 20);
}
