//! JSON as it was sent: a parsed document that keeps its text.
//!
//! A [`Json`] is a cheap handle (an `Arc` and an index) to one value inside an immutable document. Numbers keep the digits that
//! were sent, so an integer beyond 2^53 and a decimal with trailing zeros reach the sink unchanged; a sub-value's text is a slice
//! of the document's, so keeping a section costs no serialisation. Bad input (spec/1 §5) is found while parsing: bytes that are not
//! UTF-8, text that is not JSON, duplicate keys, nesting over 128 levels, exponents beyond ±308.
//!
//! Why not a library's tree: none keeps numbers as sent, finds duplicate keys, and takes lone surrogates as data in one pass
//! (`docs/adr/0002-json-document.md`).

mod canonical;
mod cursor;
mod edit;
mod limits;
mod members;
mod number;
mod parse;
mod present;
#[cfg(test)]
mod tests;
mod text;
mod validate;

use std::fmt;
use std::sync::Arc;

pub use canonical::{canonical, normalised};
pub use edit::Edit;
pub use limits::{Limits, Malformed};
pub use members::{Elements, Members, Name};
pub(crate) use number::{as_double, is_integer};
pub use validate::Document;
pub(crate) use validate::judged;

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, as sent.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// One value of a document: where its text stands, and where the value after it begins.
///
/// An object's members follow it as key (a string node), value, key, value; `next` skips the whole subtree.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    next: u32,
    kind: Kind,
    /// A string that holds an escape, and must be decoded before use.
    escaped: bool,
    /// Members of an object, elements of an array; the [`fingerprint`] of a member's name.
    len: u32,
}

/// A number that equal names share and others seldom do: names are compared by it before they are compared byte for byte.
///
/// Reads the length and at most the first and last eight bytes.
pub(crate) fn fingerprint(name: &[u8]) -> u32 {
    let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (name.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}

/// The place in an array that a name means (RFC 6901 §4): `0`, or digits that begin with another; no sign, no zeros before.
pub(crate) fn index(name: &str) -> Option<usize> {
    let canonical = name == "0" || (name.bytes().all(|byte| byte.is_ascii_digit()) && !name.starts_with('0'));
    if canonical { name.parse().ok() } else { None }
}

/// A parsed text. Immutable; shared by the handles into it.
#[derive(Debug)]
struct Tape {
    text: String,
    nodes: Vec<Node>,
    /// How many NULs and lone surrogates were replaced.
    repairs: u32,
    /// Where a NUL was replaced: the text there reads `\ufffd`.
    nuls: Vec<u32>,
}

/// A handle to one JSON value that owns (a share of) its document. Cloning is a reference count.
#[derive(Clone)]
pub struct Json {
    tape: Arc<Tape>,
    at: u32,
}

/// A borrowed cursor on one JSON value; as cheap to copy as a reference.
#[derive(Clone, Copy)]
pub struct JsonRef<'d> {
    tape: &'d Tape,
    at: u32,
}

impl Json {
    /// Parses one record's bytes.
    ///
    /// NUL characters and lone surrogates in strings are replaced by U+FFFD and counted in [`Json::repairs`]: the record is not
    /// lost (spec/1 §5).
    ///
    /// # Errors
    ///
    /// [`Malformed`], with the byte offset, when the bytes are not one JSON value within `limits`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Malformed> {
        parse::parse(bytes, limits).map(|tape| Self { tape: Arc::new(tape), at: 0 })
    }

    /// Parses text that this program wrote itself, such as a stored section: without the limits on sizes and numbers.
    ///
    /// A database may give a number back in longer notation than it was sent in, and a sum may pass what one number may.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when somebody else changed it.
    pub fn parse_own(text: &str) -> Result<Self, Malformed> {
        let depth = Limits::default().depth;
        let limits = Limits { size_bytes: usize::MAX, depth, exponent: i64::MAX, number_bytes: usize::MAX };
        Self::parse(text.as_bytes(), &limits)
    }

    /// Makes a document of a value that serde can write.
    ///
    /// # Panics
    ///
    /// Never for our own types: their maps have string keys and their numbers are finite.
    #[must_use]
    pub fn from_serialize<T: serde::Serialize>(value: &T) -> Self {
        let text = serde_json::to_string(value).expect("our own types serialise: string keys, finite numbers");
        Self::parse_own(&text).expect("serde_json writes JSON")
    }

    /// The cursor on this value.
    #[must_use]
    pub fn as_ref(&self) -> JsonRef<'_> {
        JsonRef { tape: &self.tape, at: self.at }
    }

    /// A handle to a value inside the same document.
    ///
    /// `inner` must come from this handle's document; one from another document would name an unrelated value.
    #[must_use]
    pub fn share(&self, inner: JsonRef<'_>) -> Self {
        debug_assert!(std::ptr::eq(Arc::as_ptr(&self.tape), inner.tape), "a cursor of another document");
        Self { tape: Arc::clone(&self.tape), at: inner.at }
    }

    /// How many NULs and lone surrogates were replaced while parsing the document.
    #[must_use]
    pub fn repairs(&self) -> u32 {
        self.tape.repairs
    }

    /// The JSON Pointer (RFC 6901) of this value in its document: empty for the root.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        let mut value = JsonRef { tape: &self.tape, at: 0 };
        let holds = |inner: &JsonRef<'_>| inner.at <= self.at && self.at < inner.node().next;
        while value.at != self.at {
            let member = value.members().find(|(_, inner)| holds(inner));
            let element = || value.elements().enumerate().find(|(_, inner)| holds(inner));
            pointer.push('/');
            value = match member {
                Some((name, inner)) => {
                    pointer.push_str(&name.as_str().replace('~', "~0").replace('/', "~1"));
                    inner
                }
                None => match element() {
                    Some((index, inner)) => {
                        pointer.push_str(&index.to_string());
                        inner
                    }
                    // A member's name: no handle is made to one.
                    None => break,
                },
            };
        }
        pointer
    }

    /// Approximate heap size, for caches that are bounded in bytes. Counts the whole document.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.tape.text.len() + self.tape.nodes.len() * size_of::<Node>()
    }
}

impl fmt::Debug for JsonRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// Equal when their texts are: byte for byte, not by JSON's meaning. See [`canonical()`] for that.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref().text() == other.as_ref().text()
    }
}

impl Eq for Json {}

/// Writes the text as it stands: a section goes into a larger document without being parsed again.
impl serde::Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        serde_json::value::RawValue::from_string(self.as_ref().text().to_owned()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let raw: Box<serde_json::value::RawValue> = serde::Deserialize::deserialize(deserializer)?;
        Self::parse_own(raw.get()).map_err(D::Error::custom)
    }
}
