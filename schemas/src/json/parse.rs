//! One pass over a record's bytes: a tape of values, or the reason why there is none.

use std::borrow::Cow;
use std::collections::HashSet;

use super::number::{scientific_exponent, signed};
use super::text::{hex, plain_run, unescape};
use super::{Kind, Node, Tape, fingerprint};

/// Bounds on what is taken as JSON (spec/1 §5).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest value in bytes. Default 1 MiB.
    pub size_bytes: usize,
    /// The deepest nesting; the root object is level 1. Default 128.
    pub depth: usize,
    /// The greatest decimal exponent of a number, either way, in scientific notation. Default 308.
    pub exponent: i64,
    /// The longest number in bytes: longer than any that a 64-bit float prints exactly. Default 1,100.
    pub number_bytes: usize,
}

impl Limits {
    /// The bounds of the contract.
    pub const DEFAULT: Self = Self { size_bytes: 1 << 20, depth: 128, exponent: 308, number_bytes: 1_100 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why bytes are not a JSON value that we take, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct Malformed {
    /// What is wrong, in words for the person who reads the dead letter.
    pub what: String,
    /// The byte of the value at which it was found.
    pub offset: usize,
}

/// Objects with more members than this look for duplicate names through a set instead of comparing each with each.
const FEW_MEMBERS: usize = 48;

/// How much text there is to a node in the events of this contract, so that the tape seldom grows.
const BYTES_PER_NODE: usize = 9;

pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Tape, Malformed> {
    if bytes.len() > limits.size_bytes {
        return Err(malformed(
            format!("a value of {} bytes, over the limit of {}", bytes.len(), limits.size_bytes),
            limits.size_bytes,
        ));
    }
    if u32::try_from(bytes.len()).is_err() {
        return Err(malformed("a value over 4 GiB", 0));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| malformed("not UTF-8", error.valid_up_to()))?;
    let mut parser = Parser {
        text,
        bytes,
        at: 0,
        nodes: Vec::with_capacity(bytes.len() / BYTES_PER_NODE + 4),
        names: Vec::new(),
        repairs: Vec::new(),
        limits,
    };
    parser.blanks();
    parser.value(1)?;
    parser.blanks();
    if parser.at < bytes.len() {
        return Err(malformed("text after the end of the value", parser.at));
    }
    let Parser { nodes, repairs, .. } = parser;
    let nuls = repairs.iter().filter(|&&start| text[start..].starts_with("\\u0000")).map(|&start| index(start)).collect();
    Ok(Tape { text: repaired(text, &repairs), nodes, repairs: u32::try_from(repairs.len()).unwrap_or(u32::MAX), nuls })
}

/// `\u0000` and a lone `\ud800` are as long as `\ufffd`, so a repair moves nothing.
fn repaired(text: &str, repairs: &[usize]) -> String {
    let Some(&first) = repairs.first() else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    for (index, &start) in repairs.iter().enumerate() {
        out.push_str("\\ufffd");
        let next = repairs.get(index + 1).copied().unwrap_or(text.len());
        out.push_str(&text[start + 6..next]);
    }
    out
}

fn malformed(what: impl Into<String>, offset: usize) -> Malformed {
    Malformed { what: what.into(), offset }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// The fingerprints of the names of the objects that are open, the innermost last.
    names: Vec<u32>,
    /// Where each escape stands that is replaced by `\ufffd`.
    repairs: Vec<usize>,
    limits: &'t Limits,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, Malformed> {
        Err(malformed(what, self.at))
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Kind::Bool),
            Some(b'f') => self.word("false", Kind::Bool),
            Some(b'n') => self.word("null", Kind::Null),
            Some(_) => self.fail("not the beginning of a JSON value"),
            None => self.fail("the text ends where a value should be"),
        }
    }

    fn push(&mut self, kind: Kind, start: usize, escaped: bool) {
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node { start: index(start), end: index(self.at), next, kind, escaped, len: 0 });
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), Malformed> {
        let start = self.at;
        if !self.bytes[start..].starts_with(word.as_bytes()) {
            return self.fail("not the beginning of a JSON value");
        }
        self.at += word.len();
        self.push(kind, start, false);
        Ok(())
    }

    fn open(&mut self, kind: Kind, depth: usize) -> Result<usize, Malformed> {
        if depth > self.limits.depth {
            return self.fail(format!("nesting over {} levels", self.limits.depth));
        }
        let node = self.nodes.len();
        let start = self.at;
        self.at += 1;
        self.push(kind, start, false);
        self.blanks();
        Ok(node)
    }

    fn close(&mut self, node: usize, len: u32) {
        self.at += 1;
        let next = index(self.nodes.len());
        let container = &mut self.nodes[node];
        container.end = index(self.at);
        container.next = next;
        container.len = len;
    }

    fn array(&mut self, depth: usize) -> Result<(), Malformed> {
        let node = self.open(Kind::Array, depth)?;
        let mut len = 0;
        if self.peek() == Some(b']') {
            self.close(node, len);
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            len += 1;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.fail("an array goes on with , or ends with ]"),
            }
            self.blanks();
        }
        self.close(node, len);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        let node = self.open(Kind::Object, depth)?;
        let mut len = 0;
        if self.peek() == Some(b'}') {
            self.close(node, len);
            return Ok(());
        }
        let first_name = self.names.len();
        loop {
            self.name(node, first_name)?;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fail("a member's name is followed by :");
            }
            self.at += 1;
            self.blanks();
            self.value(depth + 1)?;
            len += 1;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.fail("an object goes on with , or ends with }"),
            }
            self.blanks();
        }
        self.close(node, len);
        let many = self.names.len() - first_name > FEW_MEMBERS;
        self.names.truncate(first_name);
        if many { self.unique_names(node) } else { Ok(()) }
    }

    /// A member's name. In an object of few members it is compared with those before it at once; see [`Parser::unique_names`].
    fn name(&mut self, object: usize, first_name: usize) -> Result<(), Malformed> {
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

    /// Refuses an object of many members that names one twice, in time that grows with their number only.
    fn unique_names(&self, object: usize) -> Result<(), Malformed> {
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

    fn string(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fail("a control character inside a string"),
                None => return self.fail("a string without an end"),
            }
        }
        self.at += 1;
        self.push(Kind::String, start, escaped);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at)?;
                let pair = (0xD800..0xDC00).contains(&unit)
                    && self.bytes[self.at + 6..].starts_with(b"\\u")
                    && (0xDC00..0xE000).contains(&self.unit(self.at + 6)?);
                if pair {
                    self.at += 12;
                    return Ok(());
                }
                if unit == 0 || (0xD800..0xE000).contains(&unit) {
                    self.repairs.push(self.at);
                }
                self.at += 6;
            }
            _ => return self.fail("an unknown escape"),
        }
        Ok(())
    }

    /// The UTF-16 code unit of the escape `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u32, Malformed> {
        let digits = self.bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err(malformed("\\u without four hexadecimal digits", at)) };
        Ok(hex(digits))
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let integer = self.digits();
        if integer.is_empty() {
            return self.fail("a number without digits");
        }
        if integer.len() > 1 && integer.starts_with('0') {
            return Err(malformed("a number with a leading zero", start));
        }
        let mut fraction = "";
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = self.digits();
            if fraction.is_empty() {
                return self.fail("a decimal point without digits after it");
            }
        }
        let mut exponent = 0;
        let plain = !matches!(self.peek(), Some(b'e' | b'E'));
        // Without an exponent, a number's size is less than the count of its digits.
        if plain && self.at - start <= self.limits.number_bytes && signed(self.at - start) <= self.limits.exponent {
            self.push(Kind::Number, start, false);
            return Ok(());
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            let negative = self.peek() == Some(b'-');
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            let digits = self.digits();
            if digits.is_empty() {
                return self.fail("an exponent without digits");
            }
            exponent = digits.parse::<i64>().unwrap_or(i64::MAX / 2);
            if negative {
                exponent = -exponent;
            }
        }
        if self.at - start > self.limits.number_bytes {
            return Err(malformed(format!("a number of {} characters", self.at - start), start));
        }
        if scientific_exponent(integer, fraction, exponent).is_some_and(|exponent| exponent.abs() > self.limits.exponent) {
            return Err(malformed(format!("a number whose exponent is beyond ±{}", self.limits.exponent), start));
        }
        self.push(Kind::Number, start, false);
        Ok(())
    }

    fn digits(&mut self) -> &'t str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }
}

/// A text offset or node index: inputs over 4 GiB are refused before any is made.
pub(super) fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// A key or string between its quotes, cut for a message.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
