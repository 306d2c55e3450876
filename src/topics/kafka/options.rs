//! What the pipeline file says of a Kafka cluster.
//!
//! People set what is here by name and with units; any other setting of librdkafka goes through `options` as it is, but for those
//! on which our guarantees rest ([`refusal`](super::refusal)).

use std::collections::BTreeMap;
use std::fmt;

use schemas::TopicName;

use super::security::Security;

/// A Kafka cluster, and how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `host:port`, several with commas: where the cluster is found first.
    pub servers: String,
    /// What the cluster's logs and quotas call this program.
    pub client_id: String,
    /// The group whose members share the partitions; `None`: there is none.
    pub group: Option<Group>,
    /// How batches are compressed on the wire and in the log.
    pub compression: Compression,
    /// On how many brokers a topic is kept that is created here; 0: as many as the cluster does by itself.
    pub replication: u32,
    /// The largest record that is written, in bytes, with its key and headers; 1 KiB to 1 GiB.
    pub max_record_bytes: u64,
    /// How much a reader fetches ahead, in bytes, of all of its partitions together.
    pub read_ahead_bytes: u64,
    /// Encryption and identity.
    pub security: Security,
    /// Other settings of librdkafka, by its names; none that [`refusal`](super::refusal) names.
    pub others: Others,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name on the cluster.
    pub id: String,
    /// What a worker is called that keeps its partitions while it is restarted (static membership); unique in the group.
    pub instance_id: Option<String>,
}

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// zlib: the widest known, and the slowest.
    Gzip,
    /// Fast.
    Snappy,
    /// Fast, and smaller than snappy.
    Lz4,
    /// The smallest.
    Zstd,
}

impl Compression {
    /// All of them, by the names that the file and librdkafka give them.
    pub const NAMES: &'static [&'static str] = &["none", "gzip", "snappy", "lz4", "zstd"];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
        Self::NAMES.iter().position(|known| *known == name).map(|at| all[at])
    }

    pub(super) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Settings by librdkafka's names. Values are never printed: some are passwords.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Others(pub BTreeMap<String, String>);

impl fmt::Debug for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a topic may be called on Kafka; see [`is_topic`].
pub const TOPIC_RULE: &str = "letters without accents, digits, `.`, `_` and `-`, at most 249 of them";

/// Whether a topic may have this name on Kafka.
#[must_use]
pub fn is_topic(name: &TopicName) -> bool {
    let name = name.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.len() <= 249 && name.chars().all(allowed) && !matches!(name, "." | "..")
}
