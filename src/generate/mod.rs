//! Realistic events of the source system, as record lines: for a first try, for tests, for measurements.
//!
//! The same seed gives the same lines on every machine. A customer is the same whatever the number of customers; the records that
//! are not broken are the same whatever the percentage of those that are. Memory is bounded: a window of lines, whose order is
//! drawn, so that customers interleave and their events come out of order.

mod breakage;
mod company;
mod customer;
mod draw;
mod institution;
mod message;
mod names;
mod patrimony;
mod source;
mod story;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use draw::Draw;
use schemas::{Fault, FaultKind, Outgoing};

pub use source::{ANSWERS, Manners, Source, SourceRequest};

use crate::record_line;

/// How many lines wait until one is drawn from among them.
const WINDOW_LINES: usize = 512;

/// The streams of a seed that are no customer's.
const ORDER_STREAM: u64 = u64::MAX;
const BREAKAGE_STREAM: u64 = u64::MAX - 1;

/// A record line (spec/5): `{"topic", "key"?, "timestamp", "value" | "raw" | "raw_base64"}`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Line {
    /// The topic.
    pub topic: &'static str,
    /// The key; seldom one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The record's own timestamp, shortly after the event's time.
    #[serde(serialize_with = "iso")]
    pub timestamp: DateTime<Utc>,
    /// The record's value.
    #[serde(flatten)]
    pub body: Body,
}

impl Line {
    /// The record that it stands for.
    ///
    /// # Errors
    ///
    /// `Bug` for a line that is none: nothing here makes such.
    pub fn record(&self) -> Result<Outgoing, Fault> {
        let wrong = |error: Box<dyn std::error::Error + Send + Sync>| {
            Fault::caused(FaultKind::Bug, "a generated event is no record", error)
        };
        let text = serde_json::to_vec(self).map_err(|error| wrong(error.into()))?;
        record_line::parse(1, &text).map_err(|error| wrong(error.into()))
    }
}

/// The bytes of a record's value.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// JSON.
    Value(serde_json::Value),
    /// A text that is not the JSON that it should be.
    Raw(String),
    /// Bytes that are no text, in base64.
    RawBase64(String),
}

// serde's signature.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn iso<S: serde::Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&draw::iso(*at))
}

/// Makes the lines of so many customers, about 3.4 a customer of about 2 KB each.
///
/// ```
/// use syncline::generate::Generator;
///
/// let lines: Vec<_> = Generator::new(7, 100, 0).collect();
/// assert!(lines.len() > 250);
/// assert_eq!(lines, Generator::new(7, 100, 0).collect::<Vec<_>>());
/// ```
#[derive(Debug)]
pub struct Generator {
    seed: u64,
    customers: u64,
    next: u64,
    faulty_percent: u32,
    window: Vec<Line>,
    order: Draw,
    breakage: Draw,
}

impl Generator {
    /// A generator of `customers` customers, `faulty_percent` of whose records are broken in the ways of spec/1 §5: each of these
    /// becomes a dead letter.
    #[must_use]
    pub fn new(seed: u64, customers: u64, faulty_percent: u8) -> Self {
        Self {
            seed,
            customers,
            next: 0,
            faulty_percent: u32::from(faulty_percent),
            window: Vec::with_capacity(WINDOW_LINES),
            order: Draw::new(seed, ORDER_STREAM),
            breakage: Draw::new(seed, BREAKAGE_STREAM),
        }
    }
}

impl Iterator for Generator {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        while self.window.len() < WINDOW_LINES && self.next < self.customers {
            self.window.extend(story::lines(&mut Draw::new(self.seed, self.next), self.next));
            self.next += 1;
        }
        if self.window.is_empty() {
            return None;
        }
        let line = self.window.swap_remove(self.order.index(self.window.len()));
        let broken = self.breakage.percent(self.faulty_percent);
        Some(if broken { breakage::broken(&mut self.breakage, line) } else { line })
    }
}
