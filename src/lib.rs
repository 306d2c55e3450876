//! syncline

pub mod topics;
