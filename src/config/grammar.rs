//! The grammar of the pipeline file, as tables: the check walks them, and the editor's schema is written from them.

mod brokers;

pub(super) use self::brokers::{BROKERS, FLUVIO, FLUVIO_TLS, KAFKA, KAFKA_SECURITY, LOCAL, MEMORY};

/// A map with known keys.
pub(super) struct Table {
    /// What messages call it.
    pub(super) name: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a [`Table`].
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
    /// For people: one or two sentences, shown by editors.
    pub(super) summary: &'static str,
}

/// What stands below a key.
pub(super) enum Kind {
    /// The number 1.
    Version,
    Text,
    /// A [`Name`](NAME_RULE): of the pipeline, a stage, a sink.
    Name,
    /// An [identifier](IDENTIFIER_RULE) of SQL.
    Identifier {
        default: &'static str,
    },
    Boolean {
        default: bool,
    },
    Integer {
        default: u32,
        min: u32,
        max: u32,
    },
    /// A duration; the bound is in milliseconds.
    Duration {
        default: &'static str,
        max_ms: u64,
    },
    /// A size; bounds in bytes.
    Size {
        default: &'static str,
        min: u64,
        max: u64,
    },
    /// One of these.
    Choice(&'static [&'static str]),
    Texts,
    /// A map of texts.
    TextsByName,
    /// A map of texts, numbers and booleans, which another program reads.
    SettingsByName,
    One(&'static Table),
    /// A map by names that the file chooses, to one of the tables below the keys: that of the name, or the one that `kind` names.
    Brokers(&'static Table),
    List(&'static Table),
    /// Maps by names that the file chooses.
    ByName(&'static Table),
    /// The parameters of a step: as the catalogue says.
    Parameters,
    /// The name of a transform in the catalogue.
    Transform,
}

pub(super) const NAME_PATTERN: &str = "^[a-z][a-z0-9_-]{0,62}$";
pub(super) const NAME_RULE: &str = "lowercase letters, digits, `-` and `_`, beginning with a letter, at most 63 of them";
pub(super) const IDENTIFIER_PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_]{0,62}$";
pub(super) const IDENTIFIER_RULE: &str =
    "letters without accents, digits and `_`, not beginning with a digit, at most 63 of them";

/// Whether a text follows [`NAME_RULE`].
pub(super) fn is_name(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 63 && text.chars().all(rest)
}

/// Whether a text follows [`IDENTIFIER_RULE`].
pub(super) fn is_identifier(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.len() <= 63 && text.chars().all(rest)
}

const fn required(name: &'static str, kind: Kind, summary: &'static str) -> Key {
    Key { name, required: true, kind, summary }
}

const fn optional(name: &'static str, kind: Kind, summary: &'static str) -> Key {
    Key { name, required: false, kind, summary }
}

/// The whole file.
pub(super) const PIPELINE: Table = Table {
    name: "the pipeline",
    keys: &[
        required("version", Kind::Version, "The version of this grammar: 1."),
        required(
            "name",
            Kind::Name,
            "The pipeline's name. Part of ids and of stored positions: never rename it, or everything is read again.",
        ),
        optional("broker", Kind::Text, "The broker of topics that name none. May be left out where there is one broker only."),
        required(
            "brokers",
            Kind::Brokers(&BROKERS),
            "The brokers that topics may live on, each called by its kind, or by any name where `kind` says what it is.",
        ),
        required(
            "topics",
            Kind::ByName(&TOPIC),
            "Every topic that a stage reads or writes. A topic is the wire between stages; what is not declared does not exist.",
        ),
        required(
            "stages",
            Kind::List(&STAGE),
            "What happens to records: each stage reads topics, runs its steps, and writes topics.",
        ),
        required("sinks", Kind::ByName(&SINK), "The databases that stages store into, by name."),
    ],
};

/// A topic.
pub(super) const TOPIC: Table = Table {
    name: "a topic",
    keys: &[
        optional("schema", Kind::Text, "The JSON Schema (2020-12) of its payloads, a file relative to this one."),
        optional(
            "internal",
            Kind::Boolean { default: false },
            "Whether it never leaves the process: the stages on its two sides run as one. Remove the mark to split them over machines.",
        ),
        optional(
            "key",
            Kind::Text,
            "The member of each record's value that becomes its key. Needed where a stage with a store reads it.",
        ),
        optional(
            "partitions",
            Kind::Integer { default: 1, min: 1, max: 1024 },
            "How many partitions it gets where it does not exist yet.",
        ),
        optional("broker", Kind::Text, "The broker that it lives on, if not the pipeline's."),
    ],
};

/// A stage.
pub(super) const STAGE: Table = Table {
    name: "a stage",
    keys: &[
        required("name", Kind::Name, "Its name. Part of stored positions: never rename it, or its topics are read again."),
        required(
            "from",
            Kind::Texts,
            "The topics that it reads. `*` stands for any characters, and matches declared topics that the pipeline does not write.",
        ),
        required("steps", Kind::List(&STEP), "What is done to each record, in this order."),
        optional("to", Kind::Text, "The topic that records go to which leave the last step."),
        optional("on_reject", Kind::Text, "The topic on which its dead letters are published, besides the sink's table of them."),
        optional("store", Kind::One(&STORE), "Where a stage that merges records keeps its state."),
        optional(
            "lanes",
            Kind::Integer { default: 1, min: 1, max: 256 },
            "How many lanes work in parallel, by hash of the key. Order per key holds whatever the number.",
        ),
        optional(
            "rollout",
            Kind::Integer { default: 100, min: 0, max: 100 },
            "For how many percent of the customers its steps apply, but those that decode, validate and merge: what arrives is kept of all.",
        ),
        optional("batch", Kind::One(&BATCH), "How much is worked on at once: larger is faster, smaller is sooner."),
        optional(
            "exactly_once",
            Kind::Boolean { default: false },
            "Whether what it writes to topics, and how far it has read, is one transaction of Kafka. For a stage between topics of one cluster.",
        ),
    ],
};

/// A step of a stage.
pub(super) const STEP: Table = Table {
    name: "a step",
    keys: &[
        required("use", Kind::Transform, "The transform, one of `syncline list transforms`."),
        optional("if", Kind::Boolean { default: true }, "Whether the step runs. A step that does not is checked all the same."),
        optional("with", Kind::Parameters, "Its parameters. What is left out keeps its default."),
        optional("to", Kind::TextsByName, "The topic of each of its ports, for transforms that have some."),
        optional(
            "rollout",
            Kind::Integer { default: 100, min: 0, max: 100 },
            "For how many percent of the customers the step applies, always the same ones; for the others it is as if switched off.",
        ),
    ],
};

/// `store:` of a stage.
pub(super) const STORE: Table = Table {
    name: "`store`",
    keys: &[
        required("sink", Kind::Text, "The sink, one of `sinks`."),
        optional("changelog", Kind::Text, "The topic to which each changed row is published. May skip versions, never the last."),
    ],
};

/// `batch:` of a stage.
pub(super) const BATCH: Table = Table {
    name: "`batch`",
    keys: &[
        optional("records", Kind::Integer { default: 1000, min: 1, max: 100_000 }, "At most this many records."),
        optional("size", Kind::Size { default: "8MiB", min: 1 << 10, max: 1 << 30 }, "About this many bytes of values at most."),
        optional(
            "linger",
            Kind::Duration { default: "20ms", max_ms: 60_000 },
            "How long to wait for more records once there is one.",
        ),
    ],
};

/// A sink.
pub(super) const SINK: Table = Table {
    name: "a sink",
    keys: &[
        required("type", Kind::Choice(&["sql"]), "`sql`: PostgreSQL or SQLite, by its `url`."),
        required(
            "url",
            Kind::Text,
            "`postgres://user:password@host/database`, or `sqlite://path/to/file.db` relative to this file. Never printed whole.",
        ),
        optional("table", Kind::Identifier { default: "customer_detailed_profiles" }, "The table of the profiles."),
        optional("key", Kind::Identifier { default: "customer_id" }, "The column of that table that holds the customer's id."),
        optional("columns", Kind::TextsByName, "Renamed columns of that table: our name to the database's."),
        optional(
            "connections",
            Kind::Integer { default: 8, min: 1, max: 1000 },
            "Connections at most: one for each lane, and 2. Left out, there are enough.",
        ),
    ],
};
