//! What some tests need that may not be there, and what becomes of them then: they are left out, unless whoever runs them wants all.
//!
//! libtest counts a test that is left out as one that passed, and swallows what it says. So the place where this is decided is one, and it
//! writes down what was left out.

// Two test binaries have it, and each uses a part.
#![allow(dead_code)]

use std::fmt::Display;
use std::fs::File;
use std::io::Write;

/// What must not be left out: names of [`Needed`], with commas between them.
const REQUIRED: &str = "SYNCLINE_TEST_REQUIRE";
/// A file to which a line is added for each test that is left out.
const LEFT_OUT: &str = "SYNCLINE_TEST_SKIPPED";

/// What a test may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needed {
    /// A server of Apache Kafka: Java, and Maven that finds it.
    Kafka,
    /// A cluster of Fluvio, and a way to kill its SPU.
    Fluvio,
    /// Clients of Kafka that are not ours: kafkajs by Node, and kcat.
    Clients,
    /// Prometheus' own tool.
    Promtool,
}

impl Needed {
    const ALL: [(&'static str, Self); 4] =
        [("kafka", Self::Kafka), ("fluvio", Self::Fluvio), ("clients", Self::Clients), ("promtool", Self::Promtool)];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, needed)| *needed == self).expect("all of them have a name").0
    }

    /// Leaves the test out that runs on this thread, or a part of it. Panics where it must not be.
    pub(crate) fn is_missing(self, why: impl Display) {
        let required = std::env::var(REQUIRED).unwrap_or_default();
        assert!(!listed(&required).contains(&self), "{} is required ({REQUIRED}) and not there: {why}", self.name());
        let thread = std::thread::current();
        let why = why.to_string().replace('\n', " ");
        let line = format!("{}\t{}\t{why}\n", self.name(), thread.name().unwrap_or_default());
        eprint!("skipped: {line}");
        if let Ok(file) = std::env::var(LEFT_OUT) {
            // In one piece: several tests write to it at the same time.
            File::options().create(true).append(true).open(file).unwrap().write_all(line.as_bytes()).unwrap();
        }
    }
}

/// The names of a list. Panics for one that nobody knows: it would require nothing.
fn listed(names: &str) -> Vec<Needed> {
    let known = |name: &str| Needed::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, needed)| needed);
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| known(name).unwrap_or_else(|| panic!("{REQUIRED}: nothing is called `{name}`"))).collect()
}

#[test]
fn what_is_required_is_a_list_of_names() {
    assert_eq!(listed(""), []);
    assert_eq!(listed("kafka, promtool,"), [Needed::Kafka, Needed::Promtool]);
    for (name, needed) in Needed::ALL {
        assert_eq!((listed(name), needed.name()), (vec![needed], name));
    }
    assert!(std::panic::catch_unwind(|| listed("kafka,flink")).is_err(), "a name that is mistyped requires nothing");
}
