//! What keeps partitions of a reader from being read, while it is tried again and the others go on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::topics::TopicPartition;

/// The partitions in trouble, with why.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<BTreeMap<TopicPartition, String>>);

impl Troubles {
    /// Says that a partition cannot be read now, and why.
    pub(super) fn bad(&self, partition: &TopicPartition, why: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition.clone(), why);
    }

    /// Says that a partition is read.
    pub(super) fn good(&self, partition: &TopicPartition) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(partition);
    }

    /// Whether it is in trouble.
    pub(super) fn has(&self, partition: &TopicPartition) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(partition)
    }

    /// All of them.
    pub(super) fn all(&self) -> BTreeMap<TopicPartition, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why one is in trouble, where so many are.
    pub(super) fn of_all(&self, partitions: usize) -> Option<String> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.values().next().filter(|_| troubles.len() >= partitions).cloned()
    }
}
