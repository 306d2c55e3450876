//! Which data a sync asks for.

use std::collections::BTreeSet;

/// Which data is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Requested {
    /// Whatever a customer of its type has (spec/3 §3).
    pub all: bool,
    /// Codes that were named, beside that: at most [`MOST`](Self::MOST), each of at most [`LONGEST`](Self::LONGEST) bytes.
    pub named: BTreeSet<String>,
}

impl Requested {
    /// How many codes may be named: spec/3 §3 knows sixteen, and whatever else is named travels to the source and into the tables.
    pub const MOST: usize = 64;
    /// How long the name of one may be, in bytes.
    pub const LONGEST: usize = 64;

    /// These codes; all where there are none. Who names more than can be kept asks for all, and for those that are kept.
    #[must_use]
    pub fn named(codes: impl IntoIterator<Item = String>) -> Self {
        let (mut all, mut named) = (true, BTreeSet::new());
        let mut left_out = false;
        for code in codes {
            if code.len() > Self::LONGEST {
                left_out = true;
                continue;
            }
            all = false;
            named.insert(code);
            // The first of them in their order: so it does not matter who joined whom.
            left_out |= named.len() > Self::MOST && named.pop_last().is_some();
        }
        Self { all: all || left_out, named }
    }

    /// What two asked for, together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = Self::named(self.named.into_iter().chain(other.named));
        Self { all: self.all || other.all || (both.all && !both.named.is_empty()), named: both.named }
    }
}

#[cfg(test)]
mod tests {
    use super::Requested;

    fn named(codes: impl IntoIterator<Item = usize>) -> Requested {
        Requested::named(codes.into_iter().map(|code| format!("code_{code:04}")))
    }

    #[test]
    fn nothing_named_is_all_and_too_much_is_all_beside_what_is_kept() {
        assert!(named([]).all && named([]).named.is_empty());
        let most = named(0..Requested::MOST);
        assert!(!most.all && most.named.len() == Requested::MOST);
        let beyond = named((0..1_000).rev());
        assert!(beyond.all);
        assert_eq!(beyond.named, most.named);
        let long = Requested::named(["x".repeat(Requested::LONGEST + 1), "stocks_data".to_owned()]);
        assert!(long.all && long.named.len() == 1, "{long:?}");
    }

    #[test]
    fn it_does_not_matter_who_joins_whom() {
        let (a, b, c) = (named(0..50), named(40..90), named(500..560));
        let one = a.clone().and(b.clone()).and(c.clone());
        assert_eq!(one, c.clone().and(a.clone().and(b.clone())));
        assert_eq!(one, b.clone().and(c).and(a.clone()));
        assert!(one.all && one.named.len() == Requested::MOST);
        assert!(!a.clone().and(named(40..60)).all, "there is room for both");
        assert!(a.and(named([])).all);
    }
}
