//! The members that a schema names, to be looked up for every member of a payload.

use super::fields::Place;
use crate::json;

/// The members that a schema names.
#[derive(Debug)]
pub(super) struct Members {
    named: Vec<Member>,
    /// Open addressing: a member's index plus one, or 0, at its fingerprint or in one of the slots after it.
    slots: Box<[u32]>,
    /// How many of them must be there.
    pub(super) required: usize,
    /// Whether the schema has `properties`: members that it does not name are then unknown.
    pub(super) listed: bool,
}

/// A member that a schema names.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    /// The name's fingerprint.
    pub(super) fingerprint: u32,
    pub(super) required: bool,
    /// `None` where the schema says nothing of its value.
    pub(super) place: Option<Place>,
}

impl Members {
    /// The table of these members. `listed`: see [`Members::listed`].
    pub(super) fn new(named: Vec<Member>, listed: bool) -> Self {
        let mut slots = vec![0; (named.len() * 2).next_power_of_two().max(2)].into_boxed_slice();
        let mask = slots.len() - 1;
        for (index, member) in (1..).zip(&named) {
            let mut slot = member.fingerprint as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = index;
        }
        let required = named.iter().filter(|member| member.required).count();
        Self { named, slots, required, listed }
    }

    /// The member of a name that stands in no document.
    pub(super) fn named(&self, name: &str) -> Option<&Member> {
        self.named.iter().find(|member| member.name == name)
    }

    /// The member of that name.
    pub(super) fn find(&self, name: json::Name<'_>) -> Option<&Member> {
        let (print, mask) = (name.fingerprint(), self.slots.len() - 1);
        let mut slot = print as usize & mask;
        loop {
            let index = (self.slots[slot] as usize).checked_sub(1)?;
            let member = &self.named[index];
            if member.fingerprint == print && name.is(&member.name) {
                return Some(member);
            }
            slot = (slot + 1) & mask;
        }
    }
}
