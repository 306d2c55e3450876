//! What the rules ask of a company's identification form, `extendedProfile` (spec/1 §3.4).

use schemas::JsonRef;
use schemas::profile::{SectionName, View};

/// Whether there is a form and it says `isComplete`.
pub(crate) fn is_complete(view: &View) -> bool {
    let form = view.get(SectionName::ExtendedProfile);
    form.and_then(|form| form.get("isComplete")).and_then(JsonRef::as_bool).unwrap_or(false)
}

/// Whether the form names who validated it.
pub(crate) fn names_validator(view: &View) -> bool {
    let form = view.get(SectionName::ExtendedProfile);
    form.and_then(|form| form.present("validatedBy")).and_then(JsonRef::as_str).is_some()
}
