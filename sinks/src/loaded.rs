//! A reading of profiles that ends before it is too large.

use std::collections::HashMap;

use schemas::profile::Profile;
use schemas::store::Loaded;

/// What was loaded of these customers. Unless it is the `whole`, those that are not among it may exist: they are left.
pub(crate) fn portion(customers: &[String], profiles: HashMap<String, Profile>, whole: bool) -> Loaded {
    let left = customers.iter().filter(|customer| !whole && !profiles.contains_key(*customer)).cloned().collect();
    Loaded { profiles, left, ..Loaded::default() }
}
