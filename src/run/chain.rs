//! The stateless half of a segment: its fused steps, from a raw record to what leaves them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use schemas::{Raw, Reason, Record, Reject, TopicName};
use transforms::{OUT, Step};

use super::wire;
use crate::config::{SegmentPlan, StagePlan, TopicPlan};

/// What leaves the chain for one raw record.
#[derive(Debug)]
pub(super) enum Passed {
    /// A record for the stage that keeps the store.
    Keyed(Record),
    /// A record for a topic outside the segment.
    Output {
        /// The topic.
        topic: TopicName,
        /// The record.
        record: Record,
    },
    /// The raw record cannot be processed.
    Rejected {
        /// The stage that refused it.
        stage: usize,
        /// Why.
        reject: Reject,
    },
}

/// The fused steps of a segment.
pub(super) struct Chain<'p> {
    topics: &'p BTreeMap<TopicName, TopicPlan>,
    stages: &'p [StagePlan],
    readers: HashMap<&'p TopicName, usize>,
}

impl<'p> Chain<'p> {
    /// The chain of a segment. `segment.stages` stand in the order in which records flow.
    pub(super) fn new(topics: &'p BTreeMap<TopicName, TopicPlan>, segment: &'p SegmentPlan) -> Self {
        let stages = segment.stages.as_slice();
        let readers = stages.iter().enumerate().flat_map(|(at, stage)| stage.from.iter().map(move |topic| (topic, at))).collect();
        Self { topics, stages, readers }
    }

    /// Takes one raw record through the steps. A reject, or a panic, refuses the record whole: nothing of it leaves.
    pub(super) fn pass(&self, raw: &Raw) -> Vec<Passed> {
        let Some(&stage) = self.readers.get(&raw.origin.topic) else {
            let reject = Reject::new(Reason::Transform, "", format!("no stage reads the topic {:?}", raw.origin.topic.as_str()));
            return vec![Passed::Rejected { stage: 0, reject }];
        };
        let mut out = Vec::with_capacity(1);
        match self.enter(stage, raw, &mut out) {
            Ok(()) => out,
            Err((stage, reject)) => vec![Passed::Rejected { stage, reject }],
        }
    }

    fn enter(&self, stage: usize, raw: &Raw, out: &mut Vec<Passed>) -> Result<(), (usize, Reject)> {
        let refuse = |reject| (stage, reject);
        match self.stages[stage].steps.first().map(|step| (step.name, &step.step)) {
            Some((name, Step::Decode(decode))) => {
                let record = guarded(name, || decode.decode(raw)).map_err(refuse)?;
                self.advance(stage, 1, record, out)
            }
            _ => self.advance(stage, 0, wire::read(raw).map_err(refuse)?, out),
        }
    }

    fn advance(&self, stage: usize, step: usize, record: Record, out: &mut Vec<Passed>) -> Result<(), (usize, Reject)> {
        let plan = &self.stages[stage];
        let Some(next) = plan.steps.get(step) else { return self.leave(stage, record, out) };
        match &next.step {
            Step::Transform(_) if !next.rollout.has(&customer_of(&record)) => self.advance(stage, step + 1, record, out),
            Step::Transform(transform) => {
                let outputs = guarded(next.name, || transform.apply(record)).map_err(|reject| (stage, reject))?;
                for (port, record) in outputs {
                    match next.routes.get(port) {
                        Some(topic) => self.route(stage, topic, record, out)?,
                        None if port == OUT => self.advance(stage, step + 1, record, out)?,
                        None => {}
                    }
                }
                Ok(())
            }
            Step::Fold(_) | Step::Workflow(_) | Step::Derive(_) => {
                out.push(Passed::Keyed(record));
                Ok(())
            }
            Step::Decode(_) => {
                let message = format!("`{}` stands behind another step", next.name);
                Err((stage, Reject::new(Reason::Transform, "", message)))
            }
        }
    }

    fn leave(&self, stage: usize, record: Record, out: &mut Vec<Passed>) -> Result<(), (usize, Reject)> {
        match &self.stages[stage].to {
            Some(topic) => self.route(stage, topic, record, out),
            None => Ok(()),
        }
    }

    /// Into the stage that reads the topic here, without a broker between; or out of the segment.
    fn route(&self, stage: usize, topic: &TopicName, mut record: Record, out: &mut Vec<Passed>) -> Result<(), (usize, Reject)> {
        if let Some(member) = self.topics.get(topic).and_then(|topic| topic.key.as_deref()) {
            record.key = Some(key(&record, member).map_err(|reject| (stage, reject))?);
        }
        match self.readers.get(topic) {
            Some(&reader) => self.advance(reader, 0, record, out),
            None => {
                out.push(Passed::Output { topic: topic.clone(), record });
                Ok(())
            }
        }
    }
}

/// Whose record it is, before and after it has a key.
fn customer_of(record: &Record) -> Cow<'_, str> {
    let named = || record.value.as_ref().present("customerId").and_then(schemas::JsonRef::as_str);
    record.key.as_deref().map_or_else(|| named().unwrap_or_default(), Cow::Borrowed)
}

/// The member of the value that a topic's `key:` names, as the key of the record: a text, or a number as it was sent.
///
/// A record without one is refused: under an empty key, strangers would be one customer.
fn key(record: &Record, member: &str) -> Result<String, Reject> {
    let value = record.value.as_ref().present(member);
    let key = value.and_then(|value| value.as_str().map(Cow::into_owned).or_else(|| value.as_number().map(str::to_owned)));
    key.ok_or_else(|| Reject::new(Reason::Schema, format!("/{member}"), format!("the key of the record, `{member}`, is missing")))
}

/// Runs a step; a panic inside it refuses the record, and the pipeline goes on.
pub(super) fn guarded<T>(step: &str, run: impl FnOnce() -> Result<T, Reject>) -> Result<T, Reject> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panicked(step, panic.as_ref())))
}

/// The refusal that a panic inside a step becomes.
pub(super) fn panicked(step: &str, panic: &(dyn std::any::Any + Send)) -> Reject {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let said: String = said.unwrap_or("it did not say why").chars().take(200).collect();
    Reject::new(Reason::Transform, "", format!("`{step}` panicked: {said}"))
}
