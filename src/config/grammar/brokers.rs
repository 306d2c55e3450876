//! The grammar below `brokers:`.

use super::{Key, Kind, Table, optional, required};
use crate::topics::fluvio;
use crate::topics::kafka::{Compression, Sasl};

/// `brokers:`, by kind.
pub(in super::super) const BROKERS: Table = Table {
    name: "`brokers`",
    keys: &[
        optional("fluvio", Kind::One(&FLUVIO), "A Fluvio cluster."),
        optional("kafka", Kind::One(&KAFKA), "An Apache Kafka cluster, or what speaks its protocol."),
        optional("local", Kind::One(&LOCAL), "Files on this machine: for development, tests and single machines."),
        optional("memory", Kind::One(&MEMORY), "This process's memory: gone when it ends."),
    ],
};

const fn kind_of(kind: &'static [&'static str]) -> Key {
    optional("kind", Kind::Choice(kind), "What kind of broker it is. May be left out where it is called so.")
}

/// `brokers.fluvio`
pub(in super::super) const FLUVIO: Table = Table {
    name: "the broker `fluvio`",
    keys: &[
        kind_of(&["fluvio"]),
        required("endpoint", Kind::Text, "Where the cluster's controller (SC) is: `host:port`."),
        optional("compression", Kind::Choice(fluvio::Compression::NAMES), "How records are compressed; `lz4` where left out."),
        optional(
            "replication",
            Kind::Integer { default: 1, min: 1, max: 32 },
            "On how many streaming units (SPUs) a topic is kept that is created here.",
        ),
        optional(
            "max_record",
            Kind::Size { default: "1MiB", min: 1 << 10, max: 1 << 29 },
            "The largest record that is written, with its key. The SPUs have a limit of their own, for what is left after compression.",
        ),
        optional(
            "read_ahead",
            Kind::Size { default: "64MiB", min: 1 << 20, max: 1 << 30 },
            "How much is fetched ahead of all partitions together, before it is unpacked; at least 256 KiB of each.",
        ),
        optional("tls", Kind::One(&FLUVIO_TLS), "Encryption, with a certificate of ours. Left out, in the clear."),
    ],
};

/// `brokers.fluvio.tls`
pub(in super::super) const FLUVIO_TLS: Table = Table {
    name: "`tls`",
    keys: &[
        required("domain", Kind::Text, "The name that the cluster's certificates are for; those of its SPUs for names below it."),
        required("ca_file", Kind::Text, "Certificates (PEM) that sign the cluster's own."),
        required("certificate_file", Kind::Text, "Our own certificate (PEM)."),
        required("key_file", Kind::Text, "The key of `certificate_file` (PEM)."),
    ],
};

/// `brokers.kafka`
pub(in super::super) const KAFKA: Table = Table {
    name: "the broker `kafka`",
    keys: &[
        kind_of(&["kafka"]),
        required("servers", Kind::Text, "Where the cluster is found first: `host:port`, several with commas."),
        optional("client_id", Kind::Text, "What the cluster's logs and quotas call this program; `syncline` where left out."),
        optional(
            "group",
            Kind::Text,
            "The consumer group whose members share the partitions: workers of this pipeline. Left out, one worker reads all partitions, and no stage can be `exactly_once`.",
        ),
        optional(
            "instance_id",
            Kind::Text,
            "This worker's own name in `group`: a restart within the session's timeout moves no partition. Left out, it has none.",
        ),
        optional("compression", Kind::Choice(Compression::NAMES), "How records are compressed; `lz4` where left out."),
        optional(
            "replication",
            Kind::Integer { default: 0, min: 0, max: 32 },
            "On how many brokers a topic is kept that is created here. 0: as many as the cluster does by itself.",
        ),
        optional(
            "max_record",
            Kind::Size { default: "1MiB", min: 1 << 10, max: 1 << 29 },
            "The largest record that is written, with its key and headers. The cluster and the topic have limits of their own.",
        ),
        optional(
            "read_ahead",
            Kind::Size { default: "64MiB", min: 1 << 20, max: 1 << 30 },
            "How much is fetched ahead of all partitions together, at least 64 KiB of each: what bounds the memory of reading.",
        ),
        optional("security", Kind::One(&KAFKA_SECURITY), "Encryption and identity. Left out, neither."),
        optional(
            "options",
            Kind::SettingsByName,
            "Any other setting of librdkafka, by its own name (its CONFIGURATION.md). Those that keep records from being lost are fixed.",
        ),
    ],
};

/// `brokers.kafka.security`
pub(in super::super) const KAFKA_SECURITY: Table = Table {
    name: "`security`",
    keys: &[
        optional("tls", Kind::Boolean { default: false }, "Whether the connection is encrypted."),
        optional("ca_file", Kind::Text, "Certificates (PEM) that sign the brokers' own. Left out, those that the system trusts."),
        optional("certificate_file", Kind::Text, "Our own certificate (PEM), where the brokers ask for one."),
        optional("key_file", Kind::Text, "The key of `certificate_file` (PEM)."),
        optional("key_password", Kind::Text, "What opens `key_file`. Better from a file: `${file:/run/secrets/key}`."),
        optional(
            "sasl",
            Kind::Choice(Sasl::MECHANISMS),
            "How we prove who we are: `oauthbearer` by `token_file`, the others by `username` and `password`.",
        ),
        optional("username", Kind::Text, "Who we are to the cluster."),
        optional("password", Kind::Text, "The password of `username`. Better from a file: `${file:/run/secrets/kafka}`."),
        optional(
            "token_file",
            Kind::Text,
            "A file with a token, which somebody else renews; it is read again before the token expires (`exp`, else every 4 min).",
        ),
    ],
};

/// `brokers.local`
pub(in super::super) const LOCAL: Table = Table {
    name: "the broker `local`",
    keys: &[
        kind_of(&["local"]),
        required(
            "dir",
            Kind::Text,
            "The folder that holds the topics, relative to this file. It is made when it does not exist.",
        ),
    ],
};

/// `brokers.memory`
pub(in super::super) const MEMORY: Table = Table { name: "the broker `memory`", keys: &[kind_of(&["memory"])] };
