//! Did you mean.

/// The known name that is nearest to a mistyped one, if one is near enough to be meant.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let (best, nearest) = known.into_iter().map(|other| (distance(other), other)).min()?;
    let longer = name.chars().count().max(nearest.chars().count());
    (best <= (longer / 3).max(1) && best < longer).then_some(nearest)
}

/// A help text: the nearest name, else all of them. `none` is said where there are none at all.
pub(crate) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, none: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, true) => none.to_owned(),
        (None, false) => format!("known: {}", listed(known)),
    }
}

/// Names in backquotes, with commas.
pub(super) fn listed<'k>(names: impl IntoIterator<Item = &'k str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_found_and_another_word_is_not() {
        let known = ["below", "points", "partitions"];
        assert_eq!(nearest("belowe", known), Some("below"));
        assert_eq!(nearest("partitoins", known), Some("partitions"));
        assert_eq!(nearest("Points", known), Some("points"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("x", []), None);
    }
}
