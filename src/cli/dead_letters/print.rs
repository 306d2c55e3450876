//! Dead letters as text for people, and as JSON Lines for programs.
//!
//! What came from outside is shown without control characters, in either form: JSON says the same in escapes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use comfy_table::{Table, presets};
use schemas::store::StoredDeadLetter;
use schemas::{Reason, Violation};
use serde_json::{Value, json};

use crate::cli::format::Format;
use crate::cli::summary::grouped;
use crate::harmless::{in_json, in_lines, in_one_line};

/// How much of the first violation a row of the list shows, in characters.
const WRONG_CHARACTERS: usize = 90;

/// Prints a list. `counts` are those of all that there are, shown or not.
pub(super) fn list(
    letters: &[StoredDeadLetter],
    counts: &BTreeMap<Reason, u64>,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == Format::Json {
        return letters.iter().try_for_each(|stored| writeln!(out, "{}", in_json(&summary(stored).to_string())));
    }
    let all: u64 = counts.values().sum();
    if all == 0 {
        return writeln!(out, "no dead letters");
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["id", "reason", "origin", "first seen", "what is wrong"]);
    for stored in letters {
        let letter = &stored.letter;
        let seen = stored.first_seen.format("%Y-%m-%d %H:%M:%S").to_string();
        let wrong = wrong(&letter.violations);
        table.add_row([letter.id.to_string(), letter.reason.to_string(), letter.origin.to_string(), seen, wrong]);
    }
    writeln!(out, "{table}")?;
    for (reason, count) in counts {
        writeln!(out, "{reason}: {}", grouped(*count))?;
    }
    let shown = letters.len() as u64;
    let more = if shown < all { "; --limit shows more" } else { "" };
    writeln!(out, "{} of {} shown{more}", grouped(shown), grouped(all))
}

/// The first violation, and how many more there are.
fn wrong(violations: &[Violation]) -> String {
    let Some((first, others)) = violations.split_first() else { return String::new() };
    let said = format!("{} {}", first.pointer, first.message);
    let said = in_one_line(said.trim());
    let mut wrong: String = said.chars().take(WRONG_CHARACTERS).collect();
    if wrong.len() < said.len() {
        wrong.push_str("...");
    }
    if !others.is_empty() {
        wrong.push_str(&format!(" (and {} more)", grouped(others.len() as u64)));
    }
    wrong
}

fn summary(stored: &StoredDeadLetter) -> Value {
    let letter = &stored.letter;
    json!({
        "id": letter.id, "reason": letter.reason, "stage": letter.stage, "topic": letter.origin.topic,
        "partition": letter.origin.partition, "offset": letter.origin.offset, "firstSeen": stored.first_seen,
        "attempts": stored.attempts, "errors": letter.violations,
    })
}

/// Prints one letter whole.
pub(super) fn one(stored: &StoredDeadLetter, format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        return writeln!(out, "{}", in_json(&whole(stored).to_string()));
    }
    let letter = &stored.letter;
    writeln!(out, "id          {}", letter.id)?;
    writeln!(out, "reason      {}", letter.reason)?;
    writeln!(out, "stage       {}", letter.stage)?;
    writeln!(out, "origin      {}", letter.origin)?;
    writeln!(out, "timestamp   {}", letter.timestamp.to_rfc3339())?;
    writeln!(out, "first seen  {}", stored.first_seen.to_rfc3339())?;
    writeln!(out, "attempts    {}", stored.attempts)?;
    if let Some(key) = &letter.key {
        writeln!(out, "key         {}", in_one_line(&String::from_utf8_lossy(key)))?;
    }
    for header in &letter.headers {
        let value = String::from_utf8_lossy(&header.value);
        writeln!(out, "header      {}: {}", in_one_line(&header.name), in_one_line(&value))?;
    }
    for violation in &letter.violations {
        let pointer = if violation.pointer.is_empty() { "/" } else { &violation.pointer };
        writeln!(out, "wrong       {} {}", in_one_line(pointer), in_one_line(&violation.message))?;
        if !violation.rule.is_empty() {
            writeln!(out, "  rule      {}", violation.rule)?;
        }
    }
    match std::str::from_utf8(&letter.value) {
        Ok(text) => writeln!(out, "value       {}", in_lines(text)),
        Err(_) => writeln!(out, "value (base64) {}", BASE64.encode(&letter.value)),
    }
}

