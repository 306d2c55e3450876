//! What the engine and a sink hand to each other: rows and effects to write, positions, leases, the outbox.
//!
//! `architecture.md`, rules 4 to 7, are the law here: one transaction writes everything of a [`Batch`], or nothing.

mod admin;
mod backfill;
mod critical;
mod dead_letter;
mod syncs;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::profile::{AlertTransition, Computed, Profile, SectionSet, View};
use crate::{Header, TopicName};

pub use admin::{AdminAct, Administrator};
pub use backfill::{Backfill, ProfileFilter, Walked};
pub use critical::{ChangeStatus, CriticalChange, Ruling, StoredChange};
pub use syncs::{SyncEntry, SyncStage, Syncs};

pub use dead_letter::{DeadLetter, DeadLetterFilter, PUBLISHED_LETTER_BYTES, StoredDeadLetter};

/// A profile to write: what events made of it, and what the rules compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The profile; its `version` is the one that was read, its `alerts` those to store.
    pub profile: Profile,
    /// Its sections with the overlays over them: what the section columns show.
    pub view: View,
    /// The sections that the stored row of this version shows already: a store need not write their columns.
    pub unchanged: SectionSet,
    /// What the rules computed of it.
    pub computed: Computed,
    /// The id of the event with the latest stamp.
    pub last_event_id: Option<Arc<str>>,
    /// What ties the row to the event that changed it last (spec/1 §1).
    pub correlation_id: Option<Arc<str>>,
    /// The hash of the rules that computed it.
    pub rules_hash: Arc<str>,
}

/// A change of a value that dashboards follow over time.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// The customer.
    pub customer_id: String,
    /// The row's version that the change made; with `field`, unique per customer.
    pub version: i64,
    /// `completeness`, `compliance_rating`, `conformity_score`, `risk_level` or `admin_status`.
    pub field: &'static str,
    /// The value before; `None` for a new profile or an absent value.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// The event that the change is owed to.
    pub event_id: Option<Arc<str>>,
}

/// A small record written with the rows and published afterwards (`architecture.md`, rule 7).
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Deterministic; unique in the outbox. The CloudEvent's id.
    pub id: String,
    /// The topic.
    pub topic: TopicName,
    /// The key: the customer.
    pub key: String,
    /// The record's bytes.
    pub value: Vec<u8>,
    /// The record's headers.
    pub headers: Vec<Header>,
    /// When what it tells of happened: the event time.
    pub timestamp: DateTime<Utc>,
}

/// A partition of a topic, on a segment's side of a pipeline: what positions and leases are kept for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assigned {
    /// The segment: its first stage's name.
    pub segment: String,
    /// The broker cluster, by its name under `brokers:`.
    pub broker: String,
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: u32,
}

/// How far a partition is processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub of: Assigned,
    /// The offset below which every record is resolved.
    pub offset: u64,
    /// Which topic of that name it is an offset of, as the broker tells topics apart that were made one after the other under one name;
    /// `None` where it does not.
    pub incarnation: Option<Arc<str>>,
}

/// A partition that this process owns, under the epoch of its claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The partition.
    pub of: Assigned,
    /// Raised by every claim; a commit under an older one is refused.
    pub epoch: i64,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// All partitions are ours.
    Granted(Vec<Lease>),
    /// Somebody else holds one of them; none was taken.
    Held {
        /// Which.
        of: Assigned,
        /// Who, as it named itself.
        owner: String,
        /// Until when, in database time, unless renewed.
        expires_at: DateTime<Utc>,
    },
}

/// What a batch needs from the store before it can be merged.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The profiles that exist, by customer, with their syncs; and customers without a profile that have syncs.
    pub profiles: HashMap<String, Profile>,
    /// Those of the asked event ids whose effects are stored already.
    pub seen: HashSet<String>,
    /// The asked customers that were not looked at, because the others' profiles are large: to be asked for again, once those are done
    /// with.
    pub left: HashSet<String>,
}

/// Everything that one transaction writes.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Profiles, each customer once; the sink sorts them by key.
    pub rows: Vec<Row>,
    /// What happened to alerts: customer, transition; in order.
    pub alerts: Vec<(String, AlertTransition)>,
    /// Changes of the followed values.
    pub history: Vec<HistoryEntry>,
    /// Critical syncs.
    pub critical_changes: Vec<CriticalChange>,
    /// What administrators decided over critical syncs that are stored already.
    pub rulings: Vec<Ruling>,
    /// What administrators did.
    pub acts: Vec<AdminAct>,
    /// Events whose effects must happen once: ids.
    pub seen: Vec<String>,
    /// Syncs that came, went on, or ended: each customer once.
    pub syncs: Vec<Syncs>,
    /// Records that could not be processed.
    pub dead_letters: Vec<DeadLetter>,
    /// Records to publish, in order.
    pub effects: Vec<Effect>,
    /// The topic that changed profiles are published to; `None`: nowhere.
    pub changelog: Option<TopicName>,
    /// How far the batch brings each partition.
    pub positions: Vec<Position>,
    /// The leases under which it is written; all must still hold.
    pub leases: Vec<Lease>,
    /// The time that rows are stamped with.
    pub now: DateTime<Utc>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// All of it is durable.
    Durable,
    /// Nothing was written: these rows are not the ones that were read. Merge over what is stored now, and write again.
    Stale(Vec<String>),
}

/// What the publisher is to send next.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// The outbox's own number; entries are sent in its order.
    pub seq: i64,
    /// Where to, and which key.
    pub topic: TopicName,
    /// What to send.
    pub what: Outbound,
}

/// The kinds of outbox entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Outbound {
    /// A record with its payload.
    Effect(Effect),
    /// The profile of a customer as it stands now, as JSON, with the version that it has; deleted only if that is the version sent.
    Profile {
        /// The customer.
        customer_id: String,
        /// The version.
        version: i64,
        /// The profile as the sink stores it (camelCase JSON).
        value: String,
    },
    /// A dead letter; of its value the first [`PUBLISHED_LETTER_BYTES`].
    DeadLetter(Box<StoredDeadLetter>),
    /// A profile or a dead letter whose row is gone: there is nothing to send. Deleted unless the row is there again.
    Gone {
        /// The version that the entry announces; `None` of a dead letter.
        version: Option<i64>,
    },
}
