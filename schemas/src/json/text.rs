//! The inside of strings: where they end, and what their escapes mean.

use std::borrow::Cow;

use super::{Node, Tape};

/// Decodes a string of the document.
pub(super) fn decoded(tape: &Tape, node: Node) -> Cow<'_, str> {
    let inner = &tape.text[node.start as usize + 1..node.end as usize - 1];
    if node.escaped { Cow::Owned(unescape(inner, char::REPLACEMENT_CHARACTER)) } else { Cow::Borrowed(inner) }
}

/// Decodes the escapes of a string that the parser accepted; a lone surrogate reads as U+FFFD, and a NUL as `nul`.
pub(super) fn unescape(inner: &str, nul: char) -> String {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|&byte| byte == b'\\') {
        out.push_str(&inner[at..at + step]);
        at += step;
        let (character, length) = match bytes[at + 1] {
            b'u' => unicode(&bytes[at..], nul),
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b't' => ('\t', 2),
            other => (char::from(other), 2),
        };
        out.push(character);
        at += length;
    }
    out.push_str(&inner[at..]);
    out
}

/// The character of the escape that `bytes` begins with, and the escape's length.
fn unicode(bytes: &[u8], nul: char) -> (char, usize) {
    let unit = hex(&bytes[2..6]);
    if (0xD800..0xDC00).contains(&unit) && bytes[6..].starts_with(b"\\u") {
        let low = hex(&bytes[8..12]);
        if (0xDC00..0xE000).contains(&low) {
            let point = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
        }
    }
    let character = if unit == 0 { nul } else { char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER) };
    (character, 6)
}

/// The number that hexadecimal digits write.
pub(super) fn hex(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |unit, &digit| unit * 16 + char::from(digit).to_digit(16).unwrap_or(0))
}

/// How many bytes stand before the first quote, backslash or control character. Eight are looked at together.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // The lowest bit that is set marks the first byte that is 0; above it, borrows may mark others.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & TOPS;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
        let found = quotes | backslashes | controls;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20).unwrap_or(rest.len())
}
