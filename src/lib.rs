//! syncline

pub mod record_line;
pub mod topics;
