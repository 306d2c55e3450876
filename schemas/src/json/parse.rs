//! One pass over a record's bytes: a tape of values, or the reason why there is none.

mod names;
mod scalars;

use super::{Kind, Limits, Malformed, Node, Tape};

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

impl Parser<'_> {
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
        self.unique_names(node, first_name)
    }
}

/// A text offset or node index: inputs over 4 GiB are refused before any is made.
pub(super) fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
