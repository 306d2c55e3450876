//! Tries derive steps on sections written down as JSON: for examples, tests and new steps.

use chrono::{DateTime, Utc};
use schemas::profile::{Computed, Profile, Section, SectionName, Stamp, View};
use schemas::{Json, Origin, TopicName};
use serde_json::{Value, json};

use crate::{CATALOGUE, Derive, Step, Subject, Surroundings};

/// A profile in the making, and the steps that are tried on it.
///
/// ```
/// use schemas::profile::{Rating, SectionName};
/// use transforms::trial::Trial;
///
/// let computed = Trial::default()
///     .section(SectionName::Basic, r#"{"name": "Kin Agro", "status": "active"}"#)
///     .run(&["measure_completeness", "rate_compliance"]);
/// assert_eq!(computed.rating, Some(Rating::Critical));
/// ```
#[derive(Debug, Clone)]
pub struct Trial {
    /// The profile, for what no method sets.
    pub profile: Profile,
    at: DateTime<Utc>,
}

/// A customer `c-1`, of whom nothing is known, at 2026-03-01T08:00:00Z.
impl Default for Trial {
    fn default() -> Self {
        Self { profile: Profile::new("c-1"), at: "2026-03-01T08:00:00Z".parse().expect("a date-time") }
    }
}

impl Trial {
    /// Sets the time of what is added from here on; RFC 3339.
    ///
    /// # Panics
    ///
    /// When `time` does not parse.
    #[must_use]
    pub fn at(mut self, time: &str) -> Self {
        self.at = time.parse().expect("an RFC 3339 date-time");
        self
    }

    /// Writes a section, as an event would.
    ///
    /// # Panics
    ///
    /// When `json` is no JSON.
    #[must_use]
    pub fn section(self, name: SectionName, json: &str) -> Self {
        self.write(name, json, None)
    }

    /// Writes the lines of assets or stocks together with the producer's summary.
    ///
    /// # Panics
    ///
    /// When either is no JSON.
    #[must_use]
    pub fn lines(self, name: SectionName, json: &str, summary: &str) -> Self {
        self.write(name, json, Some(summary))
    }

    fn write(mut self, name: SectionName, json: &str, summary: Option<&str>) -> Self {
        let value = |text| Json::parse_own(text).expect("the section is JSON");
        let topic = TopicName::try_from("trial").expect("a topic's name");
        let stamp = Stamp { at: self.at, event_id: "e-1".into(), origin: Origin { topic, partition: 0, offset: 0 } };
        self.profile.sections.join(name, Section { stamp, value: value(json), summary: summary.map(value) });
        self
    }

    /// Runs steps in this order with their default parameters.
    ///
    /// # Panics
    ///
    /// When one is no derive step of the catalogue.
    #[must_use]
    pub fn run(&self, steps: &[&str]) -> Computed {
        let steps: Vec<_> = steps.iter().map(|name| (*name, json!({}))).collect();
        self.run_with(&steps)
    }

    /// Runs steps in this order, each with what stands under `with:` in a pipeline file.
    ///
    /// # Panics
    ///
    /// When one is no derive step of the catalogue, or does not take these parameters.
    #[must_use]
    pub fn run_with(&self, steps: &[(&str, Value)]) -> Computed {
        let view = View::of(&self.profile);
        let as_of = self.profile.as_of().unwrap_or(self.at);
        let subject = Subject { pipeline: "customer-profiles", profile: &self.profile, view: &view, as_of };
        let mut computed = Computed::default();
        for (name, with) in steps {
            build(name, with).derive(&subject, &mut computed);
        }
        computed
    }
}

fn build(name: &str, with: &Value) -> Box<dyn Derive> {
    let entry = CATALOGUE.iter().find(|entry| entry.name == name).expect("a step of the catalogue");
    match (entry.build)(with, &Surroundings::default()) {
        Ok(Step::Derive(step)) => step,
        Ok(_) => unreachable!("{name} is no derive step"),
        Err(error) => unreachable!("{name} does not take {with}: {error}"),
    }
}

#[cfg(test)]
mod tests;
