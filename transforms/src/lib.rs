//! The transforms of syncline: pure functions, without I/O, clock or async.
//!
//! Five shapes of step, by what they turn into what:
//!
//! | shape | from | to | where |
//! |---|---|---|---|
//! | [`Decode`] | a raw record | a record | the first step of a stage that reads a topic of foreign records |
//! | [`Transform`] | a record | records on ports | stateless, on any partition |
//! | [`Fold`] | a profile and a record | the profile | keyed, in the order of the customer's records |
//! | [`Workflow`] | a profile, its syncs, and the time | syncs that start, are answered, or are given up | once per customer and batch, and when a timer is due |
//! | [`Derive`] | a profile | its computed values | once per customer and batch, after the folds |
//!
//! [`CATALOGUE`] is the explicit list of all of them: what `use:` may name, with its parameters and their defaults.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::profile::{Computed, Profile, View};
use schemas::store::CriticalChange;
use schemas::{Raw, Record, Reject, TopicName};

pub use catalogue::{CATALOGUE, Entry, InvalidParameters, Shape, Step};
pub use cloud_event::{CONTENT_TYPE, cloud_event};
pub use keep_in_sync::Workflow;
pub use merge_profile::{MergeProfile, decide, requested_overlays};

mod assess_risk;
mod catalogue;
mod check_conformity;
mod cloud_event;
mod contract;
mod date;
mod decode;
mod field;
mod form;
mod gather_insights;
pub mod keep_in_sync;
mod measure_completeness;
mod measure_patrimony;
mod merge_profile;
pub mod message;
mod normalise;
mod parameters;
mod quantity;
mod raise_alerts;
mod rate_compliance;
mod report;
mod set_attention;
pub mod trial;
mod validate;

/// Makes records of raw ones.
pub trait Decode: Send + Sync {
    /// Decodes one raw record.
    ///
    /// # Errors
    ///
    /// A [`Reject`] when the bytes are no record: the engine dead-letters it.
    fn decode(&self, raw: &Raw) -> Result<Record, Reject>;
}

/// What a [`Transform`] gives: records, each on a port that `to:` maps to a topic. The port of a plain `to:` is [`OUT`].
pub type Outputs = Vec<(&'static str, Record)>;

/// The port of transforms that have only one.
pub const OUT: &str = "out";

/// Turns a record into records.
pub trait Transform: Send + Sync {
    /// Applies the transform to one record. The same record gives the same outputs, whatever came before.
    ///
    /// # Errors
    ///
    /// A [`Reject`] when the record cannot be processed: the engine dead-letters the record that it came from.
    fn apply(&self, record: Record) -> Result<Outputs, Reject>;
}

/// What folding a record does besides changing the profile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Whether the profile changed, or came to be, and must be written.
    pub changed: bool,
    /// Critical syncs to store.
    pub critical_changes: Vec<CriticalChange>,
}

/// Merges records into a profile.
pub trait Fold: Send + Sync {
    /// The id under which the record's effect is remembered, for records whose effect must happen once (`architecture.md`, rule 7).
    /// `None` for those whose merge is idempotent by itself.
    fn effect_id(&self, record: &Record) -> Option<String>;

    /// Merges one record. Not called for a record whose [`Fold::effect_id`] was seen before.
    ///
    /// Commutative, associative and idempotent over all that events write.
    ///
    /// # Errors
    ///
    /// A [`Reject`] when the record cannot be merged; the profile and the effects are then unchanged.
    fn fold(&self, profile: &mut Profile, record: &Record, effects: &mut Effects) -> Result<(), Reject>;
}

/// What a [`Derive`] step may look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The pipeline's name; part of ids.
    pub pipeline: &'a str,
    /// The profile after the folds. Its `alerts` and `stored` are those before.
    pub profile: &'a Profile,
    /// Its sections with the overlays over them.
    pub view: &'a View,
    /// The profile's "as of"; for a profile without sections, the time of the event that made it.
    pub as_of: DateTime<Utc>,
}

/// Computes a part of what the rules say about a profile.
pub trait Derive: Send + Sync {
    /// Fills this step's part of `computed`. A pure function of the subject and of the parts that earlier steps filled.
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed);
}

/// What steps are built with, besides their parameters.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The compiled schema of each topic that has one.
    pub schemas: HashMap<TopicName, Arc<schemas::Validator>>,
}
