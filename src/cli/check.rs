//! `syncline check`: every error of a pipeline file at once.

mod live;

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use transforms::Entry;

use self::live::Answers;
use super::exit::Exit;
use crate::config::{self, Environment, Finding, Severity, render};
use crate::harmless::{in_json, in_one_line};

/// Check a pipeline file: every error at once.
///
/// Reads the file, its schemas, and nothing else: grammar, parameters, topics that nobody declares or reads, circles, the columns of the
/// sink. With --live it asks the broker and the store, too, whether they answer and have what the file names.
///
/// Exits with 0 when the file can run, 1 when it cannot, and 3 when something asked with --live does not answer within 10 s.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  syncline check pipeline.yaml --strict\n  BROKER=kafka syncline check --live")]
pub struct Check {
    /// The pipeline file
    #[arg(default_value = "pipeline.yaml")]
    file: PathBuf,
    /// Ask the broker and the store as well: do they answer, are the topics and tables there? Changes nothing
    #[arg(long)]
    live: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Let warnings fail too
    #[arg(long)]
    strict: bool,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For code hosts and editors that show findings beside the line (SARIF 2.1.0).
    Sarif,
}

impl Check {
    /// Checks the file and prints what was found to `out`. How the command ends tells
    /// whether the file can run. `colours` are those of a terminal.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub async fn run(
        &self,
        environment: &dyn Environment,
        catalogue: &[Entry],
        out: &mut dyn Write,
        colours: bool,
    ) -> io::Result<Exit> {
        let (summary, findings, incomplete) = match config::load(&self.file, environment, catalogue) {
            Ok(checked) => {
                let Answers { findings, incomplete } = if self.live { live::ask(&checked).await } else { Answers::default() };
                let all = checked.warnings.into_iter().chain(findings).collect();
                (Some(summary(&checked.plan)), all, incomplete)
            }
            Err(errors) => (None, errors.into_findings(), false),
        };
        let ok = !findings.iter().any(|finding| self.refuses(finding));
        match self.format {
            Format::Json => {
                let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
                let result = json!({
                    "ok": ok,
                    "errors": count(Severity::Error),
                    "warnings": count(Severity::Warning),
                    "findings": render::json(&findings),
                });
                writeln!(out, "{}", in_json(&format!("{result:#}")))?;
            }
            Format::Sarif => writeln!(out, "{}", in_json(&format!("{:#}", render::sarif(&findings))))?,
            Format::Text => self.print(summary.as_deref(), &findings, ok, out, colours)?,
        }
        Ok(match (ok, incomplete) {
            (true, _) => Exit::Done,
            (false, true) => Exit::NoAnswer,
            (false, false) => Exit::NotSo,
        })
    }

    fn refuses(&self, finding: &Finding) -> bool {
        self.strict || finding.severity() == Severity::Error
    }

    fn print(&self, summary: Option<&str>, findings: &[Finding], ok: bool, out: &mut dyn Write, colours: bool) -> io::Result<()> {
        if !findings.is_empty() {
            writeln!(out, "{}", render::text(findings, colours))?;
        }
        let file = self.file.to_string_lossy();
        let file = in_one_line(&file);
        match (summary, counted(findings)) {
            (Some(summary), _) if findings.is_empty() => {
                let asked = if self.live { ", and so is what it names" } else { "" };
                writeln!(out, "{file}: fine{asked}. {summary}")
            }
            (Some(summary), counted) if ok => writeln!(out, "{file}: {counted}, but it can run. {summary}"),
            (Some(_), counted) if findings.iter().all(|finding| finding.severity() == Severity::Warning) => {
                writeln!(out, "{file}: {counted}, which --strict refuses")
            }
            (_, counted) => writeln!(out, "{file}: {counted}"),
        }
    }
}

fn summary(plan: &config::Plan) -> String {
    let stages: usize = plan.segments.iter().map(|segment| segment.stages.len()).sum();
    let steps: usize = plan.segments.iter().flat_map(|segment| &segment.stages).map(|stage| stage.steps.len()).sum();
    format!(
        "{}: {}, {} in {}, {}",
        plan.name,
        number(plan.topics.len(), "topic"),
        number(steps, "step"),
        number(stages, "stage"),
        number(plan.sinks.len(), "sink")
    )
}

fn counted(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    let warnings = findings.len() - errors;
    match (errors, warnings) {
        (0, _) => number(warnings, "warning"),
        (_, 0) => number(errors, "error"),
        _ => format!("{}, {}", number(errors, "error"), number(warnings, "warning")),
    }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
