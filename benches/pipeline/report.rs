//! The table, and what stands around it.

use std::fmt::Write;

use crate::runs::{Measured, Runs, Taken, median};
use crate::server::Server;
use crate::{Settings, machine};

/// All that the report is made of.
pub(crate) struct Report<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) events: u64,
    pub(crate) event_bytes: u64,
    pub(crate) server: &'a Server,
    pub(crate) runs: &'a Runs,
}

/// A line of the table.
struct Figure {
    what: &'static str,
    measured: String,
    against: String,
    ratio: f64,
    target: Target,
}

/// What a ratio ought to be.
enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn verdict(&self, ratio: f64) -> String {
        let (met, text) = match self {
            Self::AtLeast(bound) => (ratio >= *bound, format!("at least {bound}")),
            Self::AtMost(bound) => (ratio <= *bound, format!("at most {bound}")),
        };
        format!("{text}: {}", if met { "met" } else { "**missed**" })
    }
}

impl Report<'_> {
    /// The whole of `docs/benchmarks.md`.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "# Benchmarks\n\nWritten by `make bench`; do not edit. Ratios compare runs of the same hour on the same machine.\n\n",
        );
        let _ = writeln!(text, "* Machine: {}.", machine::describe());
        let server = self.server;
        let _ = writeln!(
            text,
            "* PostgreSQL {} on the same machine, `synchronous_commit = on`, `fsync = {}`.",
            server.version, server.fsync
        );
        let _ = writeln!(
            text,
            "* Work: {} customers, {} events of {} bytes on average; medians of {}.\n",
            self.settings.customers,
            self.events,
            self.event_bytes / self.events.max(1),
            self.settings.repeat
        );
        text.push_str("| figure | measured | against | ratio | target |\n|---|---|---|---|---|\n");
        for figure in self.figures() {
            let verdict = figure.target.verdict(figure.ratio);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.2} | {verdict} |",
                figure.what, figure.measured, figure.against, figure.ratio
            );
        }
        text.push_str(&self.shown());
        text.push_str(NOT_MEASURED);
        text
    }

    fn figures(&self) -> Vec<Figure> {
        let Runs { intake, two_lanes, one_lane, caught_up, few_customers, bare, .. } = self.runs;
        let (taken, parsed) = (median(intake, Taken::intake_rate), median(intake, Taken::parse_rate));
        let (rows, bare) = (median(few_customers, Measured::row_rate), median(bare, |rate| *rate));
        let (two, one) = (median(two_lanes, Measured::event_rate), median(one_lane, Measured::event_rate));
        let (many, few) = (median(two_lanes, mebibytes), median(few_customers, mebibytes));
        let start = median(caught_up, |run| run.wall.as_secs_f64());
        vec![
            Figure {
                what: "intake on one core: decoded, validated, normalised",
                measured: format!("{taken:.0} events/s"),
                against: format!("{parsed:.0} events/s of `serde_json` to `Value`, alone"),
                ratio: taken / parsed,
                target: Target::AtLeast(1.0),
            },
            Figure {
                what: "whole pipeline into PostgreSQL, a tenth of the customers",
                measured: format!("{rows:.0} rows/s"),
                against: format!("{bare:.0} rows/s of a bare client: the same batches, recorded, through the sink's own SQL"),
                ratio: rows / bare,
                target: Target::AtLeast(0.8),
            },
            Figure {
                what: "two lanes",
                measured: format!("{two:.0} events/s"),
                against: format!("{one:.0} events/s with one"),
                ratio: two / one,
                target: Target::AtLeast(1.6),
            },
            Figure {
                what: "peak memory",
                measured: format!("{many:.0} MiB"),
                against: format!("{few:.0} MiB with a tenth of the customers"),
                ratio: many / few,
                target: Target::AtMost(1.5),
            },
            Figure {
                what: "start and end of a process that finds nothing to read",
                measured: format!("{start:.2} s"),
                against: "1 s".into(),
                ratio: start,
                target: Target::AtMost(1.0),
            },
        ]
    }

    /// Figures without a target.
    fn shown(&self) -> String {
        let Runs { two_lanes, embedded, .. } = self.runs;
        let rows_a_commit = median(two_lanes, |run| run.rows as f64 / run.commits.max(1) as f64);
        format!(
            "\nWithout a target: {:.0} events/s into PostgreSQL with two lanes ({rows_a_commit:.0} rows a transaction), {:.0} events/s into \
             the embedded store, which held {:.0} MiB at most.\n",
            median(two_lanes, Measured::event_rate),
            median(embedded, Measured::event_rate),
            median(embedded, mebibytes),
        )
    }
}

fn mebibytes(run: &Measured) -> f64 {
    run.peak_bytes.map_or(f64::NAN, |bytes| bytes as f64 / 1024.0 / 1024.0)
}

const NOT_MEASURED: &str = "
## Not measured

* Other systems on the same work: Redpanda Connect, Kafka Connect's JDBC sink.
* Positions outside the transaction; an internal topic against the same topic over the broker.
* Several processes; brokers other than the local one.
* The delay from a record to its row on an idle pipeline, and from a kill to the next commit.
* Anything over a network: broker, pipeline and database share the machine's cores, so the database's work slows the pipeline.
";
