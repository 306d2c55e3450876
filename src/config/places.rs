//! Where the parts of a checked file stand, for what is found out about them later: by asking the broker and the store.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;
use schemas::TopicName;

use super::draft::{Node, Place};
use super::error::Finding;

/// A part of a pipeline file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'p> {
    /// A broker, by its name under `brokers:`.
    Broker(&'p str),
    /// A topic, by its name under `topics:`.
    Topic(&'p TopicName),
    /// A sink, by its name under `sinks:`.
    Sink(&'p str),
}

impl Part<'_> {
    fn path(&self) -> [&str; 2] {
        match self {
            Self::Broker(name) => ["brokers", name],
            Self::Topic(name) => ["topics", name.as_str()],
            Self::Sink(name) => ["sinks", name],
        }
    }
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::Broker(name) => ("broker", *name),
            Self::Topic(name) => ("topic", name.as_str()),
            Self::Sink(name) => ("sink", *name),
        };
        write!(f, "the {kind} `{name}`")
    }
}

/// The tree of a checked file, with its text.
pub struct Places {
    root: Node,
    source: Arc<NamedSource<String>>,
}

impl Places {
    pub(super) fn new(root: Node, file: &Path, text: &str) -> Self {
        Self { root, source: Arc::new(NamedSource::new(file.display().to_string(), text.to_owned())) }
    }

    /// An error of this part of the file.
    #[must_use]
    pub fn error(&self, part: Part<'_>, message: impl Into<String>) -> Finding {
        Finding::error(self.of(part), message).within(&self.source)
    }

    /// A warning about this part of the file.
    #[must_use]
    pub fn warning(&self, part: Part<'_>, message: impl Into<String>) -> Finding {
        Finding::warning(self.of(part), message).within(&self.source)
    }

    /// The place of the part's name; where the file does not write it, that of what is nearest above it.
    fn of(&self, part: Part<'_>) -> Place {
        let [section, name] = part.path();
        let Some(section) = self.root.member(section) else { return self.root.place.clone() };
        let named = section.members().iter().find(|member| member.name == name);
        named.map_or(&section.place, |member| &member.place).clone()
    }
}
