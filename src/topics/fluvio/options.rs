//! What the pipeline file says of a Fluvio cluster.

use std::fmt;
use std::path::PathBuf;

use fluvio::FluvioClusterConfig;
use fluvio::config::{TlsPaths, TlsPolicy};

/// A Fluvio cluster, and how to talk to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// `host:port` of its streaming controller (SC), which says where the rest is.
    pub endpoint: String,
    /// How batches are compressed on the wire and in the log.
    pub compression: Compression,
    /// On how many streaming units (SPUs) a topic is kept that is created here; 1 or more.
    pub replication: u32,
    /// The largest record that is written, in bytes, with its key; 1 KiB to 512 MiB.
    pub max_record_bytes: u64,
    /// About how much a reader fetches ahead, in bytes, of all of its partitions together.
    pub read_ahead_bytes: u64,
    /// Encryption, with a certificate of ours; `None`: in the clear.
    pub tls: Option<Tls>,
}

/// How batches are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// zlib: the slowest.
    Gzip,
    /// Fast.
    Snappy,
    /// Fast, and smaller than snappy.
    Lz4,
    /// The smallest.
    Zstd,
}

impl Compression {
    /// All of them, by the names that the file gives them.
    pub const NAMES: &'static [&'static str] = &["none", "gzip", "snappy", "lz4", "zstd"];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
        Self::NAMES.iter().position(|known| *known == name).map(|at| all[at])
    }

    /// The same, as Fluvio's client calls it.
    pub(super) fn codec(self) -> fluvio::Compression {
        match self {
            Self::None => fluvio::Compression::None,
            Self::Gzip => fluvio::Compression::Gzip,
            Self::Snappy => fluvio::Compression::Snappy,
            Self::Lz4 => fluvio::Compression::Lz4,
            Self::Zstd => fluvio::Compression::Zstd,
        }
    }
}

/// Encryption by TLS, both sides with certificates: Fluvio's client has it no other way that verifies anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// The name that the certificates of the cluster are for; those of its SPUs for names below it.
    pub domain: String,
    /// Certificates (PEM) that the cluster's own must come from.
    pub ca_file: PathBuf,
    /// Our certificate (PEM).
    pub certificate_file: PathBuf,
    /// Its key (PEM).
    pub key_file: PathBuf,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("domain", &self.domain).field("ca_file", &self.ca_file).finish_non_exhaustive()
    }
}

impl Options {
    /// The same, as Fluvio's client wants it.
    pub(super) fn of_client(&self) -> FluvioClusterConfig {
        let config = FluvioClusterConfig::new(&self.endpoint);
        match &self.tls {
            None => config,
            Some(tls) => config.with_tls(TlsPolicy::from(TlsPaths {
                domain: tls.domain.clone(),
                key: tls.key_file.clone(),
                cert: tls.certificate_file.clone(),
                ca_cert: tls.ca_file.clone(),
            })),
        }
    }

    /// The most that one fetch of a partition returns, in bytes, where so many are read together. Up to four of them are in memory:
    /// in the socket, unpacked, handed over, and waiting to be returned.
    pub(super) fn fetch_bytes(&self, partitions: usize) -> u32 {
        const LEAST: u64 = 64 << 10;
        const MOST: u64 = 1 << 20;
        let share = self.read_ahead_bytes / (4 * partitions.max(1) as u64);
        u32::try_from(share.clamp(LEAST, MOST)).unwrap_or(u32::MAX)
    }
}
