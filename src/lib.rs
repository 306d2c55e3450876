//! syncline

pub mod config;
pub mod topics;
