//! The pipeline file: read, checked, and made into a [`Plan`].

mod plan;

pub use plan::{BatchPlan, BrokerPlan, Plan, SegmentPlan, SinkPlan, StagePlan, StepPlan, StorePlan, TopicPlan};
