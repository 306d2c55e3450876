//! From checked stages to segments: internal topics fuse the stages on their two sides.

use std::collections::VecDeque;

use super::super::plan::{BatchPlan, SegmentPlan, StagePlan, StepPlan, StorePlan};
use super::outline::{Stage, Step};
use super::topics::Topics;

/// Fuses stages that passed the check, in an order in which nothing stands before what feeds it.
pub(super) fn fuse(stages: Vec<Stage>, topics: &Topics) -> Vec<SegmentPlan> {
    let mut segments: Vec<SegmentPlan> = Vec::new();
    for stage in in_order_of_flow(stages) {
        let upstream = stage.reads.first().filter(|topic| topics.is_internal(&topic.name)).and_then(|topic| {
            segments.iter_mut().find(|segment| segment.stages.iter().any(|stage| stage.to.as_ref() == Some(&topic.name)))
        });
        match upstream {
            Some(segment) => segment.stages.push(planned(stage)),
            None => segments.push(SegmentPlan { name: stage.name.clone(), stages: vec![planned(stage)] }),
        }
    }
    segments
}

/// Stages after those that feed them, else as in the file. There are no circles.
fn in_order_of_flow(stages: Vec<Stage>) -> Vec<Stage> {
    let mut waiting: VecDeque<Stage> = stages.into();
    let mut ordered = Vec::with_capacity(waiting.len());
    let mut passed_over = 0;
    while let Some(stage) = waiting.pop_front() {
        let fed_by = |other: &Stage| other.writes().any(|(_, topic)| stage.reads_topic(&topic.name));
        if passed_over <= waiting.len() && waiting.iter().any(fed_by) {
            waiting.push_back(stage);
            passed_over += 1;
        } else {
            ordered.push(stage);
            passed_over = 0;
        }
    }
    ordered
}

fn planned(stage: Stage) -> StagePlan {
    StagePlan {
        name: stage.name,
        from: stage.reads.into_iter().map(|topic| topic.name).collect(),
        steps: stage.steps.into_iter().filter(|step| step.enabled).filter_map(step).collect(),
        to: stage.to.map(|topic| topic.name),
        on_reject: stage.on_reject.map(|topic| topic.name),
        store: stage.store.map(|store| StorePlan { sink: store.sink.name, changelog: store.changelog.map(|topic| topic.name) }),
        lanes: stage.lanes,
        exactly_once: stage.exactly_once.is_some(),
        batch: BatchPlan { records: stage.batch_records, size_bytes: stage.batch_size_bytes, linger: stage.batch_linger },
    }
}

fn step(step: Step) -> Option<StepPlan> {
    let routes = step.routes.into_iter().map(|(port, topic)| (port, topic.name)).collect();
    Some(StepPlan { name: step.name, step: step.built?.step, rollout: step.rollout, routes })
}
