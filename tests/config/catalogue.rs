//! A catalogue with one transform of each shape: what is tested here is the file, not the rules.

use schemars::JsonSchema;
use schemas::profile::{Computed, Profile};
use schemas::{Raw, Reason, Record, Reject};
use serde::{Deserialize, Serialize};
use transforms::{
    Decode, Derive, Effects, Entry, Fold, InvalidParameters, OUT, Outputs, Shape, Step, Subject, Surroundings, Transform,
};

pub(super) const CATALOGUE: &[Entry] = &[
    entry::<Nothing>("decode", "Makes records of bytes.", Shape::Decode, &[], |_, _| Ok(Step::Decode(Box::new(Idle)))),
    entry::<Nothing>("validate", "Judges records by their topic's schema.", Shape::Transform, &[], |_, _| {
        Ok(Step::Transform(Box::new(Idle)))
    }),
    entry::<Cut>("cut", "Cuts records.", Shape::Transform, &[], cut),
    entry::<Nothing>("merge_profile", "Merges records into profiles.", Shape::Fold, &[], |_, _| Ok(Step::Fold(Box::new(Idle)))),
    entry::<Risk>("assess_risk", "Computes the risk.", Shape::Derive, &[], |_, _| Ok(Step::Derive(Box::new(Idle)))),
    entry::<Nothing>("raise_alerts", "Raises alerts.", Shape::Derive, &["low_stock", "high_risk"], |_, _| {
        Ok(Step::Derive(Box::new(Idle)))
    }),
];

type Build = fn(&serde_json::Value, &Surroundings) -> Result<Step, InvalidParameters>;

const fn entry<P: JsonSchema>(
    name: &'static str,
    summary: &'static str,
    shape: Shape,
    ports: &'static [&'static str],
    build: Build,
) -> Entry {
    Entry { name, summary, shape, ports, parameters: || schemars::schema_for!(P), build }
}

/// No parameters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Where to cut.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cut {
    /// The member to cut.
    member: String,
    /// The first character that stays.
    #[serde(default)]
    from: u32,
    /// The first that goes.
    to: Option<u32>,
    /// What is done to the rest.
    #[serde(default)]
    rest: Rest,
}

#[derive(Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
enum Rest {
    #[default]
    Drop,
    Keep,
}

fn cut(given: &serde_json::Value, _: &Surroundings) -> Result<Step, InvalidParameters> {
    let cut: Cut =
        serde_json::from_value(given.clone()).map_err(|error| InvalidParameters { path: vec![], message: error.to_string() })?;
    match cut.to {
        Some(to) if to < cut.from => {
            Err(InvalidParameters { path: vec!["to".to_owned()], message: format!("{to} is before `from`, {}", cut.from) })
        }
        _ => Ok(Step::Transform(Box::new(Idle))),
    }
}

/// Thresholds of the risk.
#[derive(Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Risk {
    /// Those of companies.
    company: Company,
    /// Whether hints count.
    strict: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Company {
    /// Revenue that is low.
    low_revenue: Below,
    /// Few employees.
    small_team: Option<Below>,
}

impl Default for Company {
    fn default() -> Self {
        Self { low_revenue: Below { below: 100_000.0, points: 20 }, small_team: None }
    }
}

/// A threshold and what it weighs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Below {
    /// Amounts below this count.
    below: f64,
    /// What it adds to the score.
    #[schemars(range(min = 0, max = 100))]
    points: u32,
}

/// Does nothing, in every shape.
struct Idle;

impl Decode for Idle {
    fn decode(&self, _: &Raw) -> Result<Record, Reject> {
        Err(Reject::new(Reason::Malformed, "", "nothing is decoded here"))
    }
}

impl Transform for Idle {
    fn apply(&self, record: Record) -> Result<Outputs, Reject> {
        Ok(vec![(OUT, record)])
    }
}

impl Fold for Idle {
    fn effect_id(&self, _: &Record) -> Option<String> {
        None
    }

    fn fold(&self, _: &mut Profile, _: &Record, _: &mut Effects) -> Result<(), Reject> {
        Ok(())
    }
}

impl Derive for Idle {
    fn derive(&self, _: &Subject<'_>, _: &mut Computed) {}
}
