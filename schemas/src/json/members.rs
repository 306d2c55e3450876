//! What stands in objects and arrays: names and values, in the order sent.

use std::borrow::Cow;

use super::{JsonRef, Kind, Node, Tape, text};

impl<'d> JsonRef<'d> {
    /// The members of an object, in the order sent; nothing for other kinds.
    #[must_use]
    pub fn members(self) -> Members<'d> {
        let node = self.node();
        let left = if node.kind == Kind::Object { node.len } else { 0 };
        Members { tape: self.tape, next: self.at + 1, left }
    }

    /// The elements of an array, in order; nothing for other kinds.
    #[must_use]
    pub fn elements(self) -> Elements<'d> {
        let node = self.node();
        let left = if node.kind == Kind::Array { node.len } else { 0 };
        Elements { tape: self.tape, next: self.at + 1, left }
    }
}

/// A member's name.
#[derive(Clone, Copy)]
pub struct Name<'d> {
    tape: &'d Tape,
    node: Node,
}

impl<'d> Name<'d> {
    /// Whether the name, escapes decoded, is this one.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        if self.node.escaped {
            return text::decoded(self.tape, self.node) == name;
        }
        // The quotes stand at both ends.
        &self.tape.text[self.node.start as usize + 1..self.node.end as usize - 1] == name
    }

    /// See [`super::fingerprint`].
    pub(crate) fn fingerprint(self) -> u32 {
        self.node.len
    }

    /// The name's characters, escapes decoded.
    #[must_use]
    pub fn as_str(self) -> Cow<'d, str> {
        text::decoded(self.tape, self.node)
    }

    /// The name's text with its quotes, as it stands in the document.
    #[must_use]
    pub fn text(self) -> &'d str {
        &self.tape.text[self.node.start as usize..self.node.end as usize]
    }
}

/// Iterates over an object's members.
pub struct Members<'d> {
    tape: &'d Tape,
    next: u32,
    left: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = (Name<'d>, JsonRef<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = Name { tape: self.tape, node: self.tape.nodes[self.next as usize] };
        let value = JsonRef { tape: self.tape, at: self.next + 1 };
        self.next = value.node().next;
        Some((name, value))
    }
}

/// Iterates over an array's elements.
pub struct Elements<'d> {
    tape: &'d Tape,
    next: u32,
    left: u32,
}

impl<'d> Iterator for Elements<'d> {
    type Item = JsonRef<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let value = JsonRef { tape: self.tape, at: self.next };
        self.next = value.node().next;
        Some(value)
    }
}
