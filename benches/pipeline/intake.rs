//! The intake alone, on one core and without a broker: the shipped pipeline's first stage, against an ordinary parse of the same bytes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use schemas::{Raw, Reject};
use serde_json::Value;
use syncline::config::{Plan, StagePlan};
use transforms::Step;

use crate::Failure;
use crate::runs::Taken;

/// So many events are parsed, then taken in, before it is the parse's turn again: what else the machine does hits both.
const TURN: usize = 500;

/// Parses the events, and takes them in, by turns.
///
/// # Errors
///
/// When no stage of the plan decodes, or refuses an event.
pub(crate) fn measure(plan: &Plan, events: &[Raw]) -> Result<Taken, Failure> {
    let mut stages = plan.segments.iter().flat_map(|segment| &segment.stages);
    let stage = stages.find(|stage| matches!(stage.steps.first().map(|step| &step.step), Some(Step::Decode(_))));
    let stage = stage.ok_or("no stage of the pipeline decodes")?;
    let (mut parsing, mut taking) = (Duration::ZERO, Duration::ZERO);
    for turn in events.chunks(TURN) {
        let begun = Instant::now();
        for event in turn {
            black_box(serde_json::from_slice::<Value>(&event.value)?);
        }
        parsing += begun.elapsed();
        let begun = Instant::now();
        for event in turn {
            take(stage, event).map_err(|reject| format!("{}: {}: {reject}", stage.name, event.origin))?;
        }
        taking += begun.elapsed();
    }
    Ok(Taken { events: events.len() as u64, parsing, taking })
}

fn take(stage: &StagePlan, event: &Raw) -> Result<(), Reject> {
    let mut records = Vec::new();
    for step in &stage.steps {
        match &step.step {
            Step::Decode(decode) => records = vec![decode.decode(event)?],
            Step::Transform(transform) => {
                let mut left = Vec::with_capacity(records.len());
                for record in records {
                    left.extend(transform.apply(record)?.into_iter().map(|(_, record)| record));
                }
                records = left;
            }
            Step::Fold(_) | Step::Workflow(_) | Step::Derive(_) => break,
        }
    }
    black_box(records);
    Ok(())
}
