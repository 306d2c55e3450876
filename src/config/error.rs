//! What is found wrong with a pipeline file, each with its place.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use super::draft::Place;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pipeline cannot run.
    Error,
    /// It can, but somebody should look.
    Warning,
}

impl Severity {
    /// The name in text and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is wrong with a file: what, where, why, and what to do about it.
#[derive(Debug, Clone)]
pub struct Finding {
    severity: Severity,
    message: String,
    place: Place,
    cause: Option<Cause>,
    help: Option<String>,
    source: Option<Arc<NamedSource<String>>>,
}

/// The reason that something else gave, such as the file system.
#[derive(Debug, Clone)]
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

impl Finding {
    pub(super) fn error(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place, cause: None, help: None, source: None }
    }

    pub(super) fn warning(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message) }
    }

    /// The same, from this file.
    pub(super) fn within(mut self, source: &Arc<NamedSource<String>>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with the reason that something else gave.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(Cause(cause.to_string()));
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What was reported from below, such as by the file system.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.cause.as_ref().map(|cause| cause.0.as_str())
    }

    /// JSON Pointer to the value that is wrong; empty for the whole file.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.place.pointer
    }

    /// The file's name, as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        self.source.as_ref().map_or("", |source| source.name())
    }

    /// Line and column of its first character, both from 1; the column counts characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        line_and_column(self.text(), self.start())
    }

    /// Whether there is a text that it stands in.
    pub(super) fn has_text(&self) -> bool {
        !self.text().is_empty()
    }

    /// The line on which it begins.
    pub(super) fn line(&self) -> &str {
        let (before, after) = self.text().split_at(self.start());
        let from = before.rfind('\n').map_or(0, |newline| newline + 1);
        let to = after.find('\n').map_or(self.text().len(), |newline| before.len() + newline);
        self.text()[from..to].trim_end_matches('\r')
    }

    /// How many characters of that line are meant.
    pub(super) fn marked(&self) -> usize {
        let meant = self.text().get(self.place.span.clone()).unwrap_or_default();
        meant.lines().next().unwrap_or_default().chars().count()
    }

    fn text(&self) -> &str {
        self.source.as_ref().map_or("", |source| source.inner())
    }

    /// Where it begins, in bytes of the text.
    fn start(&self) -> usize {
        let start = self.place.span.start.min(self.text().len());
        (0..=start).rev().find(|at| self.text().is_char_boundary(*at)).unwrap_or_default()
    }
}

/// Line and column of the character at this byte of a text, both from 1; the column counts characters.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Finding {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl Diagnostic for Finding {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::from(self.place.span.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(None, span))))
    }
}

/// A file that no plan can be made of: every error that was found, and the warnings, in the order of the file.
#[derive(Debug)]
pub struct ConfigErrors {
    file: PathBuf,
    findings: Vec<Finding>,
}

impl ConfigErrors {
    /// Every error and warning, in the order of the file.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        write!(f, "{}: {errors} error{}", self.file.display(), if errors == 1 { "" } else { "s" })
    }
}

impl Error for ConfigErrors {}

impl Diagnostic for ConfigErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.findings.iter().map(|finding| finding as _)))
    }
}

/// Collects what is found while one file is checked.
pub(super) struct Report {
    findings: Vec<Finding>,
    /// Where a value could not be had at all: nothing more is said about it.
    unknown: Vec<Range<usize>>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { findings: Vec::new(), unknown: Vec::new() }
    }

    pub(super) fn push(&mut self, finding: Finding) {
        // An alias shows the same text in several places: one finding is enough.
        let known = |other: &Finding| other.place.span == finding.place.span && other.message == finding.message;
        if !self.findings.iter().any(known) && !self.unknown.contains(&finding.place.span) {
            self.findings.push(finding);
        }
    }

    /// Takes the finding that a value cannot be had; what is found wrong with the value itself is left out from then on.
    pub(super) fn push_unknown(&mut self, finding: Finding) {
        let span = finding.place.span.clone();
        self.push(finding);
        self.unknown.push(span);
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The findings in the order of the file, each with the file's text.
    pub(super) fn close(mut self, file: &Path, text: &str) -> Vec<Finding> {
        let source = Arc::new(NamedSource::new(file.display().to_string(), text.to_owned()));
        self.findings.sort_by_key(|finding| (finding.place.span.start, finding.severity));
        for finding in &mut self.findings {
            finding.source = Some(Arc::clone(&source));
        }
        self.findings
    }
}

impl ConfigErrors {
    pub(super) fn new(file: &Path, findings: Vec<Finding>) -> Self {
        Self { file: file.to_owned(), findings }
    }
}
