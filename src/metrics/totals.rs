//! What a run counts as a whole, read when it is asked for.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, Opts};
use schemas::Reason;

use super::{counters_of, named};
use crate::run::{Counters, Counts};

/// The counters of a run, as metrics.
#[derive(Clone)]
pub(super) struct Totals {
    counters: Arc<Counters>,
    descs: Vec<Desc>,
}

/// Where a counter stands.
type Count = fn(&Counts) -> u64;

/// A counter without labels: its name, what it says, and where it stands.
type Total = (&'static str, &'static str, Count);

const TOTALS: [Total; 5] = [
    ("records_resolved_total", "Records whose effects, or dead letter, are durable.", |counts| counts.records_resolved),
    ("rows_written_total", "Rows of profiles written, each time one was.", |counts| counts.rows_written),
    ("profiles_created_total", "Profiles that did not exist before.", |counts| counts.profiles_created),
    ("alert_transitions_total", "Alerts raised, updated, resolved.", |counts| counts.alert_transitions),
    ("retries_total", "Tries that failed and were repeated.", |counts| counts.retries),
];

/// Imperfections of records that the contract tolerates (spec/1 §5), by what they are.
const TOLERATED: [(&str, Count); 5] = [
    ("numeric_string", |counts| counts.numeric_strings),
    ("unknown_field", |counts| counts.unknown_fields),
    ("unparsed_date", |counts| counts.unparsed_dates),
    ("unlisted_value", |counts| counts.unlisted_values),
    ("replaced_character", |counts| counts.replaced_characters),
];

impl Totals {
    pub(super) fn of(counters: Arc<Counters>) -> Self {
        let mut this = Self { counters, descs: Vec::new() };
        this.descs = this.families(&Counts::default()).iter().flat_map(|family| family.desc().into_iter().cloned()).collect();
        this
    }

    /// The metrics of these counts, fresh each time: the counts are kept elsewhere.
    fn families(&self, counts: &Counts) -> Vec<Box<dyn Collector>> {
        let mut families: Vec<Box<dyn Collector>> = Vec::new();
        for (name, help, of) in TOTALS {
            let total = IntCounter::with_opts(Opts::new(named(name), help)).expect("the name is such as Prometheus takes");
            total.inc_by(of(counts));
            families.push(Box::new(total));
        }
        let by = |family: &IntCounterVec, label: &str, count| family.with_label_values(&[label]).inc_by(count);
        let dead_letters = counters_of("dead_letters_total", "Records that became dead letters, by reason.", &["reason"]);
        for reason in Reason::ALL {
            let count = counts.dead_letters.get(reason.as_str()).copied().unwrap_or_default();
            by(&dead_letters, reason.as_str(), count);
        }
        let tolerated =
            counters_of("tolerated_total", "Imperfections of records that are tolerated, by what they are.", &["what"]);
        for (what, of) in TOLERATED {
            by(&tolerated, what, of(counts));
        }
        families.extend([Box::new(dead_letters) as Box<dyn Collector>, Box::new(tolerated)]);
        families
    }
}

impl Collector for Totals {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families(&self.counters.counts()).iter().flat_map(|family| family.collect()).collect()
    }
}
