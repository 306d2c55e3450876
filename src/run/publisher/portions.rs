//! Entries of the outbox as records, a bounded number of bytes at a time.

use schemas::store::{Outbound, OutboxEntry};
use schemas::{Header, Outgoing};

use crate::run::letter;

/// About how many bytes of values are sent at a time, and forgotten once they are acknowledged.
pub(super) const AT_ONCE_BYTES: usize = 4 << 20;

/// The entries in their order, cut so that the values of each portion have about [`AT_ONCE_BYTES`]: the one that passes it is the last.
pub(super) fn portions(entries: Vec<OutboxEntry>) -> Vec<Vec<OutboxEntry>> {
    let mut portions: Vec<Vec<OutboxEntry>> = Vec::new();
    let mut size_bytes = AT_ONCE_BYTES;
    for entry in entries {
        if size_bytes >= AT_ONCE_BYTES {
            portions.push(Vec::new());
            size_bytes = 0;
        }
        size_bytes += value_bytes(&entry);
        if let Some(portion) = portions.last_mut() {
            portion.push(entry);
        }
    }
    portions
}

fn value_bytes(entry: &OutboxEntry) -> usize {
    match &entry.what {
        Outbound::Effect(effect) => effect.value.len(),
        Outbound::Profile { value, .. } => value.len(),
        Outbound::DeadLetter(stored) => stored.letter.value.len(),
        Outbound::Gone { .. } => 0,
    }
}

/// The record of an entry; `None` where there is nothing to send. Its timestamp is when it is sent, not when its event happened: a topic
/// forgets records, and refuses some, by their timestamps.
pub(super) fn outgoing(pipeline: &str, entry: &OutboxEntry) -> Option<Outgoing> {
    let topic = entry.topic.clone();
    Some(match &entry.what {
        Outbound::Effect(effect) => Outgoing {
            topic,
            partition: None,
            key: Some(effect.key.clone().into_bytes()),
            value: effect.value.clone().into(),
            headers: effect.headers.clone(),
            timestamp: None,
        },
        Outbound::Profile { customer_id, value, .. } => Outgoing {
            topic,
            partition: None,
            key: Some(customer_id.clone().into_bytes()),
            value: value.clone().into(),
            headers: vec![content_type("application/json")],
            timestamp: None,
        },
        Outbound::DeadLetter(stored) => Outgoing {
            topic,
            partition: None,
            key: stored.letter.key.clone(),
            value: letter::published(pipeline, stored).into(),
            headers: vec![content_type("application/json")],
            timestamp: None,
        },
        Outbound::Gone { .. } => return None,
    })
}

fn content_type(value: &str) -> Header {
    Header { name: "content-type".into(), value: value.as_bytes().to_vec() }
}
