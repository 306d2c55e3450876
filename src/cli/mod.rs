//! The commands, one a file.

pub mod check;
pub mod environment;
pub mod list;
