//! What a cursor tells of the value that it stands on.

use std::borrow::Cow;

use bigdecimal::BigDecimal;

use super::{JsonRef, Kind, Node, fingerprint, index, text};

impl<'d> JsonRef<'d> {
    pub(super) fn node(self) -> Node {
        self.tape.nodes[self.at as usize]
    }

    /// What this value is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// The value's text, exactly as it stands in the document.
    #[must_use]
    pub fn text(self) -> &'d str {
        let node = self.node();
        &self.tape.text[node.start as usize..node.end as usize]
    }

    /// The byte offset of the value in its document.
    #[must_use]
    pub fn offset(self) -> usize {
        self.node().start as usize
    }

    /// The member of this object with that name; `None` where there is none or this is no object.
    #[must_use]
    pub fn get(self, name: &str) -> Option<JsonRef<'d>> {
        let print = fingerprint(name.as_bytes());
        self.members().find(|(key, _)| key.fingerprint() == print && key.is(name)).map(|(_, value)| value)
    }

    /// The value below a path of member names; array elements are named by their index.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<JsonRef<'d>> {
        path.iter().try_fold(self, |value, name| match value.kind() {
            Kind::Object => value.get(name),
            Kind::Array => index(name).and_then(|index| value.elements().nth(index)),
            _ => None,
        })
    }

    /// The value that a JSON Pointer (RFC 6901) names below this one.
    #[must_use]
    pub fn pointed(self, pointer: &str) -> Option<JsonRef<'d>> {
        if pointer.is_empty() {
            return Some(self);
        }
        let names: Vec<String> =
            pointer.strip_prefix('/')?.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
        self.at(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Members of an object, elements of an array; zero for scalars.
    #[must_use]
    pub fn len(self) -> usize {
        let node = self.node();
        if matches!(node.kind, Kind::Object | Kind::Array) { node.len as usize } else { 0 }
    }

    /// Whether this is a container without members or elements, or a scalar.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The string's characters, escapes decoded; `None` for other kinds.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        (self.kind() == Kind::String).then(|| text::decoded(self.tape, self.node()))
    }

    /// The string as it was sent, with the NULs that [`Json::parse`](super::Json::parse) replaced; `None` for other kinds.
    ///
    /// For those that judge what was sent. Everybody else wants [`JsonRef::as_str`].
    #[must_use]
    pub fn as_sent(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        let within = |nul: &&u32| (node.start..node.end).contains(nul);
        if node.kind != Kind::String || !self.tape.nuls.iter().any(|nul| within(&nul)) {
            return self.as_str();
        }
        let mut text = self.text().to_owned();
        for nul in self.tape.nuls.iter().filter(within) {
            let at = (nul - node.start) as usize;
            text.replace_range(at..at + 6, "\\u0000");
        }
        Some(Cow::Owned(text::unescape(&text[1..text.len() - 1], '\0')))
    }

    /// The number's digits as sent; `None` for other kinds.
    #[must_use]
    pub fn as_number(self) -> Option<&'d str> {
        (self.kind() == Kind::Number).then(|| self.text())
    }

    /// The number, exact; `None` for other kinds.
    #[must_use]
    pub fn as_decimal(self) -> Option<BigDecimal> {
        self.as_number()?.parse().ok()
    }

    /// The boolean; `None` for other kinds.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.text() == "true")
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }
}
