//! Reading members of sections: several names in one pass, numbers exact, the wrong kind absent.

use bigdecimal::BigDecimal;
use schemas::JsonRef;
use schemas::profile::{SectionName, View};

/// The members of an object with these names, present or not, found in one pass; all `None` where there is no object.
pub(crate) fn pick<'d, const N: usize>(object: Option<JsonRef<'d>>, names: [&str; N]) -> [Option<JsonRef<'d>>; N] {
    let mut found = [None; N];
    let Some(object) = object else { return found };
    for (key, value) in object.members() {
        let key = key.as_str();
        if let Some(index) = names.iter().position(|name| *name == key) {
            found[index] = Some(value);
        }
    }
    found
}

/// Like [`pick`], only what is present (spec/2).
pub(crate) fn pick_present<'d, const N: usize>(object: Option<JsonRef<'d>>, names: [&str; N]) -> [Option<JsonRef<'d>>; N] {
    pick(object, names).map(|value| value.filter(|value| value.is_present()))
}

/// Fields of an institution: each from `specificData` where it is present there, else from `institutionProfile` by the same name
/// (spec/2 §2, §4). Only present ones.
pub(crate) fn institution<'v, const N: usize>(view: &'v View, names: [&str; N]) -> [Option<JsonRef<'v>>; N] {
    let mut found = pick_present(view.get(SectionName::SpecificData), names);
    if found.iter().any(Option::is_none) {
        let shared = pick_present(view.get(SectionName::InstitutionProfile), names);
        for (own, other) in found.iter_mut().zip(shared) {
            *own = own.or(other);
        }
    }
    found
}

/// The exact number at a value; `None` where there is none or it is no number.
pub(crate) fn number(value: Option<JsonRef<'_>>) -> Option<BigDecimal> {
    value?.as_decimal()
}

/// Whether a value is the string `text`.
pub(crate) fn is_text(value: Option<JsonRef<'_>>, text: &str) -> bool {
    value.and_then(JsonRef::as_str).is_some_and(|string| string == text)
}
