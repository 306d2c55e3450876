//! The commands, one a file.

pub mod consume;
pub mod exit;
pub mod format;
mod lines;
pub mod produce;
mod progress;
