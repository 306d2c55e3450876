//! What a run did, counted as it goes: for the summary at its end, progress bars, and the tests.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemas::store::SyncStage;
use schemas::{Reason, Tolerated};

/// Counters of one run. All only grow.
#[derive(Debug, Default)]
pub struct Counters {
    read: AtomicU64,
    read_bytes: AtomicU64,
    resolved: AtomicU64,
    rows: AtomicU64,
    created: AtomicU64,
    transitions: AtomicU64,
    written_out: AtomicU64,
    published: AtomicU64,
    commits: AtomicU64,
    retries: AtomicU64,
    rejects: [AtomicU64; Reason::ALL.len()],
    syncs: [AtomicU64; SyncStage::ALL.len()],
    numeric_strings: AtomicU64,
    unknown_fields: AtomicU64,
    unparsed_dates: AtomicU64,
    unlisted_values: AtomicU64,
    replaced_characters: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Records read from input topics.
    pub records_read: u64,
    /// Bytes of their values.
    pub bytes_read: u64,
    /// Records whose effects, or dead letter, are durable.
    pub records_resolved: u64,
    /// Profile rows written, each time one was.
    pub rows_written: u64,
    /// Profiles that did not exist before.
    pub profiles_created: u64,
    /// Alerts raised, updated, resolved.
    pub alert_transitions: u64,
    /// Records written to topics by stages without a store.
    pub records_written: u64,
    /// Records that the outbox's publisher sent and the broker acknowledged.
    pub records_published: u64,
    /// Transactions.
    pub commits: u64,
    /// Tries that failed and were repeated.
    pub retries: u64,
    /// Dead letters by reason; reasons without any are left out.
    pub dead_letters: std::collections::BTreeMap<&'static str, u64>,
    /// What happened to syncs; what never did is left out.
    pub syncs: std::collections::BTreeMap<&'static str, u64>,
    /// Numbers that came as strings.
    pub numeric_strings: u64,
    /// Fields that the contract does not name.
    pub unknown_fields: u64,
    /// Dates that do not parse.
    pub unparsed_dates: u64,
    /// Texts outside the known ones of an open set.
    pub unlisted_values: u64,
    /// NULs and lone surrogates that became U+FFFD.
    pub replaced_characters: u64,
}

impl Counters {
    pub(super) fn count_read(&self, records: usize, bytes: usize) {
        self.read.fetch_add(records as u64, Relaxed);
        self.read_bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn count_tolerated(&self, tolerated: Tolerated) {
        self.numeric_strings.fetch_add(tolerated.numeric_strings.into(), Relaxed);
        self.unknown_fields.fetch_add(tolerated.unknown_fields.into(), Relaxed);
        self.unparsed_dates.fetch_add(tolerated.unparsed_dates.into(), Relaxed);
        self.unlisted_values.fetch_add(tolerated.unlisted_values.into(), Relaxed);
        self.replaced_characters.fetch_add(tolerated.replaced_characters.into(), Relaxed);
    }

    pub(super) fn count_resolved(&self, records: usize) {
        self.resolved.fetch_add(records as u64, Relaxed);
    }

    pub(super) fn count_written_out(&self, records: usize) {
        self.written_out.fetch_add(records as u64, Relaxed);
    }

    pub(super) fn count_published(&self, records: usize) {
        self.published.fetch_add(records as u64, Relaxed);
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// Counts what a durable batch wrote.
    pub(super) fn count_commit(&self, batch: &schemas::store::Batch) {
        self.commits.fetch_add(1, Relaxed);
        self.rows.fetch_add(batch.rows.len() as u64, Relaxed);
        self.created.fetch_add(batch.rows.iter().filter(|row| row.profile.version == 0).count() as u64, Relaxed);
        self.transitions.fetch_add(batch.alerts.len() as u64, Relaxed);
        for letter in &batch.dead_letters {
            self.rejects[letter.reason as usize].fetch_add(1, Relaxed);
        }
        for entry in batch.syncs.iter().flat_map(|syncs| &syncs.entries) {
            self.syncs[entry.what as usize].fetch_add(1, Relaxed);
        }
    }

    /// The counters now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let by_reason = Reason::ALL.iter().map(|reason| (reason.as_str(), self.rejects[*reason as usize].load(Relaxed)));
        let by_stage = SyncStage::ALL.iter().map(|stage| (stage.as_str(), self.syncs[*stage as usize].load(Relaxed)));
        Counts {
            records_read: self.read.load(Relaxed),
            bytes_read: self.read_bytes.load(Relaxed),
            records_resolved: self.resolved.load(Relaxed),
            rows_written: self.rows.load(Relaxed),
            profiles_created: self.created.load(Relaxed),
            alert_transitions: self.transitions.load(Relaxed),
            records_written: self.written_out.load(Relaxed),
            records_published: self.published.load(Relaxed),
            commits: self.commits.load(Relaxed),
            retries: self.retries.load(Relaxed),
            dead_letters: by_reason.filter(|(_, count)| *count > 0).collect(),
            syncs: by_stage.filter(|(_, count)| *count > 0).collect(),
            numeric_strings: self.numeric_strings.load(Relaxed),
            unknown_fields: self.unknown_fields.load(Relaxed),
            unparsed_dates: self.unparsed_dates.load(Relaxed),
            unlisted_values: self.unlisted_values.load(Relaxed),
            replaced_characters: self.replaced_characters.load(Relaxed),
        }
    }
}
