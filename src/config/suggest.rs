//! Did you mean.

/// The known name that is nearest to a mistyped one, if one is near enough to be meant.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known.into_iter().filter_map(|other| Some((distance(name, other)?, other))).min().map(|(_, nearest)| nearest)
}

/// The one known name that is near enough to be meant; `None` where there are several.
pub(super) fn only_near<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let mut near = known.into_iter().filter(|other| distance(name, other).is_some());
    near.next().filter(|_| near.next().is_none())
}

/// How many slips of the finger lie between two names; `None` where it takes so many that the one is not meant by the other.
fn distance(name: &str, other: &str) -> Option<usize> {
    let slips = strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let longer = name.chars().count().max(other.chars().count());
    (slips <= (longer / 3).max(1) && slips < longer).then_some(slips)
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

    #[test]
    fn of_two_names_that_may_be_meant_neither_is_certain() {
        let known = ["low_stock", "low_stack", "points"];
        assert_eq!(only_near("low_stok", known), None);
        assert_eq!(nearest("low_stok", known), Some("low_stock"));
        assert_eq!(only_near("point", known), Some("points"));
        assert_eq!(only_near("colour", known), None);
    }
}
