//! syncline

pub mod cli;
pub mod config;
pub mod record_line;
pub mod topics;
