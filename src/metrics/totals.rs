//! What a run counts as a whole, read when it is asked for.

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec};
use schemas::Reason;
use schemas::store::SyncStage;

use super::counters_of;
use super::name::Name;
use crate::run::{Counters, Counts};

/// The counters of a run, as metrics.
#[derive(Clone)]
pub(super) struct Totals {
    counters: Arc<Counters>,
    descs: Vec<Desc>,
}

/// Where a counter stands.
type Count = fn(&Counts) -> u64;

/// The counters without labels.
const TOTALS: [(Name, Count); 5] = [
    (Name::RecordsResolved, |counts| counts.records_resolved),
    (Name::RowsWritten, |counts| counts.rows_written),
    (Name::ProfilesCreated, |counts| counts.profiles_created),
    (Name::AlertTransitions, |counts| counts.alert_transitions),
    (Name::Retries, |counts| counts.retries),
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
        for (name, of) in TOTALS {
            let total = IntCounter::with_opts(name.opts()).expect("the name is such as Prometheus takes");
            total.inc_by(of(counts));
            families.push(Box::new(total));
        }
        let by = |family: &IntCounterVec, label: &str, count| family.with_label_values(&[label]).inc_by(count);
        let dead_letters = counters_of(Name::DeadLetters);
        for reason in Reason::ALL {
            let count = counts.dead_letters.get(reason.as_str()).copied().unwrap_or_default();
            by(&dead_letters, reason.as_str(), count);
        }
        let tolerated = counters_of(Name::Tolerated);
        for (what, of) in TOLERATED {
            by(&tolerated, what, of(counts));
        }
        let syncs = counters_of(Name::Syncs);
        for stage in SyncStage::ALL {
            by(&syncs, stage.as_str(), counts.syncs.get(stage.as_str()).copied().unwrap_or_default());
        }
        families.extend([Box::new(dead_letters) as Box<dyn Collector>, Box::new(tolerated), Box::new(syncs)]);
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
