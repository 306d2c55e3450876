//! The explicit list of transforms. To add one: a file beside this one, and a line here.

use crate::assess_risk::{AssessRisk, RiskParams};
use crate::check_conformity::{CheckConformity, ConformityParams};
use crate::gather_insights::{GatherInsights, InsightParams};
use crate::measure_completeness::{CompletenessParams, MeasureCompleteness};
use crate::measure_patrimony::{MeasurePatrimony, PatrimonyParams};
use crate::parameters::{self, Parameters};
use crate::raise_alerts::{self, AlertParams, RaiseAlerts};
use crate::rate_compliance::{RateCompliance, RatingParams};
use crate::set_attention::{AttentionParams, SetAttention};
use crate::{Decode, Derive, Fold, MergeProfile, Surroundings, Transform};

/// Which shape a step has; where in a stage it may stand follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Raw record to record: the first step.
    Decode,
    /// Record to records: stateless.
    Transform,
    /// Profile and record to profile: a stage with a `store`, first.
    Fold,
    /// Profile to computed values: a stage with a `store`, after its folds.
    Derive,
}

/// A step, ready to run.
pub enum Step {
    /// See [`Decode`].
    Decode(Box<dyn Decode>),
    /// See [`Transform`].
    Transform(Box<dyn Transform>),
    /// See [`Fold`].
    Fold(Box<dyn Fold>),
    /// See [`Derive`].
    Derive(Box<dyn Derive>),
}

/// Parameters that a step does not take, with the path of the member that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidParameters {
    /// Member names from `with:` down to the culprit.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
}

/// What the catalogue says of one transform.
pub struct Entry {
    /// What `use:` names; the file's name, and the metric's label.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Where it may stand.
    pub shape: Shape,
    /// The ports that `to:` may map, besides the stage's own `to:`.
    pub ports: &'static [&'static str],
    /// The JSON Schema of `with:`, with descriptions and defaults.
    pub parameters: fn() -> schemars::Schema,
    /// Builds the step from `with:` (an object; `{}` where it is left out).
    pub build: fn(&serde_json::Value, &Surroundings) -> Result<Step, InvalidParameters>,
}

/// Every transform there is, in the order in which the shipped pipeline uses them.
pub const CATALOGUE: &[Entry] = &[
    MergeProfile::ENTRY,
    Entry {
        name: "measure_completeness",
        summary: "how complete a profile is, in percent, and what is missing",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(CompletenessParams),
        build: |with, _| derive(with, MeasureCompleteness::new),
    },
    Entry {
        name: "measure_patrimony",
        summary: "what assets and stocks add up to, and how the stock rotates",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(PatrimonyParams),
        build: |with, _| derive(with, MeasurePatrimony::new),
    },
    Entry {
        name: "check_conformity",
        summary: "whether a profile conforms, and what is wrong with it",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(ConformityParams),
        build: |with, _| derive(with, CheckConformity::new),
    },
    Entry {
        name: "rate_compliance",
        summary: "the compliance rating, from completeness and status",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(RatingParams),
        build: |with, _| derive(with, RateCompliance::new),
    },
    Entry {
        name: "assess_risk",
        summary: "the risk that a customer shows, from what it declared",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(RiskParams),
        build: |with, _| derive(with, AssessRisk::new),
    },
    Entry {
        name: "gather_insights",
        summary: "what stands out in a profile, and what to make of it",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(InsightParams),
        build: |with, _| derive(with, GatherInsights::new),
    },
    Entry {
        name: "raise_alerts",
        summary: "alerts: raised once, updated when they change, resolved when they no longer hold",
        shape: Shape::Derive,
        ports: &raise_alerts::PORTS,
        parameters: || schemars::schema_for!(AlertParams),
        build: |with, _| derive(with, RaiseAlerts::new),
    },
    Entry {
        name: "set_attention",
        summary: "whether an administrator must look, why, and how soon",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(AttentionParams),
        build: |with, _| derive(with, SetAttention::new),
    },
];

/// Builds a derive step of its parameters.
fn derive<P: Parameters, S: Derive + 'static>(with: &serde_json::Value, step: fn(P) -> S) -> Result<Step, InvalidParameters> {
    parameters::read(with).map(|parameters| Step::Derive(Box::new(step(parameters))))
}
