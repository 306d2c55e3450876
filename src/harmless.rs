//! Text from outside, made safe to show: whoever looks at a record must not be written to by it.
//!
//! A terminal obeys control characters: they move its cursor, set its title, hide what was printed before, answer as if typed.
//! C0 (`ESC [`) and C1 (`U+009B` alone) do so alike, and the controls of writing direction make a line read otherwise than it is.
//! Each is shown as an escape instead. The marks that Arabic and Hebrew texts are written with (`U+200E`, `U+200F`) are kept.

use std::borrow::Cow;

/// In one line: every control character as `\u{1b}`, the end of a line as `\n`.
pub(crate) fn in_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false, |c, out| out.extend(c.escape_default()))
}

/// In as many lines as it has: ends of lines and tabs are kept.
pub(crate) fn in_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'), |c, out| out.extend(c.escape_default()))
}

/// JSON, as other JSON of the same meaning: the characters stand in its strings only, where `\u009b` is the same.
pub(crate) fn in_json(json: &str) -> Cow<'_, str> {
    escaped(
        json,
        |c| matches!(c, '\n' | '\t'),
        |c, out| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        },
    )
}

/// Whether a terminal obeys the character, or shows another line because of it.
fn harms(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, kept: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let harms = |c: char| harms(c) && !kept(c);
    if !text.contains(harms) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harms(c) { escape(c, &mut out) } else { out.push(c) }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every character that a terminal may obey, C0, DEL, C1, and some that change the direction.
    fn harmful() -> impl Iterator<Item = char> {
        (0..0x20_u8).chain(0x7f..=0x9f).map(char::from).chain(['\u{2028}', '\u{202e}', '\u{2066}'])
    }

    #[test]
    fn no_byte_of_a_control_character_is_left() {
        for c in harmful() {
            let text = format!("é{c}]0;x");
            for shown in [in_one_line(&text), in_lines(&text), in_json(&text)] {
                let bytes: Vec<u8> = shown.bytes().filter(|byte| *byte < 0x20 || *byte == 0x7f).collect();
                assert!(!shown.contains(c) || matches!(c, '\n' | '\t'), "{c:?} in {shown:?}");
                assert!(bytes.iter().all(|byte| matches!(byte, b'\n' | b'\t')), "{shown:?}");
            }
            assert!(!in_one_line(&text).contains(c), "{c:?}");
        }
        assert_eq!(in_one_line("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
        assert_eq!(in_lines("a\r\n\tb\u{9b}2J"), "a\\r\n\tb\\u{9b}2J");
    }

    #[test]
    fn what_harms_nobody_stays_as_it_is() {
        let text = "Société Générale, مصرف \u{200f}الراجحي\u{200e}, 日本, \u{1f600}";
        for shown in [in_one_line(text), in_lines(text), in_json(text)] {
            assert!(matches!(shown, Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let value = serde_json::Value::String(harmful().collect());
        let json = value.to_string();
        let shown = in_json(&json);
        assert_ne!(shown, json);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