fn whole(stored: &StoredDeadLetter) -> Value {
    let letter = &stored.letter;
    let mut json = summary(stored);
    json["timestamp"] = json!(letter.timestamp);
    json["key"] = letter.key.as_deref().map_or(Value::Null, |key| String::from_utf8_lossy(key).into());
    json["headers"] = letter.headers.iter().map(|header| json!([header.name, BASE64.encode(&header.value)])).collect();
    match std::str::from_utf8(&letter.value) {
        Ok(text) => json["value"] = text.into(),
        Err(_) => json["valueBase64"] = BASE64.encode(&letter.value).into(),
    }
    json
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use schemas::store::DeadLetter;
    use schemas::{Origin, TopicName};

    use super::*;

    fn stored(value: &[u8]) -> StoredDeadLetter {
        let letter = DeadLetter {
            id: uuid::Uuid::from_u128(7),
            stage: "intake".into(),
            reason: Reason::Schema,
            violations: vec![Violation { pointer: "/a".into(), rule: String::new(), message: "\u{1b}[2J is no number".into() }],
            origin: Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 3 },
            key: Some(vec![b'k', 7]),
            headers: Vec::new(),
            value: value.to_vec(),
            timestamp: chrono::DateTime::UNIX_EPOCH,
            publish_to: None,
        };
        let size_bytes = letter.value.len() as u64;
        StoredDeadLetter { letter, first_seen: chrono::DateTime::UNIX_EPOCH, attempts: 1, size_bytes }
    }

    fn text(print: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_list_counts_all_that_there_are() {
        let counts = BTreeMap::from([(Reason::Schema, 1_200), (Reason::Time, 1)]);
        let said = text(|out| list(&[stored(b"1")], &counts, Format::Text, out));
        assert!(said.ends_with("schema: 1 200\ntime: 1\n1 of 1 201 shown; --limit shows more\n"), "{said}");
        let counts = BTreeMap::from([(Reason::Schema, 1)]);
        assert!(text(|out| list(&[stored(b"1")], &counts, Format::Text, out)).ends_with("schema: 1\n1 of 1 shown\n"));
        assert_eq!(text(|out| list(&[], &BTreeMap::new(), Format::Text, out)), "no dead letters\n");
        assert_eq!(text(|out| list(&[], &BTreeMap::new(), Format::Json, out)), "");
    }

    #[test]
    fn a_row_says_how_much_it_leaves_out() {
        let violation = |message: &str| Violation { pointer: "/a".into(), rule: String::new(), message: message.into() };
        assert_eq!(wrong(&[]), "");
        assert_eq!(wrong(&[violation("is no number")]), "/a is no number");
        assert_eq!(
            wrong(&[violation("is no number"), violation("is late"), violation("is odd")]),
            "/a is no number (and 2 more)"
        );
        assert_eq!(wrong(&[violation(&"x".repeat(200))]), format!("/a {}...", "x".repeat(WRONG_CHARACTERS - 3)));
    }

    #[test]
    fn no_record_writes_to_the_terminal() {
        let said = text(|out| one(&stored("{\n\t\"é\": \u{1b}]0;x\u{7}}".as_bytes()), Format::Text, out));
        assert!(said.contains("value       {\n\t\"é\": \\u{1b}]0;x\\u{7}}\n"), "{said}");
        assert!(said.contains("wrong       /a \\u{1b}[2J is no number\n") && said.contains("key         k\\u{7}\n"), "{said}");
        let said = text(|out| list(&[stored(b"")], &BTreeMap::from([(Reason::Schema, 1)]), Format::Text, out));
        assert!(said.contains("/a \\u{1b}[2J is no number"), "{said}");
    }

    #[test]
    fn json_keeps_what_it_may_not_show() {
        let value = "\u{9b}2J\u{7f}\u{202e}";
        let said = text(|out| one(&stored(value.as_bytes()), Format::Json, out));
        assert!(!said.contains(['\u{9b}', '\u{7f}', '\u{202e}', '\u{1b}']), "{said}");
        assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["value"], value);
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_in_base64() {
        assert!(text(|out| one(&stored(&[255]), Format::Text, out)).ends_with("value (base64) /w==\n"));
        let json: Value = serde_json::from_str(&text(|out| one(&stored(&[255]), Format::Json, out))).unwrap();
        assert_eq!((&json["valueBase64"], json.get("value")), (&json!("/w=="), None));
    }
}
