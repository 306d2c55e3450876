//! What Prometheus reads at `/metrics` (spec/4 §3).
//!
//! Names begin with `syncline_` and carry their units. Labels are what the pipeline file names (segments, topics with their partitions,
//! brokers), and reasons: never anything of a record, so there are as many series for a million customers as for one.

mod totals;

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder};
use schemas::{Fault, FaultKind, TopicName};

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

const PARTITION: [&str; 3] = ["segment", "topic", "partition"];

impl Default for Metrics {
    /// Nothing has happened yet.
    fn default() -> Self {
        let registry = Registry::new();
        let counters = Arc::new(Counters::default());
        registered(&registry, Totals::of(Arc::clone(&counters)));
        let built = registered(&registry, gauges("build_info", "1, labelled with the version of this process.", &["version"]));
        built.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let counted = |name, help, labels: &[&str]| registered(&registry, counters_of(name, help, labels));
        let measured = |name, help, labels: &[&str]| registered(&registry, gauges(name, help, labels));
        Self {
            partitions: Partitions {
                read: counted(
                    "records_read_total",
                    "Records read from a partition, with those that were read again.",
                    &PARTITION,
                ),
                read_bytes: counted("read_bytes_total", "Bytes of the values of the records read from a partition.", &PARTITION),
                position: measured("position_offset", "The offset below which a partition is processed and durable.", &PARTITION),
                end: measured("end_offset", "The offset that the next record of a partition will get.", &PARTITION),
                lag: measured("lag_records", "Offsets of a partition that are not yet processed and durable.", &PARTITION),
            },
            rebalances: counted("rebalances_total", "Times that a group shared partitions out to a segment.", &["segment"]),
            commit_seconds: registered(
                &registry,
                histograms("commit_duration_seconds", "How long a transaction of the sink took.", &["segment"], &COMMIT_SECONDS),
            ),
            written: counted("records_written_total", "Records that the broker of a topic acknowledged.", &["topic"]),
            left_out: counted(
                "records_left_out_total",
                "Profiles and dead letters that are larger than their topic takes: they are in the tables only.",
                &["topic"],
            ),
            broker_up: measured("broker_up", "Whether a broker answers: 1 or 0.", &["broker"]),
            connections_lost: counted(
                "connections_lost_total",
                "Connections to a broker that were lost, or could not be made.",
                &["broker"],
            ),
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

fn named(name: &str) -> String {
    format!("syncline_{name}")
}

fn counters_of(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(named(name), help), labels).expect("names and labels are such as Prometheus takes")
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(named(name), help), labels).expect("names and labels are such as Prometheus takes")
}

fn histograms(name: &str, help: &str, labels: &[&str], up_to: &[f64]) -> HistogramVec {
    let opts = HistogramOpts::new(named(name), help).buckets(up_to.to_vec());
    HistogramVec::new(opts, labels).expect("names and labels are such as Prometheus takes")
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
