//! What the pipeline file means, checked: the only thing that runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemas::{TopicName, Validator};
use transforms::Step;

use super::rollout::Rollout;
use super::suggest::did_you_mean;
use crate::topics::{Broker, TopicSpec};

/// A pipeline, ready to be built. Made only by [`super::load`] and [`super::check()`].
pub struct Plan {
    /// Part of ids and stored positions.
    pub name: String,
    /// The brokers by their names in the file; those only that a topic uses.
    pub brokers: BTreeMap<String, Broker>,
    /// Those that no topic is on. Nothing but `syncline mirror` opens them.
    pub other_brokers: BTreeMap<String, Broker>,
    /// The name of the broker that topics are on which name none.
    pub usual_broker: String,
    /// Every declared topic.
    pub topics: BTreeMap<TopicName, TopicPlan>,
    /// What runs, in an order in which nothing stands before what feeds it.
    pub segments: Vec<SegmentPlan>,
    /// The sinks by their names in the file.
    pub sinks: BTreeMap<String, SinkPlan>,
    /// SHA-256 of the file's text, in hexadecimal: two files of the same hash are the same.
    pub config_hash: String,
    /// SHA-256 of the enabled fold and derive steps with their completed parameters, in hexadecimal: rows remember it, so that
    /// those made by other rules can be found.
    pub rules_hash: String,
}

/// A name that is no segment of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSegment {
    /// Nothing has that name.
    #[error("no segment is called `{name}`; {help}")]
    Unknown {
        /// The name.
        name: String,
        /// What may be meant.
        help: String,
    },
    /// A stage has it that runs inside a segment.
    #[error("the stage `{stage}` cannot run alone: an internal topic joins it to the segment `{segment}`; name that one")]
    Inside {
        /// The stage.
        stage: String,
        /// The segment that it is part of.
        segment: String,
    },
}

impl Plan {
    /// Leaves only the segments of these names to run; a segment is named after its first stage. Topics, brokers and the sink stay: what a
    /// segment writes to its topics, another process reads.
    ///
    /// # Errors
    ///
    /// [`NoSegment`], and nothing is changed.
    pub fn keep_only(&mut self, names: &[String]) -> Result<(), NoSegment> {
        for name in names {
            self.find_segment(name)?;
        }
        // Once the segment that stores is left out, it is no longer known which sink is the one.
        let keeper = self.sink().map(|(name, _)| name.clone());
        self.sinks.retain(|name, _| Some(name) == keeper.as_ref());
        self.segments.retain(|segment| names.contains(&segment.name));
        Ok(())
    }

    fn find_segment(&self, name: &str) -> Result<(), NoSegment> {
        let Some(segment) = self.segments.iter().find(|segment| segment.stages.iter().any(|stage| stage.name == name)) else {
            let help = did_you_mean(name, self.segments.iter().map(|segment| segment.name.as_str()), "there are none");
            return Err(NoSegment::Unknown { name: name.to_owned(), help });
        };
        if segment.name == name {
            return Ok(());
        }
        Err(NoSegment::Inside { stage: name.to_owned(), segment: segment.name.clone() })
    }

    /// The sink that keeps the pipeline's state, with its name: the one that its stages store into; without such a stage, the only one.
    #[must_use]
    pub fn sink(&self) -> Option<(&String, &SinkPlan)> {
        let mut stores = self.segments.iter().flat_map(|segment| &segment.stages).filter_map(|stage| stage.store.as_ref());
        match stores.next() {
            Some(store) => self.sinks.get_key_value(&store.sink),
            None => self.sinks.iter().next(),
        }
    }
}

/// A declared topic.
#[derive(Clone)]
pub struct TopicPlan {
    /// Its name.
    pub name: TopicName,
    /// The broker's name in the file.
    pub broker: String,
    /// How many partitions it gets where it does not exist yet; 1 to 1024.
    pub partitions: u32,
    /// Its compiled schema.
    pub schema: Option<Arc<Validator>>,
    /// Whether it never leaves the process: the stages on its two sides are one segment.
    pub internal: bool,
    /// The member of the value that is the key of each record written to it.
    pub key: Option<String>,
}

impl TopicPlan {
    /// What it should be like where it does not exist yet.
    #[must_use]
    pub fn spec(&self) -> TopicSpec {
        TopicSpec { name: self.name.clone(), partitions: self.partitions }
    }
}

/// Stages that internal topics fuse: they run as one, with one set of positions.
pub struct SegmentPlan {
    /// The name of its first stage; part of stored positions.
    pub name: String,
    /// In the order in which records flow. Only the first reads topics of a broker.
    pub stages: Vec<StagePlan>,
}

impl SegmentPlan {
    /// Whether what it writes to topics and how far it has read are one transaction of the Kafka cluster that all its topics are on
    /// (`docs/adr/0017-exactly-once.md`). Then it has a group and one lane, and no store. One of its stages that asks for it is enough: they
    /// run as one.
    #[must_use]
    pub fn exactly_once(&self) -> bool {
        self.stages.iter().any(|stage| stage.exactly_once)
    }
}

/// A stage: where records come from, what happens to them, where they go.
pub struct StagePlan {
    /// Its name; unique in the pipeline.
    pub name: String,
    /// The topics that it reads, wildcards expanded; sorted, never empty. All internal or none.
    pub from: Vec<TopicName>,
    /// The enabled steps, in order.
    pub steps: Vec<StepPlan>,
    /// Where the outputs go that no step routes.
    pub to: Option<TopicName>,
    /// Where its dead letters are published, besides the store's table.
    pub on_reject: Option<TopicName>,
    /// The store of a stage that folds.
    pub store: Option<StorePlan>,
    /// How many lanes work in parallel, by hash of the key; at least 1.
    pub lanes: usize,
    /// How much is worked on at once.
    pub batch: BatchPlan,
    /// Whether its segment writes its outputs and its positions in one transaction of Kafka; see [`SegmentPlan::exactly_once`].
    pub exactly_once: bool,
}

/// A step of a stage, built.
pub struct StepPlan {
    /// The transform's name in the catalogue; a metric's label.
    pub name: &'static str,
    /// The transform itself.
    pub step: Step,
    /// For whom it applies; for the others it is as if it were not there.
    pub rollout: Rollout,
    /// Port to topic. Every port of the transform is here, or the transform has none.
    pub routes: BTreeMap<&'static str, TopicName>,
}

/// Where a stage keeps its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePlan {
    /// The sink's name in the file.
    pub sink: String,
    /// The topic to which changed profiles are published.
    pub changelog: Option<TopicName>,
}

/// How much a stage works on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPlan {
    /// At most this many records; at least 1.
    pub records: usize,
    /// About this many bytes of values; at least 1 KiB.
    pub size_bytes: usize,
    /// How long to wait for more once there is one.
    pub linger: Duration,
}

/// A database that stores profiles.
#[derive(Clone, PartialEq, Eq)]
pub struct SinkPlan {
    /// `postgres://` or `sqlite://`. Holds a password: never print it whole.
    pub url: String,
    /// The profiles' table.
    pub table: String,
    /// The column that holds the customer's id.
    pub key: String,
    /// Renamed columns: our name to the database's.
    pub columns: BTreeMap<String, String>,
    /// Connections at most; at least 1.
    pub connections: u32,
}

impl fmt::Debug for SinkPlan {
    /// Leaves the address out but for its scheme, as it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkPlan")
            .field("url", &self.url.split("://").next().unwrap_or_default())
            .field("table", &self.table)
            .field("key", &self.key)
            .field("columns", &self.columns)
            .field("connections", &self.connections)
            .finish()
    }
}
