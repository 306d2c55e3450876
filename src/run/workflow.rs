//! The synchronisation workflow at work (spec/3): timers that are due, and wishes that come from elsewhere than a topic.
//!
//! Both go the one way on which profiles are written: read, merge, write by version. So any number of workers may do this at the same
//! time, and one that dies between any two steps changes nothing.

mod approval;
mod backfill;
mod desk;
#[cfg(test)]
mod simulation;
mod timers;

pub use approval::Judged;
pub use backfill::{BackfillPlan, BackfillReport};
pub use desk::{Asked, Desk};
pub(super) use timers::Timers;
