//! Dead letters of a batch, ready to be written.

use std::collections::BTreeMap;

use schemas::store::DeadLetter;

/// The letters in the order of their ids, the first one of each: a record of which several parts were refused is one dead letter, tried
/// once. All who write letters lock their rows in this order.
pub(crate) fn each_once(letters: &[DeadLetter]) -> Vec<&DeadLetter> {
    let mut by_id = BTreeMap::new();
    for letter in letters {
        by_id.entry(letter.id).or_insert(letter);
    }
    by_id.into_values().collect()
}
