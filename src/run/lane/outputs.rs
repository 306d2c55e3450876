//! What a lane writes to topics, and what becomes of a record that a topic or the store does not take.

use schemas::{Fault, FaultKind, Reaction, Reason, Reject};

use super::super::item::{Item, Work};
use super::Lane;

impl Lane {
    /// Writes what goes to topics, in order. Where a topic does not take a record, the batch is halved until that is found; what it was
    /// made of becomes a dead letter.
    pub(super) async fn write_outputs(&self, items: Vec<Item>) -> Result<Vec<Item>, Fault> {
        let mut written = Vec::with_capacity(items.len());
        let mut groups = vec![items];
        while let Some(group) = groups.pop() {
            let outputs = group.iter().filter_map(|item| match &item.what {
                Work::Output(outgoing) => Some(outgoing.clone()),
                Work::Keyed(_) | Work::Dead(..) => None,
            });
            match self.segment.write_out(&self.part, outputs.collect()).await {
                Ok(()) => written.extend(group),
                Err(fault) if fault.reaction() == Reaction::Bisect => match <[Item; 1]>::try_from(group) {
                    Ok([item]) => written.push(self.refused(item, &fault)?),
                    Err(mut first) => {
                        let second = first.split_off(first.len() / 2);
                        groups.extend([second, first]);
                    }
                },
                Err(fault) => return Err(fault),
            }
        }
        Ok(written)
    }

    /// The dead letter that a record becomes which the store or a topic refuses.
    pub(super) fn refused(&self, item: Item, fault: &Fault) -> Result<Item, Fault> {
        if matches!(item.what, Work::Dead(..)) {
            return Err(Fault::new(FaultKind::Bug, format!("a dead letter of {} is refused: {fault}", item.raw.origin)));
        }
        let reject = Reject::new(Reason::Store, "", fault.to_string());
        Ok(Item { what: Work::Dead(self.segment.store_stage_index(), reject), ..item })
    }
}
