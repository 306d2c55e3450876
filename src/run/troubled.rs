//! Partitions that wait while the others of their reader are read: each is a part of [`Health`] of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::health::{Health, Part};
use crate::topics::TopicPartition;

/// The partitions of a reading that wait. When it ends, they do not wait any more.
#[derive(Debug)]
pub(super) struct Troubled {
    health: Arc<Health>,
    /// The part that reads, by its name in [`Health`].
    reading: String,
    parts: BTreeMap<TopicPartition, Part>,
}

impl Troubled {
    /// None yet.
    pub(super) fn none(health: &Arc<Health>, reading: &str) -> Self {
        Self { health: Arc::clone(health), reading: reading.to_owned(), parts: BTreeMap::new() }
    }

    /// Tells which wait now, and why; logs what is new.
    pub(super) fn tell(&mut self, troubles: BTreeMap<TopicPartition, String>) {
        let (health, reading) = (&self.health, &self.reading);
        self.parts.retain(|of, part| {
            let waits = troubles.contains_key(of);
            if !waits {
                tracing::info!(part = part.name(), "goes on");
            }
            waits
        });
        for (of, why) in troubles {
            let part = self.parts.entry(of).or_insert_with_key(|of| Part::new(health, format!("{reading}: {of}")));
            if health.bad(part.name(), why.clone()) {
                tracing::warn!(part = part.name(), why, "waiting; the other partitions are read");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::TopicName;

    use super::*;

    #[test]
    fn each_waits_on_its_own_until_it_goes_on_or_its_reading_ends() {
        let health = Arc::new(Health::default());
        health.connected(std::iter::empty());
        let at = |partition| TopicPartition { topic: TopicName::try_from("t").unwrap(), partition };
        let waits = |partitions: &[u32]| partitions.iter().map(|number| (at(*number), format!("why {number}"))).collect();
        let parts = || health.reasons().into_iter().collect::<Vec<_>>();
        let named = |number: u32| (format!("reading: t[{number}]"), format!("why {number}"));
        let mut troubled = Troubled::none(&health, "reading");
        troubled.tell(waits(&[1, 2]));
        assert_eq!(parts(), [named(1), named(2)]);
        troubled.tell(waits(&[2, 3]));
        assert_eq!(parts(), [named(2), named(3)]);
        troubled.tell(waits(&[]));
        assert_eq!(parts(), []);
        troubled.tell(waits(&[2]));
        drop(troubled);
        assert_eq!(parts(), []);
    }
}
