//! Gives every customer event the customer's id as its key (spec/1 §1).
//!
//! In: a validated record. Out: the same record under the key `customerId`. The producer sends no keys, and one that is there is not
//! trusted; from here on the key decides which lane, partition and profile an event belongs to.
//!
//! A payload without a `customerId` belongs to nobody, and is refused as `schema`. Numbers and blanks are already as they should be:
//! `validate` judges what it reads, and reads once. A `profileData.` before a changed field is dropped where the field is read, by
//! `merge_profile`.

use schemas::{Reason, Record, Reject};

use crate::catalogue::{Entry, Shape, Step};
use crate::{InvalidParameters, OUT, Outputs, Surroundings, Transform, parameters};

/// Normalises: see the module. Takes no parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalise;

impl Normalise {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "normalise",
        summary: "gives every customer event the customer's id as its key",
        shape: Shape::Transform,
        ports: &[],
        parameters: || schemars::json_schema!({"type": "object", "properties": {}, "additionalProperties": false}),
        build,
    };
}

fn build(with: &serde_json::Value, _: &Surroundings) -> Result<Step, InvalidParameters> {
    parameters::none(with)?;
    Ok(Step::Transform(Box::new(Normalise)))
}

impl Transform for Normalise {
    fn apply(&self, mut record: Record) -> Result<Outputs, Reject> {
        let id = record.value.as_ref().present("customerId").and_then(|id| id.as_str()).map(std::borrow::Cow::into_owned);
        if id.is_none() {
            let pointer = record.value.pointer();
            return Err(Reject::new(Reason::Schema, pointer, "the object lacks a \"customerId\" to go under"));
        }
        record.key = id;
        Ok(vec![(OUT, record)])
    }
}
