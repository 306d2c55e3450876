//! The names of all metrics, each with what it says and what it is labelled with.

use prometheus::Opts;

/// The labels of what is told of a partition.
const PARTITION: &[&str] = &["segment", "topic", "partition"];

/// A metric. Names begin with `syncline_` and carry their units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    BuildInfo,
    RecordsRead,
    ReadBytes,
    PositionOffset,
    EndOffset,
    LagRecords,
    Rebalances,
    CommitDuration,
    RecordsWritten,
    RecordsLeftOut,
    BrokerUp,
    ConnectionsLost,
    RecordsResolved,
    RowsWritten,
    ProfilesCreated,
    AlertTransitions,
    Retries,
    DeadLetters,
    Tolerated,
    Syncs,
}

impl Name {
    /// Its name without what all begin with, its labels, and what it says.
    fn of(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            Self::BuildInfo => ("build_info", &["version"], "1, labelled with the version of this process."),
            Self::RecordsRead => {
                ("records_read_total", PARTITION, "Records read from a partition, with those that were read again.")
            }
            Self::ReadBytes => ("read_bytes_total", PARTITION, "Bytes of the values of the records read from a partition."),
            Self::PositionOffset => {
                ("position_offset", PARTITION, "The offset below which a partition is processed and durable.")
            }
            Self::EndOffset => ("end_offset", PARTITION, "The offset that the next record of a partition will get."),
            Self::LagRecords => ("lag_records", PARTITION, "Offsets of a partition that are not yet processed and durable."),
            Self::Rebalances => ("rebalances_total", &["segment"], "Times that a group shared partitions out to a segment."),
            Self::CommitDuration => ("commit_duration_seconds", &["segment"], "How long a transaction of the sink took."),
            Self::RecordsWritten => ("records_written_total", &["topic"], "Records that the broker of a topic acknowledged."),
            Self::RecordsLeftOut => (
                "records_left_out_total",
                &["topic"],
                "Profiles and dead letters that are larger than their topic takes: they are in the tables only.",
            ),
            Self::BrokerUp => ("broker_up", &["broker"], "Whether a broker answers: 1 or 0."),
            Self::ConnectionsLost => {
                ("connections_lost_total", &["broker"], "Connections to a broker that were lost, or could not be made.")
            }
            Self::RecordsResolved => ("records_resolved_total", &[], "Records whose effects, or dead letter, are durable."),
            Self::RowsWritten => ("rows_written_total", &[], "Rows of profiles written, each time one was."),
            Self::ProfilesCreated => ("profiles_created_total", &[], "Profiles that did not exist before."),
            Self::AlertTransitions => ("alert_transitions_total", &[], "Alerts raised, updated, resolved."),
            Self::Retries => ("retries_total", &[], "Tries that failed and were repeated."),
            Self::DeadLetters => ("dead_letters_total", &["reason"], "Records that became dead letters, by reason."),
            Self::Syncs => ("syncs_total", &["what"], "What happened to syncs: one may be started and fail several times."),
            Self::Tolerated => ("tolerated_total", &["what"], "Imperfections of records that are tolerated, by what they are."),
        }
    }

    /// What it is labelled with, always the same and always bounded.
    pub(super) fn labels(self) -> &'static [&'static str] {
        self.of().1
    }

    /// What it is made of.
    pub(super) fn opts(self) -> Opts {
        let (name, _, help) = self.of();
        Opts::new(format!("syncline_{name}"), help)
    }
}
