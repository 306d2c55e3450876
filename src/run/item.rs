//! What a lane is to make durable, and how a group of it is taken apart.

use std::collections::HashSet;
use std::sync::Arc;

use schemas::{Outgoing, Raw, Record, Reject};

use super::tracker::Ticket;

/// One output of a record that was read.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) raw: Arc<Raw>,
    pub(super) ticket: Arc<Ticket>,
    pub(super) what: Work,
}

/// The three ways in which a record ends.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// It is folded into a profile.
    Keyed(Record),
    /// It goes to a topic.
    Output(Outgoing),
    /// It becomes a dead letter, by the stage at this place.
    Dead(usize, Reject),
}

impl Item {
    /// The record, if it is folded into a profile.
    pub(super) fn record(&self) -> Option<&Record> {
        match &self.what {
            Work::Keyed(record) => Some(record),
            Work::Output(_) | Work::Dead(..) => None,
        }
    }
}

/// The customers that the group is about, as often as its records name them.
pub(super) fn keys(group: &[Item]) -> impl Iterator<Item = &str> {
    group.iter().filter_map(Item::record).filter_map(|record| record.key.as_deref())
}

fn key_of(item: &Item) -> &str {
    item.record().and_then(|record| record.key.as_deref()).unwrap_or_default()
}

/// Whether the item is about one of these customers.
pub(super) fn waits(item: &Item, left: &HashSet<String>) -> bool {
    item.record().and_then(|record| record.key.as_deref()).is_some_and(|customer| left.contains(customer))
}

/// The second half of a group and its first: cut between two customers as near to the middle as can be; inside one customer, in the
/// middle.
pub(super) fn halves(mut group: Vec<Item>) -> [Vec<Item>; 2] {
    group.sort_by(|left, right| key_of(left).cmp(key_of(right)));
    let middle = group.len() / 2;
    let boundary = |at: &usize| key_of(&group[*at - 1]) != key_of(&group[*at]);
    let at = (1..group.len()).filter(boundary).min_by_key(|at| at.abs_diff(middle)).unwrap_or(middle);
    let second = group.split_off(at);
    [second, group]
}
