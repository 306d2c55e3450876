//! Whether the process is fit to work: what `/health/ready` answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The troubles at this moment, by the part that has them. No part in trouble: ready.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<String, String>>);

impl Health {
    fn troubles(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a part is in trouble, and why. Returns whether that is news.
    pub fn bad(&self, part: &str, why: impl Into<String>) -> bool {
        self.troubles().insert(part.to_owned(), why.into()).is_none()
    }

    /// Says that a part is well. Returns whether that is news.
    pub fn good(&self, part: &str) -> bool {
        self.troubles().remove(part).is_some()
    }

    /// The parts in trouble, with why.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<String, String> {
        self.troubles().clone()
    }
}
