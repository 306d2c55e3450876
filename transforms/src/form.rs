//! What the rules ask of a company's identification form, `extendedProfile` (spec/1 §3.4).

use schemas::JsonRef;
use schemas::profile::{SectionName, View};

/// Whether an event brought the form, and it says `isComplete`. What critical syncs set over a form counts; where there is none, what they
/// set makes none (spec/2 §1, `docs/adr/0011-readings-of-the-rules.md`).
pub(crate) fn is_complete(view: &View) -> bool {
    let form = view.get(SectionName::ExtendedProfile).filter(|_| view.exists(SectionName::ExtendedProfile));
    form.and_then(|form| form.get("isComplete")).and_then(JsonRef::as_bool).unwrap_or(false)
}

/// Whether the form names who validated it.
pub(crate) fn names_validator(view: &View) -> bool {
    let form = view.get(SectionName::ExtendedProfile);
    form.and_then(|form| form.present("validatedBy")).and_then(JsonRef::as_str).is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use schemas::Json;
    use schemas::profile::{Overlay, Path, SectionName, Stamp};
    use schemas::{Origin, TopicName};

    use crate::trial::Trial;

    /// Sets `extendedProfile.isComplete` by a critical sync, an hour after the events.
    fn set(mut trial: Trial) -> Trial {
        let origin = Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 0 };
        let at = "2026-03-01T09:00:00Z".parse().unwrap();
        let overlay = Overlay { stamp: Stamp { at, event_id: "r-1".into(), origin }, value: Json::parse_own("true").unwrap() };
        trial.profile.overlays.insert(Path::from_wire("extendedProfile.isComplete").unwrap(), overlay);
        trial
    }

    #[test]
    fn an_overlay_completes_a_form_and_makes_none() {
        let rules = ["measure_completeness", "check_conformity", "assess_risk"];
        let company = Trial::default().section(SectionName::CompanyProfile, "{}");
        let none = set(company.clone()).run(&rules);
        assert!(none.completeness.incomplete_sections.contains(&"extended_identification") && none.risk.is_none());
        let issue = none.conformity.issues.iter().find(|issue| issue.code == "form_incomplete").unwrap();
        assert_eq!(issue.field, "/extendedProfile");

        let form = set(company.section(SectionName::ExtendedProfile, r#"{"isComplete": false}"#)).run(&rules);
        assert!(form.completeness.complete_sections.contains(&"extended_identification") && form.risk.is_some());
        assert!(form.conformity.issues.iter().all(|issue| issue.code != "form_incomplete"));
    }
}
