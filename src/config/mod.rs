//! The pipeline file: read, checked, and made into a [`Plan`].
//!
//! ```text
//! text -> draft (a tree with places) -> expand (${}) -> check (every error at once, no network) -> Plan
//! ```
//!
//! [`load`] does it for a file, [`check()`] for a text. Nothing here connects to anything, and the environment is passed in.

mod check;
mod draft;
mod editor;
mod environment;
mod error;
mod expand;
mod fields;
mod grammar;
mod hash;
pub mod listing;
mod parameters;
mod places;
mod plan;
pub mod render;
mod rollout;
mod suggest;
mod typed;
mod wildcard;

use std::io::ErrorKind;
use std::path::Path;

use transforms::Entry;

pub use editor::editor_schema;
pub use environment::Environment;
pub use error::{ConfigErrors, Finding, Severity};
pub use parameters::Parameter;
pub use places::{Part, Places};
pub use plan::{BatchPlan, NoSegment, Plan, SegmentPlan, SinkPlan, StagePlan, StepPlan, StorePlan, TopicPlan};
pub use rollout::Rollout;

pub(crate) use suggest::did_you_mean;
pub(crate) use wildcard::matches;

use draft::{Node, Place};
use error::Report;

/// A file that can run.
pub struct Checked {
    /// What it means.
    pub plan: Plan,
    /// What somebody should look at all the same, in the order of the file.
    pub warnings: Vec<Finding>,
    /// Where its parts stand.
    pub places: Places,
}

/// Reads and checks a pipeline file, the files that it names, and nothing else.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn load(path: &Path, environment: &dyn Environment, catalogue: &[Entry]) -> Result<Checked, ConfigErrors> {
    check(&read(path, environment)?, path, environment, catalogue)
}

/// The text of a pipeline file.
fn read(path: &Path, environment: &dyn Environment) -> Result<String, ConfigErrors> {
    environment.read(path).map_err(|error| {
        let mut report = Report::new();
        let place = Place { span: 0..0, pointer: String::new() };
        let help = match error.kind() {
            ErrorKind::InvalidData => "save it as UTF-8",
            ErrorKind::FileTooLarge => "is it the right one?",
            _ => "name it as in `syncline check path/to/pipeline.yaml`",
        };
        let finding = Finding::error(place, format!("the pipeline file {} cannot be read", path.display())).cause(error);
        report.push(finding.help(help));
        ConfigErrors::new(path, report.close(path, ""))
    })
}

/// The text of a pipeline file as a tree.
fn parsed(path: &Path, text: &str) -> Result<Node, ConfigErrors> {
    let mut report = Report::new();
    let root = draft::parse(text, &mut report).filter(|_| !report.has_errors());
    root.ok_or_else(|| ConfigErrors::new(path, report.close(path, text)))
}

/// Checks the text of a pipeline file. `path` is the file's name: messages show it, and relative paths start from its folder.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn check(text: &str, path: &Path, environment: &dyn Environment, catalogue: &[Entry]) -> Result<Checked, ConfigErrors> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut report = Report::new();
    let checked = draft::parse(text, &mut report).and_then(|mut root| {
        expand::expand(&mut root, folder, environment, &mut report);
        let plan = check::plan(&root, text, &check::Context { folder, environment, catalogue }, &mut report);
        plan.map(|plan| (plan, Places::new(root, path, text)))
    });
    match checked {
        Some((plan, places)) if !report.has_errors() => Ok(Checked { plan, warnings: report.close(path, text), places }),
        _ => Err(ConfigErrors::new(path, report.close(path, text))),
    }
}

/// The values of a pipeline file as they are written: nothing expanded, nothing checked. What [`editor_schema`] judges.
///
/// # Errors
///
/// What keeps the text from being one YAML document.
pub fn written(text: &str) -> Result<serde_json::Value, ConfigErrors> {
    parsed(Path::new(""), text).map(|root| root.to_json())
}
