//! Record lines: records as JSON Lines, one object a line (spec/5).
//!
//! ```json
//! {"topic":"orders","key":"c-1","timestamp":"2026-03-01T08:00:00.123Z","headers":{"trace":"7f"},"value":{"total":12.50}}
//! ```
//!
//! | member | what |
//! |---|---|
//! | `topic` | the topic; always there |
//! | `partition` | the partition; absent: the key or the broker chooses |
//! | `offset` | where the record was read; not used when it is written again |
//! | `timestamp` | RFC 3339, kept to the microsecond; absent: the time of writing |
//! | `key` or `key_base64` | the key as text, or its bytes; both absent: no key, which is not the empty key |
//! | `headers` | by name: a text, or `{"base64": "..."}`, or an array of these for a name that repeats |
//! | `value`, `raw`, `raw_base64` or `tombstone` | one of: JSON, of which the very text is the value's bytes; a text; bytes; `true` for a record without a value |
//!
//! Anything else is refused. What is printed can be parsed, and gives the same record (of headers whose names repeat, those of one
//! name come together).

mod complaint;
mod headers;
mod members;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use parse::{InvalidLine, parse};
pub use print::print;
