//! The explicit list of transforms. To add one: a file beside this one, which `lib.rs` names (`mod`), and a line in the list here.

use crate::assess_risk::AssessRisk;
use crate::check_conformity::CheckConformity;
use crate::decode::DecodeRecord;
use crate::gather_insights::GatherInsights;
use crate::keep_in_sync::Workflow;
use crate::measure_completeness::MeasureCompleteness;
use crate::measure_patrimony::MeasurePatrimony;
use crate::normalise::Normalise;
use crate::raise_alerts::RaiseAlerts;
use crate::rate_compliance::RateCompliance;
use crate::set_attention::SetAttention;
use crate::validate::Validate;
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
    /// Asks for data, and waits for it: a stage with a `store`, after its folds.
    Workflow,
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
    /// See [`Workflow`].
    Workflow(Box<Workflow>),
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
    DecodeRecord::ENTRY,
    Validate::ENTRY,
    Normalise::ENTRY,
    MergeProfile::ENTRY,
    Workflow::ENTRY,
    MeasureCompleteness::ENTRY,
    MeasurePatrimony::ENTRY,
    CheckConformity::ENTRY,
    RateCompliance::ENTRY,
    AssessRisk::ENTRY,
    GatherInsights::ENTRY,
    RaiseAlerts::ENTRY,
    SetAttention::ENTRY,
];
