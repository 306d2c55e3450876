//! The compliance rating (spec/2 §3).
//!
//! Reads `completeness` and the customer's status; writes `complianceRating`. A rating that an administrator set by hand stays until
//! it is cleared.
//!
//! ```
//! use schemas::profile::{Rating, SectionName::SpecificData};
//! use transforms::trial::Trial;
//!
//! let computed = Trial::default()
//!     .section(SpecificData, r#"{"siteWeb": "https://imf.example"}"#)
//!     .run(&["measure_completeness", "rate_compliance"]);
//! assert_eq!(computed.completeness.percentage, 17);
//! assert_eq!(computed.rating, Some(Rating::Critical));
//! ```

use schemars::JsonSchema;
use schemas::profile::{Computed, Rating, SectionName, View};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape};
use crate::parameters::{Parameters, Score, contradiction};
use crate::{Derive, InvalidParameters, Subject, field, parameters};

/// Parameters of `rate_compliance`: the least completeness, in percent, of each rating.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RatingParams {
    /// `high` begins here, for a customer in good standing.
    pub high_from: Score,
    /// `medium` begins here, for a customer in good standing.
    pub medium_from: Score,
    /// `low` begins here; below it, `critical`.
    pub low_from: Score,
}

impl Default for RatingParams {
    fn default() -> Self {
        Self { high_from: Score::new(90), medium_from: Score::new(70), low_from: Score::new(50) }
    }
}

impl Parameters for RatingParams {
    fn check(&self) -> Result<(), InvalidParameters> {
        if self.medium_from > self.high_from {
            return Err(contradiction(&["medium_from"], "`medium_from` must not be over `high_from`"));
        }
        if self.low_from > self.medium_from {
            return Err(contradiction(&["low_from"], "`low_from` must not be over `medium_from`"));
        }
        Ok(())
    }
}

/// Rates compliance: see the module.
pub(crate) struct RateCompliance(RatingParams);

impl RateCompliance {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "rate_compliance",
        summary: "the compliance rating, from completeness and status",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(RatingParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: RatingParams) -> Self {
        Self(params)
    }

    fn rating(&self, completeness: u8, good_standing: bool) -> Rating {
        if good_standing && completeness >= self.0.high_from.get() {
            Rating::High
        } else if good_standing && completeness >= self.0.medium_from.get() {
            Rating::Medium
        } else if completeness >= self.0.low_from.get() {
            Rating::Low
        } else {
            Rating::Critical
        }
    }
}

impl Derive for RateCompliance {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let by_rule = || self.rating(computed.completeness.percentage, in_good_standing(subject.view));
        computed.rating = Some(subject.profile.admin.rating.unwrap_or_else(by_rule));
    }
}

/// Whether the customer's status is one that the two best ratings ask for.
fn in_good_standing(view: &View) -> bool {
    let status = view.get(SectionName::Basic).and_then(|basic| basic.get("status"));
    field::is_text(status, "validated") || field::is_text(status, "active")
}

#[cfg(test)]
mod tests;
