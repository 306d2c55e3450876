//! The intake, `decode`, `validate` and `normalise`, as the pipeline runs it: from the bytes of a record, with the shipped schemas.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bad_input;
mod changes;
mod contract;
mod naughty;
mod samples;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use schemas::{Origin, Raw, Record, Reject, TopicName, Validator};
use serde_json::{Value, json};
use transforms::{CATALOGUE, Decode, Step, Surroundings, Transform};

/// The topics in, with the files of their schemas and their events' names (spec/1 §2).
pub(crate) const TOPICS: [(&str, &str, &str); 11] = [
    ("admin.customer.financial.institution.specific.data", "institution.v2_1.json", "institution_data"),
    ("admin.customer.assets.data", "assets.v2_1.json", "assets"),
    ("admin.customer.stocks.data", "stocks.v2_1.json", "stocks"),
    ("admin.customer.enterprise.identification", "identification.v2_1.json", "identification"),
    ("admin.customer.complete.profile.v2_1", "complete_profile.v2_1.json", "complete_profile"),
    ("admin.customer.critical.sync.priority", "critical_sync.v2_1.json", "critical_sync"),
    ("admin.customer.data.sync", "critical_sync.v2_1.json", "critical_sync"),
    ("admin.customer.company.profile.shared", "company_profile.v2_1.json", "company_profile"),
    ("admin.customer.institution.profile.shared", "institution_profile.v2_1.json", "institution_profile"),
    ("admin.customer.profile.updated", "profile_updated.v2_1.json", "profile_updated"),
    ("admin.customer.profile.sync.request", "sync_request.v2_1.json", "sync_request"),
];

pub(crate) const ASSETS: &str = "admin.customer.assets.data";
pub(crate) const INSTITUTION: &str = "admin.customer.financial.institution.specific.data";

/// A file of the repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file("schemas").join(name)).unwrap()).unwrap()
}

static SURROUNDINGS: LazyLock<Surroundings> = LazyLock::new(|| {
    let compiled = TOPICS.map(|(topic, file, _)| {
        let validator = Validator::compile(&schema(file), &|name| Ok(schema(name))).unwrap();
        (TopicName::try_from(topic).unwrap(), Arc::new(validator))
    });
    Surroundings { schemas: compiled.into_iter().collect() }
});

/// The three steps.
pub(crate) struct Intake {
    decode: Box<dyn Decode>,
    steps: [Box<dyn Transform>; 2],
}

impl Intake {
    /// With these parameters of `decode` and `validate`.
    pub(crate) fn with(decode: &Value, validate: &Value) -> Self {
        let build = |name: &str, with: &Value| {
            let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
            (entry.build)(with, &SURROUNDINGS).unwrap()
        };
        let transform = |name: &str, with: &Value| match build(name, with) {
            Step::Transform(transform) => transform,
            _ => panic!("{name} is a transform"),
        };
        let Step::Decode(decode) = build("decode", decode) else { panic!("decode decodes") };
        Self { decode, steps: [transform("validate", validate), transform("normalise", &json!({}))] }
    }

    /// As the shipped pipeline has them.
    pub(crate) fn shipped() -> Self {
        Self::with(&json!({}), &json!({}))
    }

    pub(crate) fn take(&self, raw: &Raw) -> Result<Record, Reject> {
        let mut record = self.decode.decode(raw)?;
        for step in &self.steps {
            let mut outputs = step.apply(record)?;
            assert_eq!(outputs.len(), 1);
            record = outputs.remove(0).1;
        }
        Ok(record)
    }

    /// Takes a value that arrived on `topic` on the first of March 2026 at eight.
    pub(crate) fn take_text(&self, topic: &str, value: impl AsRef<[u8]>) -> Result<Record, Reject> {
        self.take(&raw(topic, value.as_ref(), "2026-03-01T08:00:00Z".parse().unwrap()))
    }
}

pub(crate) fn raw(topic: &str, value: &[u8], timestamp: DateTime<Utc>) -> Raw {
    let origin = Origin { topic: TopicName::try_from(topic).unwrap(), partition: 0, offset: 0 };
    Raw { origin, key: None, value: value.to_vec().into(), headers: Vec::new(), timestamp }
}
