//! What was measured, run by run.

use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::process::Done;

/// One run of the pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Records whose effects are durable.
    pub(crate) events: u64,
    /// Profile rows written, each time one was.
    pub(crate) rows: u64,
    /// Transactions.
    pub(crate) commits: u64,
    /// From the first read to the last durable effect.
    pub(crate) working: Duration,
    /// From the start of the process to its end.
    pub(crate) wall: Duration,
    /// Peak resident set.
    pub(crate) peak_bytes: Option<u64>,
}

impl Measured {
    /// Reads what `syncline run --until-caught-up --format json` printed.
    ///
    /// # Errors
    ///
    /// When that is not what it prints.
    pub(crate) fn read(done: &Done) -> Result<Self, Failure> {
        let counts: Value = serde_json::from_str(&done.stdout)?;
        let count = |name: &str| counts[name].as_u64().ok_or_else(|| format!("run printed no `{name}`: {counts}"));
        let seconds = counts["seconds"].as_f64().ok_or_else(|| format!("run printed no `seconds`: {counts}"))?;
        Ok(Self {
            events: count("records_resolved")?,
            rows: count("rows_written")?,
            commits: count("commits")?,
            working: Duration::from_secs_f64(seconds),
            wall: done.wall,
            peak_bytes: done.peak_bytes,
        })
    }

    /// Events a second.
    pub(crate) fn event_rate(&self) -> f64 {
        rate(self.events, self.working)
    }

    /// Rows a second.
    pub(crate) fn row_rate(&self) -> f64 {
        rate(self.rows, self.working)
    }
}

/// The intake and an ordinary parse, over the same events.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) events: u64,
    /// `serde_json` alone, to `Value`.
    pub(crate) parsing: Duration,
    /// Decoded, validated, normalised.
    pub(crate) taking: Duration,
}

impl Taken {
    /// Events a second, parsed.
    pub(crate) fn parse_rate(&self) -> f64 {
        rate(self.events, self.parsing)
    }

    /// Events a second, taken in.
    pub(crate) fn intake_rate(&self) -> f64 {
        rate(self.events, self.taking)
    }
}

/// Everything that was run, in the order of the rounds.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// The intake alone.
    pub(crate) intake: Vec<Taken>,
    /// The large workload into PostgreSQL, two lanes.
    pub(crate) two_lanes: Vec<Measured>,
    /// The same with one lane.
    pub(crate) one_lane: Vec<Measured>,
    /// The same again, when nothing is left to read.
    pub(crate) caught_up: Vec<Measured>,
    /// The small workload into PostgreSQL, two lanes.
    pub(crate) few_customers: Vec<Measured>,
    /// The large workload into the embedded store.
    pub(crate) embedded: Vec<Measured>,
    /// The bare client's rows a second, on the rows of the small workload.
    pub(crate) bare: Vec<f64>,
}

/// The middle value; of an even number, the lower of the two in the middle. Zero of none.
pub(crate) fn median<T>(values: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = values.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(0.001)
}
