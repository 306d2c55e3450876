//! `topics:`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use schemas::{TopicName, Validator};
use serde_json::Value;
use transforms::Surroundings;

use super::super::draft::{Member, Place};
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, Named, topic_name};
use super::super::grammar::TOPIC;
use super::super::plan::TopicPlan;
use super::super::suggest::did_you_mean;
use super::Context;
use super::brokers::Brokers;
use crate::topics::{Broker, fluvio, kafka};

/// The topics of the file.
pub(super) struct Topics {
    pub(super) declared: BTreeMap<TopicName, Topic>,
    /// Whether the file says at all which topics there are; if not, that was reported, and no name is undeclared.
    known: bool,
}

/// A declared topic.
pub(super) struct Topic {
    pub(super) plan: TopicPlan,
    /// Of its name.
    pub(super) place: Place,
}

pub(super) fn check(file: &Fields<'_>, brokers: &Brokers, context: &Context<'_>, report: &mut Report) -> Topics {
    let Some(members) = file.by_name("topics", report) else {
        return Topics { declared: BTreeMap::new(), known: false };
    };
    let topics = members.iter().filter_map(|member| topic(member, brokers, context, report));
    Topics { declared: topics.map(|topic| (topic.plan.name.clone(), topic)).collect(), known: true }
}

/// One topic. It counts as declared whatever is wrong with its options.
fn topic(member: &Member, brokers: &Brokers, context: &Context<'_>, report: &mut Report) -> Option<Topic> {
    let Named { name, place } = topic_name(&member.name, member.place.clone(), report)?;
    let mut plan = TopicPlan {
        name,
        broker: brokers.usual.clone().unwrap_or_default(),
        partitions: 1,
        schema: None,
        internal: false,
        key: None,
    };
    if let Some(options) = Fields::of(&member.value, &TOPIC, report) {
        plan.partitions = options.integer("partitions", report);
        plan.internal = options.boolean("internal", report);
        plan.key = options.text("key", report).map(|key| key.name.to_owned());
        plan.schema = options.text("schema", report).and_then(|file| schema(&file, context, report)).map(Arc::new);
        if let Some(broker) = options.text("broker", report) {
            plan.broker = brokers.find(&broker, report).unwrap_or_default();
        }
    }
    let refusing = match brokers.plans.get(&plan.broker) {
        _ if plan.internal => None,
        Some(Broker::Fluvio(_)) if !fluvio::is_topic(&plan.name) => Some(("Fluvio", fluvio::TOPIC_RULE)),
        Some(Broker::Kafka(_)) if !kafka::is_topic(&plan.name) => Some(("Kafka", kafka::TOPIC_RULE)),
        _ => None,
    };
    if let Some((broker, rule)) = refusing {
        let finding = Finding::error(place.clone(), format!("{broker} takes no topic of the name `{}`", plan.name));
        report.push(finding.help(format!("it takes {rule}")));
    }
    Some(Topic { plan, place })
}

fn schema(file: &Named<&str>, context: &Context<'_>, report: &mut Report) -> Option<Validator> {
    let path = context.folder.join(file.name);
    let text = match context.environment.read(&path) {
        Ok(text) => text,
        Err(error) => {
            let finding =
                Finding::error(file.place.clone(), format!("the schema {} cannot be read", path.display())).cause(error);
            report.push(finding.help("the path is relative to the pipeline file"));
            return None;
        }
    };
    compile(&text, &path, context)
        .map_err(|(message, cause)| report.push(Finding::error(file.place.clone(), message).cause(cause)))
        .ok()
}

/// Compiles a schema. The files that it refers to stand beside it.
fn compile(text: &str, path: &Path, context: &Context<'_>) -> Result<Validator, (String, String)> {
    let schema: Value =
        serde_json::from_str(text).map_err(|error| (format!("the schema {} is not JSON", path.display()), error.to_string()))?;
    let beside = |name: &str| -> Result<Value, String> {
        let text = context.environment.read(&path.with_file_name(name)).map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    };
    Validator::compile(&schema, &beside)
        .map_err(|invalid| (format!("the schema {} does not compile", path.display()), invalid.to_string()))
}

impl Topics {
    /// Whether a topic is declared; reported if not.
    pub(super) fn require(&self, topic: &Named<TopicName>, report: &mut Report) {
        if !self.known || self.declared.contains_key(&topic.name) {
            return;
        }
        let finding = Finding::error(topic.place.clone(), format!("the topic `{}` is not declared", topic.name));
        let known = self.declared.keys().map(TopicName::as_str);
        let help = match super::super::suggest::nearest(topic.name.as_str(), known) {
            Some(_) => did_you_mean(topic.name.as_str(), self.declared.keys().map(TopicName::as_str), ""),
            None => format!("declare it under `topics:`, as `{}: {{}}`", topic.name),
        };
        report.push(finding.help(help));
    }

    /// Whether a declared topic is internal.
    pub(super) fn is_internal(&self, topic: &TopicName) -> bool {
        self.declared.get(topic).is_some_and(|topic| topic.plan.internal)
    }

    /// What steps are built with.
    pub(super) fn surroundings(&self) -> Surroundings {
        let schemas =
            self.declared.values().filter_map(|topic| Some((topic.plan.name.clone(), Arc::clone(topic.plan.schema.as_ref()?))));
        Surroundings { schemas: schemas.collect() }
    }
}
