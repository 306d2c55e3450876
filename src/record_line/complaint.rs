//! What a parser finds wrong with a line, in words for who wrote the line.

use serde_json::error::Category;

/// What a line must be.
const RECORD: &str = r#"{"topic": "orders", "value": 1}"#;

/// How much of a line is quoted, in characters.
const QUOTED: usize = 40;

/// What is wrong with the line, and the byte at which it is, from 1, where one can be named.
pub(super) fn of(text: &str, error: &serde_json::Error) -> (Option<usize>, String) {
    let blanks = text.len() - text.trim_start().len();
    let rest = &text[blanks..];
    if rest.starts_with('\u{feff}') {
        let what = "a byte order mark, which may stand at the beginning of a file only: remove it";
        return (Some(blanks + 1), what.into());
    }
    if !rest.starts_with('{') {
        return (Some(blanks + 1), format!("no JSON object: expected a record, such as {RECORD}, found {}", quoted(rest)));
    }
    match error.classify() {
        Category::Io | Category::Data => ((error.column() > 0).then(|| error.column()), without_place(error)),
        Category::Eof => {
            let what = "no JSON: the line ends inside it; is it cut, or is it an object over several lines?";
            (Some(text.len() + 1), what.into())
        }
        Category::Syntax => {
            let what = without_place(error);
            let (from, found) = found(text, error.column(), what == "expected ident");
            let what = match what.as_str() {
                "expected value" | "expected ident" => format!("no JSON: expected a value, found {}", quoted(found)),
                "trailing characters" => format!("more than one JSON object: behind it stands {}", quoted(found)),
                what => format!("no JSON: {what}, found {}", quoted(found)),
            };
            (Some(from + 1), what)
        }
    }
}

/// Where the text begins at which parsing ended, and that text. A word is taken whole, also where it is one that was broken off.
fn found(text: &str, column: usize, in_word: bool) -> (usize, &str) {
    let mut at = column.saturating_sub(1).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
    if in_word || text[at..].starts_with(word) {
        at = text[..at].trim_end_matches(word).len();
    }
    (at, &text[at..])
}

/// The beginning of a text, as it is written.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// serde_json writes the place behind its message, as a line of its own text.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => message,
    }
}
