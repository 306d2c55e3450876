//! Stages between the tree and the plan: read and typed, their places kept, not yet connected to each other.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::TopicName;
use transforms::Shape;

use super::super::draft::Place;
use super::super::fields::Named;
use super::super::parameters::Built;
use super::super::rollout::Rollout;

/// A stage as the file has it.
pub(in super::super) struct Stage {
    pub(super) name: String,
    /// Of its name, or where it begins.
    pub(super) place: Place,
    pub(super) from: Vec<Source>,
    pub(in super::super) steps: Vec<Step>,
    /// Whether some step could not be read, so that nothing can be said about which are missing.
    pub(super) steps_incomplete: bool,
    pub(super) to: Option<Named<TopicName>>,
    pub(super) on_reject: Option<Named<TopicName>>,
    pub(super) store: Option<Store>,
    pub(super) lanes: usize,
    pub(super) batch_records: usize,
    pub(super) batch_size_bytes: usize,
    pub(super) batch_linger: Duration,
    /// Where `exactly_once: true` is written, if it is.
    pub(super) exactly_once: Option<Place>,
    /// `from`, once wildcards are expanded; the places are those of the items that name them.
    pub(super) reads: Vec<Named<TopicName>>,
}

/// An item of `from:`.
pub(super) enum Source {
    Topic(Named<TopicName>),
    Wildcard(Named<String>),
}

/// `store:`
pub(super) struct Store {
    pub(super) sink: Named<String>,
    pub(super) changelog: Option<Named<TopicName>>,
}

/// A step as the file has it.
pub(in super::super) struct Step {
    pub(in super::super) name: &'static str,
    pub(super) place: Place,
    pub(in super::super) shape: Shape,
    pub(in super::super) enabled: bool,
    pub(in super::super) rollout: Rollout,
    /// `None` where its parameters are wrong.
    pub(in super::super) built: Option<Built>,
    pub(super) routes: BTreeMap<&'static str, Named<TopicName>>,
}

/// By which way a stage writes a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `to:` of the stage.
    Output,
    /// `to:` of a step.
    Port,
    /// `on_reject:`
    DeadLetters,
    /// `store.changelog:`
    Changelog,
}

impl Stage {
    /// Every topic that it writes, whether or not the step is enabled: a switch must not change what a wildcard means.
    pub(super) fn writes(&self) -> impl Iterator<Item = (Way, &Named<TopicName>)> {
        let output = self.to.iter().map(|topic| (Way::Output, topic));
        let ports = self.steps.iter().flat_map(|step| step.routes.values()).map(|topic| (Way::Port, topic));
        let dead_letters = self.on_reject.iter().map(|topic| (Way::DeadLetters, topic));
        let changelog = self.store.iter().filter_map(|store| store.changelog.as_ref()).map(|topic| (Way::Changelog, topic));
        output.chain(ports).chain(dead_letters).chain(changelog)
    }

    /// The topics to which it passes records on, in the form in which the next stage takes them: not alerts, profiles or dead letters.
    pub(super) fn passes_on(&self) -> impl Iterator<Item = &Named<TopicName>> {
        let ports = self.steps.iter().filter(|step| step.shape == Shape::Transform).flat_map(|step| step.routes.values());
        self.to.iter().chain(ports)
    }

    /// Whether it reads that topic.
    pub(super) fn reads_topic(&self, topic: &TopicName) -> bool {
        self.reads.iter().any(|read| read.name == *topic)
    }
}
