//! The profiles that a lane wrote last, bounded in bytes: hot customers are not loaded again for each batch.
//!
//! What is cached may be out of date: every write checks the version that it was made from (`architecture.md`, rule 4).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use lru::LruCache;
use schemas::profile::{Computed, Outline, Profile};
use schemas::store::Row;

/// Profiles by customer, the least recently used going first.
#[derive(Debug)]
pub(super) struct Cache {
    profiles: LruCache<String, Profile>,
    size_bytes: usize,
    limit_bytes: usize,
}

impl Cache {
    /// An empty cache that holds at most about `limit_bytes`.
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { profiles: LruCache::unbounded(), size_bytes: 0, limit_bytes }
    }

    /// Copies of those that are here, and the names of those that are not.
    pub(super) fn take(&mut self, customers: HashSet<&str>) -> (HashMap<String, Profile>, Vec<String>) {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for customer in customers {
            match self.profiles.get(customer) {
                Some(profile) => {
                    found.insert(customer.to_owned(), profile.clone());
                }
                None => missing.push(customer.to_owned()),
            }
        }
        (found, missing)
    }

    /// Keeps a profile as it was written.
    pub(super) fn keep(&mut self, profile: Profile) {
        self.forget(&profile.customer_id);
        self.size_bytes += profile.size_bytes();
        self.profiles.put(profile.customer_id.clone(), profile);
        while self.size_bytes > self.limit_bytes {
            let Some((_, evicted)) = self.profiles.pop_lru() else { break };
            self.size_bytes = self.size_bytes.saturating_sub(evicted.size_bytes());
        }
    }

    /// Drops a profile that may be out of date.
    pub(super) fn forget(&mut self, customer: &str) {
        if let Some(profile) = self.profiles.pop(customer) {
            self.size_bytes = self.size_bytes.saturating_sub(profile.size_bytes());
        }
    }
}

/// The profile of a row that was written, as reading it would tell.
pub(super) fn as_stored(row: Row, written_at: DateTime<Utc>) -> Profile {
    let Row { mut profile, computed, rules_hash, .. } = row;
    profile.version += 1;
    profile.stored = outline(&computed, &rules_hash, written_at);
    profile
}

/// What the row's columns say now.
fn outline(computed: &Computed, rules_hash: &str, updated_at: DateTime<Utc>) -> Option<Outline> {
    Some(Outline {
        completeness: computed.completeness.percentage,
        rating: computed.rating?,
        conformity_score: computed.conformity.score,
        risk_level: computed.risk.as_ref().map(|risk| risk.level),
        admin_status: computed.attention.admin_status,
        rules_hash: rules_hash.to_owned(),
        updated_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_no_more_than_its_limit() {
        let limit = 10 * Profile::new("c-000").size_bytes();
        let mut cache = Cache::new(limit);
        for number in 0..100 {
            cache.keep(Profile::new(format!("c-{number:03}")));
            assert!(cache.size_bytes <= limit);
        }
        let (found, missing) = cache.take(HashSet::from(["c-000", "c-099"]));
        assert_eq!(found.into_keys().collect::<Vec<_>>(), ["c-099"]);
        assert_eq!(missing, ["c-000"]);
    }

    #[test]
    fn a_forgotten_profile_is_loaded_again() {
        let mut cache = Cache::new(1 << 20);
        cache.keep(Profile::new("c"));
        cache.forget("c");
        assert_eq!(cache.take(HashSet::from(["c"])).1, ["c"]);
        assert_eq!(cache.size_bytes, 0);
    }
}
