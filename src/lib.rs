//! syncline

pub mod cli;
pub mod record_line;
pub mod topics;
