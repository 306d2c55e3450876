//! The names of an object's members: none may stand there twice.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Parser, malformed};
use crate::json::text::unescape;
use crate::json::{Malformed, Node, fingerprint};

/// Objects with more members than this look for duplicate names through a set instead of comparing each with each.
const FEW_MEMBERS: usize = 48;

impl Parser<'_> {
    /// A member's name. In an object of few members it is compared with those before it at once; see [`Parser::unique_names`].
    pub(super) fn name(&mut self, object: usize, first_name: usize) -> Result<(), Malformed> {
        if self.peek() != Some(b'"') {
            return self.fail("a member begins with its name in quotes");
        }
        let node = self.nodes.len();
        self.string()?;
        let name = self.nodes[node];
        let print = fingerprint(self.decoded(name).as_bytes());
        self.nodes[node].len = print;
        let before = &self.names[first_name..];
        if before.len() < FEW_MEMBERS && before.contains(&print) {
            let own = self.decoded(name);
            if self.names_before(object, before.len()).any(|other| self.decoded(other) == own) {
                return self.twice(name);
            }
        }
        self.names.push(print);
        Ok(())
    }

    /// The names of an object's first members.
    fn names_before(&self, object: usize, len: usize) -> impl Iterator<Item = Node> {
        let mut at = object + 1;
        (0..len).map(move |_| {
            let name = self.nodes[at];
            at = self.nodes[at + 1].next as usize;
            name
        })
    }

    /// Parsers disagree on which of two members of one name counts.
    fn twice(&self, name: Node) -> Result<(), Malformed> {
        let text = self.decoded(name);
        Err(malformed(format!("the member {:?} stands twice in one object", shortened(&text)), name.start as usize))
    }

    /// Ends the names of an object. Refuses one of many members that names one twice, in time that grows with their number only.
    pub(super) fn unique_names(&mut self, object: usize, first_name: usize) -> Result<(), Malformed> {
        let many = self.names.len() - first_name > FEW_MEMBERS;
        self.names.truncate(first_name);
        if !many {
            return Ok(());
        }
        let len = self.nodes[object].len as usize;
        let mut seen = HashSet::with_capacity(len);
        match self.names_before(object, len).find(|&name| !seen.insert(self.decoded(name))) {
            Some(name) => self.twice(name),
            None => Ok(()),
        }
    }

    /// A name as it will read once repaired: two names that differ only in what is replaced are one.
    fn decoded(&self, node: Node) -> Cow<'_, str> {
        let inner = &self.text[node.start as usize + 1..node.end as usize - 1];
        if node.escaped { Cow::Owned(unescape(inner, char::REPLACEMENT_CHARACTER)) } else { Cow::Borrowed(inner) }
    }
}

/// A key or string between its quotes, cut for a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
