//! A topic's schema, compiled.

/// Judges the business payloads of one topic.
pub struct Validator;
