//! What a topic is called on Fluvio.
//!
//! Fluvio takes lower-case letters, digits and dashes, no dash at either end, and 63 characters at most. Our names have separators
//! of three kinds, which become runs of dashes: `.` one, `-` two, `_` three. So every name has one of its own there, and every
//! name there without a longer run has one here: the topic `my-orders` of a cluster is declared as `my.orders`.

use schemas::{Fault, FaultKind, TopicName};

/// The longest name that Fluvio takes, in bytes.
const LONGEST: usize = 63;

/// What a topic may be called on Fluvio; see [`is_topic`].
pub const TOPIC_RULE: &str = "lower-case letters and digits with single `.`, `-` or `_` between them, at most 63 characters where `-` counts \
                              two and `_` three";

/// Whether a topic of this name can be on Fluvio.
#[must_use]
pub fn is_topic(name: &TopicName) -> bool {
    on_fluvio(name).is_some()
}

/// The topic's name on Fluvio; `None` where it can have none.
pub(super) fn on_fluvio(name: &TopicName) -> Option<String> {
    let mut there = String::with_capacity(LONGEST);
    // As if a separator stood before it: none may.
    let mut separated = true;
    for character in name.as_str().chars() {
        let dashes = match character {
            'a'..='z' | '0'..='9' => {
                there.push(character);
                separated = false;
                continue;
            }
            '.' => "-",
            '-' => "--",
            '_' => "---",
            _ => return None,
        };
        if separated {
            return None;
        }
        there.push_str(dashes);
        separated = true;
    }
    (!separated && there.len() <= LONGEST).then_some(there)
}

/// The topic's name on Fluvio.
///
/// # Errors
///
/// `Refused` for a topic that cannot be there.
pub(super) fn require_name(topic: &TopicName) -> Result<String, Fault> {
    on_fluvio(topic).ok_or_else(|| {
        Fault::new(FaultKind::Refused, format!("topic \"{topic}\": Fluvio takes no such name"))
            .advise(format!("it takes {TOPIC_RULE}"))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn there(name: &str) -> Option<String> {
        on_fluvio(&TopicName::try_from(name).unwrap())
    }

    #[test]
    fn separators_become_runs_of_dashes() {
        for (name, expected) in [
            ("orders", "orders"),
            ("admin.customer.data.sync", "admin-customer-data-sync"),
            ("admin.customer.complete.profile.v2_1", "admin-customer-complete-profile-v2---1"),
            ("a-b.c_d", "a--b-c---d"),
        ] {
            assert_eq!(there(name).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_cannot_be_named_there_is_told_apart() {
        for name in ["Orders", ".a", "a.", "-", "_a", "a..b", "a._b", "données", "a b c".replace(' ', ":").as_str()] {
            assert_eq!(there(name), None, "{name}");
        }
        assert!(there(&"x".repeat(63)).is_some());
        assert!(there(&"x".repeat(64)).is_none());
        assert!(there(&format!("{}_y", "x".repeat(60))).is_none(), "three dashes count");
    }

    /// The name here of a name there.
    fn here(there: &str) -> String {
        there.replace("---", "_").replace("--", "\u{0}").replace('-', ".").replace('\u{0}', "-")
    }

    proptest! {
        #[test]
        fn every_name_is_found_again(name in "[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,6}") {
            if let Some(there) = there(&name) {
                prop_assert_eq!(here(&there), name);
            }
        }
    }
}
