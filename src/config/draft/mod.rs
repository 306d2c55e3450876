//! The file as it was written: a tree in which every node knows its place. Nothing is expanded, typed or checked here.

mod parse;

use std::ops::Range;

pub(super) use parse::parse;

/// Where something stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes of the text. Of a map or a list below a key, the key's.
    pub(super) span: Range<usize>,
    /// JSON Pointer.
    pub(super) pointer: String,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) content: Content,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A text that has no type yet.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) style: Style,
    /// Whether it was read from a file, and must not be shown.
    pub(super) secret: bool,
}

/// How a scalar came to be; what it may be typed as follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes: typed by its text.
    Plain,
    /// In quotes, or a block: a text.
    Quoted,
    /// Of `${}`: typed by its text, but a text too where one is wanted, as nobody can quote inside an environment.
    Expanded,
}

/// A member of a map.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Of the name.
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Node {
    /// How many nodes there are from here down.
    fn size(&self) -> usize {
        1 + match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => items.iter().map(Self::size).sum(),
            Content::Map(members) => members.iter().map(|member| member.value.size()).sum(),
        }
    }

    fn moved(mut self, pointer: &str) -> Self {
        let from = self.place.pointer.len();
        self.repoint(pointer, from);
        self
    }

    fn repoint(&mut self, pointer: &str, from: usize) {
        let moved = |place: &mut Place| place.pointer = format!("{pointer}{}", &place.pointer[from..]);
        moved(&mut self.place);
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(items) => items.iter_mut().for_each(|item| item.repoint(pointer, from)),
            Content::Map(members) => members.iter_mut().for_each(|member| {
                moved(&mut member.place);
                member.value.repoint(pointer, from);
            }),
        }
    }

    /// Takes in what stands below the same key once more: of two maps the members that are new; of anything else nothing.
    fn join(&mut self, other: Self) {
        let (Content::Map(members), Content::Map(others)) = (&mut self.content, other.content) else { return };
        for other in others {
            match members.iter_mut().find(|member| member.name == other.name) {
                Some(member) => member.value.join(other.value),
                None => members.push(other),
            }
        }
    }

    /// The members of a map; none of anything else.
    pub(super) fn members(&self) -> &[Member] {
        match &self.content {
            Content::Map(members) => members,
            Content::Scalar(_) | Content::List(_) => &[],
        }
    }

    /// The value of that name in a map.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The node at a path of member names and list indices; the deepest that exists on the way.
    pub(super) fn nearest<'n>(&'n self, path: &[String]) -> &'n Self {
        let mut node = self;
        for name in path {
            let below = match &node.content {
                Content::Scalar(_) => None,
                Content::List(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
                Content::Map(members) => members.iter().find(|member| member.name == *name).map(|member| &member.value),
            };
            match below {
                Some(below) => node = below,
                None => break,
            }
        }
        node
    }
}
