//! A section's content while overlays are laid over it: read once, opened along their paths alone, written once.

use crate::json::{Kind, Limits, Name, index};
use crate::{Json, JsonRef};

/// How many nulls an overlay may put between the end of an array and the element that it sets. Without a bound a few bytes of a
/// critical sync would make a section of any size.
const MAX_PADDING: usize = 100;

/// A section's content, or a summary's.
pub(super) struct Content<'d> {
    root: Node<'d>,
    /// Whether it is the lines of assets or stocks, which are an array whatever stood there.
    lines: bool,
    laid: bool,
}

/// A value of the content.
enum Node<'d> {
    /// Nothing; written as null.
    Nothing,
    /// A value as it stands in its document.
    Whole(JsonRef<'d>),
    Object(Vec<(Key<'d>, Node<'d>)>),
    Array(Vec<Node<'d>>),
}

/// A member's name.
enum Key<'d> {
    Sent(Name<'d>),
    New(&'d str),
}

impl<'d> Content<'d> {
    /// What an event wrote, if one did.
    pub(super) fn of(written: Option<&'d Json>, lines: bool) -> Self {
        let root = written.map_or(Node::Nothing, |written| Node::Whole(written.as_ref()));
        Self { root, lines, laid: false }
    }

    /// Lays one value over what is there.
    ///
    /// On its way it makes the containers that are missing, and takes the place of a scalar. It has no place, and does not show: below a
    /// name of an array that is no index, or one too far behind its end; where it would nest the content deeper than JSON is taken.
    pub(super) fn lay(&mut self, path: &'d [String], value: JsonRef<'d>) {
        if path.len() + levels(value) > Limits::DEFAULT.depth {
            return;
        }
        if let Some(first) = path.first().filter(|_| self.lines && !self.root.is_array()) {
            if !is_within(first, 0) {
                return;
            }
            self.root = Node::Array(Vec::new());
        }
        self.root.set(path, value);
        self.laid = true;
    }

    /// The content with all that was laid; `written` where nothing was. A null leaves nothing to read.
    pub(super) fn finish(self, written: Option<&Json>) -> Option<Json> {
        if !self.laid {
            return written.cloned();
        }
        let mut text = String::new();
        self.root.write(&mut text);
        match Json::parse_own(&text) {
            Ok(laid) => Some(laid).filter(|laid| !laid.as_ref().is_null()),
            // Two names that are one once they are written: no event and no critical sync brings such.
            Err(_) => written.cloned(),
        }
    }
}

impl<'d> Node<'d> {
    /// Recurses at most as deep as a path is long.
    fn set(&mut self, path: &'d [String], value: JsonRef<'d>) {
        let Some((name, below)) = path.split_first() else {
            *self = Self::Whole(value);
            return;
        };
        self.open(name);
        match self {
            Self::Array(elements) => {
                let Some(at) = index(name).filter(|_| is_within(name, elements.len())) else { return };
                if at >= elements.len() {
                    elements.resize_with(at + 1, || Self::Nothing);
                }
                elements[at].set(below, value);
            }
            Self::Object(members) => {
                let at = members.iter().position(|(key, _)| key.is(name)).unwrap_or_else(|| {
                    members.push((Key::New(name), Self::Nothing));
                    members.len() - 1
                });
                members[at].1.set(below, value);
            }
            Self::Nothing | Self::Whole(_) => {}
        }
    }

    /// Makes a container of it, to find or to put `name` in: what it holds, or an empty one.
    fn open(&mut self, name: &str) {
        let whole = match self {
            Self::Object(_) | Self::Array(_) => return,
            Self::Whole(whole) => Some(*whole),
            Self::Nothing => None,
        };
        *self = match whole.map(|whole| (whole, whole.kind())) {
            Some((whole, Kind::Array)) => Self::Array(whole.elements().map(Self::Whole).collect()),
            Some((whole, Kind::Object)) => {
                Self::Object(whole.members().map(|(name, member)| (Key::Sent(name), Self::Whole(member))).collect())
            }
            // Where nothing stands, a name that may be an index is one: the contract has arrays in plenty, and no member named by a number.
            _ if is_within(name, 0) => Self::Array(Vec::new()),
            _ => Self::Object(Vec::new()),
        };
    }

    fn is_array(&self) -> bool {
        match self {
            Self::Array(_) => true,
            Self::Whole(whole) => whole.kind() == Kind::Array,
            Self::Nothing | Self::Object(_) => false,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Nothing => out.push_str("null"),
            Self::Whole(value) => out.push_str(value.text()),
            Self::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, member)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    key.write(out);
                    out.push(':');
                    member.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl Key<'_> {
    fn is(&self, other: &str) -> bool {
        match self {
            Self::Sent(name) => name.is(other),
            Self::New(name) => *name == other,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Sent(name) => out.push_str(name.text()),
            Self::New(name) => out.push_str(&serde_json::Value::from(*name).to_string()),
        }
    }
}

/// Whether a name is an index into an array of that length, or not too far behind its end.
fn is_within(name: &str, length: usize) -> bool {
    index(name).is_some_and(|index| index <= length + MAX_PADDING)
}

/// How many containers a value nests; a scalar none. Recurses at most as deep as JSON is taken.
fn levels(value: JsonRef<'_>) -> usize {
    let inner = match value.kind() {
        Kind::Array => value.elements().map(levels).max(),
        Kind::Object => value.members().map(|(_, member)| levels(member)).max(),
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => return 0,
    };
    1 + inner.unwrap_or(0)
}
