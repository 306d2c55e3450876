//! What Prometheus reads at `/metrics` (spec/4 §3).
//!
//! Names begin with `syncline_` and carry their units. Labels are what the pipeline file names (segments, topics with their partitions,
//! brokers), and reasons: never anything of a record, so there are as many series for a million customers as for one.

mod name;
mod totals;

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Registry, TEXT_FORMAT, TextEncoder};
use schemas::{Fault, FaultKind, TopicName};

use self::name::Name;
use self::totals::Totals;
use crate::run::Counters;
use crate::topics::TopicPartition;

/// The media type of [`Metrics::render`].
pub const TEXT: &str = TEXT_FORMAT;

/// From a transaction in the embedded store, 1 ms, to the half minute after which a server is given up.
const COMMIT_SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    counters: Arc<Counters>,
    partitions: Partitions,
    rebalances: IntCounterVec,
    commit_seconds: HistogramVec,
    written: IntCounterVec,
    left_out: IntCounterVec,
    broker_up: IntGaugeVec,
    connections_lost: IntCounterVec,
}

/// What is told of each partition that a segment reads.
#[derive(Debug)]
struct Partitions {
    read: IntCounterVec,
    read_bytes: IntCounterVec,
    position: IntGaugeVec,
    end: IntGaugeVec,
    lag: IntGaugeVec,
}

impl Default for Metrics {
    /// Nothing has happened yet.
    fn default() -> Self {
        let registry = Registry::new();
        let counters = Arc::new(Counters::default());
        registered(&registry, Totals::of(Arc::clone(&counters)));
        let built = registered(&registry, gauges(Name::BuildInfo));
        built.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let counted = |name| registered(&registry, counters_of(name));
        let measured = |name| registered(&registry, gauges(name));
        Self {
            partitions: Partitions {
                read: counted(Name::RecordsRead),
                read_bytes: counted(Name::ReadBytes),
                position: measured(Name::PositionOffset),
                end: measured(Name::EndOffset),
                lag: measured(Name::LagRecords),
            },
            rebalances: counted(Name::Rebalances),
            commit_seconds: registered(&registry, histograms(Name::CommitDuration, &COMMIT_SECONDS)),
            written: counted(Name::RecordsWritten),
            left_out: counted(Name::RecordsLeftOut),
            broker_up: measured(Name::BrokerUp),
            connections_lost: counted(Name::ConnectionsLost),
            counters,
            registry,
        }
    }
}

impl Metrics {
    /// The counters of this process's pipeline.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// All metrics as Prometheus' text.
    ///
    /// # Errors
    ///
    /// `Bug` where a metric cannot be written as text.
    pub fn render(&self) -> Result<String, Fault> {
        let text = TextEncoder::new().encode_to_string(&self.registry.gather());
        text.map_err(|error| Fault::caused(FaultKind::Bug, "writing metrics", error))
    }

    /// Counts records that were read from a partition.
    pub(crate) fn count_read(&self, segment: &str, of: &TopicPartition, records: usize, bytes: usize) {
        let partition = of.partition.to_string();
        let labels = [segment, of.topic.as_str(), &partition];
        self.partitions.read.with_label_values(&labels).inc_by(records as u64);
        self.partitions.read_bytes.with_label_values(&labels).inc_by(bytes as u64);
    }

    /// Tells how far a partition is processed, and where it ends.
    pub(crate) fn set_lag(&self, segment: &str, of: &TopicPartition, position: u64, end: u64) {
        let partition = of.partition.to_string();
        let labels = [segment, of.topic.as_str(), &partition];
        let Partitions { position: positions, end: ends, lag, .. } = &self.partitions;
        positions.with_label_values(&labels).set(position.cast_signed());
        ends.with_label_values(&labels).set(end.cast_signed());
        lag.with_label_values(&labels).set(end.saturating_sub(position).cast_signed());
    }

    /// Tells nothing any more of a partition that a segment no longer reads: what was true last would stand for ever.
    pub(crate) fn drop_lag(&self, segment: &str, of: &TopicPartition) {
        let partition = of.partition.to_string();
        for told in [&self.partitions.position, &self.partitions.end, &self.partitions.lag] {
            // It may have been told nothing yet.
            let _ = told.remove_label_values(&[segment, of.topic.as_str(), &partition]);
        }
    }

    /// Counts an assignment by a group.
    pub(crate) fn count_rebalance(&self, segment: &str) {
        self.rebalances.with_label_values(&[segment]).inc();
    }

    /// Notes how long a transaction took that is durable now.
    pub(crate) fn observe_commit(&self, segment: &str, took: Duration) {
        self.commit_seconds.with_label_values(&[segment]).observe(took.as_secs_f64());
    }

    /// Counts records that a topic's broker acknowledged.
    pub(crate) fn count_written<'t>(&self, topics: impl Iterator<Item = &'t TopicName>) {
        for topic in topics {
            self.written.with_label_values(&[topic.as_str()]).inc();
        }
    }

    /// Counts what is not published because its topic does not take it.
    pub(crate) fn count_left_out(&self, topic: &TopicName) {
        self.left_out.with_label_values(&[topic.as_str()]).inc();
    }

    /// Tells whether a broker answers.
    pub(crate) fn set_broker_up(&self, broker: &str, is_up: bool) {
        self.broker_up.with_label_values(&[broker]).set(is_up.into());
    }

    /// Counts connections to a broker that were lost.
    pub(crate) fn count_lost_connections(&self, broker: &str, connections: u64) {
        self.connections_lost.with_label_values(&[broker]).inc_by(connections);
    }
}

fn counters_of(name: Name) -> IntCounterVec {
    IntCounterVec::new(name.opts(), name.labels()).expect("names and labels are such as Prometheus takes")
}

fn gauges(name: Name) -> IntGaugeVec {
    IntGaugeVec::new(name.opts(), name.labels()).expect("names and labels are such as Prometheus takes")
}

fn histograms(name: Name, up_to: &[f64]) -> HistogramVec {
    let opts = HistogramOpts::from(name.opts()).buckets(up_to.to_vec());
    HistogramVec::new(opts, name.labels()).expect("names and labels are such as Prometheus takes")
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, metric: C) -> C {
    registry.register(Box::new(metric.clone())).expect("each metric has a name of its own");
    metric
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn partition(number: u32) -> TopicPartition {
        TopicPartition { topic: TopicName::try_from("customer.created").unwrap(), partition: number }
    }

    #[test]
    fn what_is_told_of_a_partition_goes_with_it() {
        let metrics = Metrics::default();
        metrics.set_lag("intake", &partition(0), 3, 10);
        metrics.set_lag("intake", &partition(1), 10, 10);
        let lag =
            |number: u32| format!("syncline_lag_records{{partition=\"{number}\",segment=\"intake\",topic=\"customer.created\"}}");
        let text = metrics.render().unwrap();
        assert!(text.contains(&format!("{} 7\n", lag(0))) && text.contains(&format!("{} 0\n", lag(1))), "{text}");
        metrics.drop_lag("intake", &partition(0));
        metrics.drop_lag("intake", &partition(2));
        let text = metrics.render().unwrap();
        assert!(!text.contains(&lag(0)) && text.contains(&lag(1)), "{text}");
    }

    #[test]
    fn every_reason_is_there_before_the_first_dead_letter() {
        let text = Metrics::default().render().unwrap();
        for reason in schemas::Reason::ALL {
            assert!(text.contains(&format!("syncline_dead_letters_total{{reason=\"{}\"}} 0\n", reason.as_str())), "{text}");
        }
    }
}
