//! Findings as text for people, and as JSON for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::error::{Finding, Severity};
use crate::harmless::{in_lines, in_one_line};

/// Widest excerpt of a line, in characters; a longer one is cut around its marked part.
const EXCERPT_WIDTH: usize = 120;

/// Findings as text, one below the other with an empty line between: message, file:line:column, the line with the part that is
/// meant underlined, the cause, the help. `colours` are those of a terminal.
#[must_use]
pub fn text(findings: &[Finding], colours: bool) -> String {
    findings.iter().map(|finding| one(finding, &Paint { colours })).collect::<Vec<_>>().join("\n")
}

/// Findings as a JSON array of `{severity, message, file, line, column, pointer, cause, help}`; cause and help may be null.
#[must_use]
pub fn json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        let (line, column) = finding.line_and_column();
        json!({
            "severity": finding.severity().as_str(),
            "message": finding.message(),
            "file": finding.file(),
            "line": line,
            "column": column,
            "pointer": finding.pointer(),
            "cause": finding.reason(),
            "help": finding.advice(),
        })
    };
    findings.iter().map(one).collect()
}

/// Findings as a SARIF 2.1.0 log of one run (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>). Lines and columns count from 1;
/// columns count Unicode characters.
#[must_use]
pub fn sarif(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        let notes = [Some(finding.message()), finding.reason(), finding.advice()];
        let mut location = json!({"artifactLocation": {"uri": finding.file().replace('\\', "/")}});
        if finding.has_text() {
            let (line, column) = finding.line_and_column();
            let end = column + finding.marked().max(1);
            location["region"] = json!({"startLine": line, "startColumn": column, "endColumn": end});
        }
        json!({
            "ruleId": "pipeline",
            "level": finding.severity().as_str(),
            "message": {"text": notes.into_iter().flatten().collect::<Vec<_>>().join("\n")},
            "locations": [{"physicalLocation": location, "logicalLocations": [{"fullyQualifiedName": finding.pointer()}]}],
        })
    };
    let about = "The pipeline file can run, and does what it seems to.";
    let rules = json!([{"id": "pipeline", "shortDescription": {"text": about}}]);
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "syncline", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(one).collect::<Value>(),
        }],
    })
}

fn one(finding: &Finding, paint: &Paint) -> String {
    let (line, column) = finding.line_and_column();
    let gutter = " ".repeat(line.to_string().len());
    let (excerpt, marks) = excerpt(finding.line(), column - 1, finding.marked());
    let severity = finding.severity();
    let mut out = format!("{}: {}\n", paint.severity(severity), paint.bold(&in_lines(finding.message())));
    // Writing to a string cannot fail.
    let mut add = |line: std::fmt::Arguments<'_>| {
        let _ = writeln!(out, "{}", std::fmt::format(line).trim_end());
    };
    if finding.has_text() {
        add(format_args!("{gutter}{} {}:{line}:{column}", paint.dim("-->"), in_one_line(finding.file())));
        add(format_args!("{gutter} {}", paint.dim("|")));
        add(format_args!("{} {excerpt}", paint.dim(&format!("{line} |"))));
        add(format_args!("{gutter} {} {}", paint.dim("|"), paint.marks(&marks, severity)));
    } else {
        // Of a file that is empty, or cannot be read, no line can be shown.
        add(format_args!("{gutter}{} {}", paint.dim("-->"), in_one_line(finding.file())));
    }
    let notes = [("cause", finding.reason()), ("help", finding.advice())];
    for (name, note) in notes.into_iter().filter_map(|(name, note)| Some((name, note?))) {
        let indented = in_lines(note).replace('\n', &format!("\n{gutter}   {}", " ".repeat(name.len() + 2)));
        add(format_args!("{gutter} {} {}: {indented}", paint.dim("="), paint.bold(name)));
    }
    out
}

/// The character, or what stands for it in an excerpt: the carets below count columns.
fn in_one_column(c: char) -> char {
    match c {
        '\t' => ' ',
        c if in_one_line(c.encode_utf8(&mut [0; 4])).chars().eq([c]) => c,
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The line, cut to a readable width, and the carets below it. `from` and `marked` count characters.
fn excerpt(line: &str, from: usize, marked: usize) -> (String, String) {
    let characters: Vec<char> = line.chars().map(in_one_column).collect();
    let skipped = if characters.len() > EXCERPT_WIDTH { from.saturating_sub(EXCERPT_WIDTH / 3) } else { 0 };
    let shown: String = characters.iter().skip(skipped).take(EXCERPT_WIDTH).collect();
    let (before, after) =
        (if skipped > 0 { "..." } else { "" }, if characters.len() > skipped + EXCERPT_WIDTH { "..." } else { "" });
    let carets = marked.clamp(1, EXCERPT_WIDTH.saturating_sub(from - skipped).max(1));
    let marks = format!("{}{}", " ".repeat(before.len() + from - skipped), "^".repeat(carets));
    (format!("{before}{shown}{after}"), marks)
}

/// Colours, or none.
struct Paint {
    colours: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.colours && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.with("34", text)
    }

    fn code(severity: Severity) -> &'static str {
        match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
        }
    }

    fn severity(&self, severity: Severity) -> String {
        self.with(Self::code(severity), severity.as_str())
    }

    fn marks(&self, marks: &str, severity: Severity) -> String {
        let carets = marks.trim_start();
        format!("{}{}", &marks[..marks.len() - carets.len()], self.with(Self::code(severity), carets))
    }
}
