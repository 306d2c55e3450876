//! `syncline list`: what a pipeline file may use.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use transforms::Entry;

use super::Failure;
use super::format::Format;
use super::pipeline::PipelineFile;
use crate::config::Environment;
use crate::config::listing::{self, Described};

/// List what a pipeline file may use, with every option and its default.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  syncline list transforms\n  syncline list brokers --format json")]
pub struct List {
    /// What is listed
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What there are lists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// The steps of stages, for `use:`
    Transforms,
    /// Where topics live, for `brokers:`
    Brokers,
    /// Where profiles are stored, for `sinks:`
    Sinks,
    /// What the topics of the pipeline file carry
    Schemas,
}

impl List {
    /// All that there is to list.
    ///
    /// # Errors
    ///
    /// When the pipeline file or one of its schemas cannot be read.
    pub fn all(&self, environment: &dyn Environment, catalogue: &[Entry]) -> Result<Vec<Described>, Failure> {
        match self.what {
            What::Transforms => Ok(listing::transforms(catalogue)),
            What::Brokers => Ok(listing::brokers()),
            What::Sinks => Ok(listing::sinks()),
            What::Schemas => listing::schemas(&self.pipeline.path, environment).map_err(Failure::from),
        }
    }

    /// Prints the list to `out`, tables `width` characters wide.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn print(&self, all: &[Described], out: &mut dyn Write, width: u16) -> io::Result<()> {
        match self.format {
            Format::Json => writeln!(out, "{:#}", all.iter().map(as_json).collect::<Value>()),
            Format::Text => all.iter().try_for_each(|described| print(described, out, width)),
        }
    }
}

fn as_json(described: &Described) -> Value {
    let options = described.options.iter().map(
        |option| json!({"name": option.path, "type": option.kind, "default": option.default, "description": option.description}),
    );
    json!({
        "name": described.name,
        "summary": described.summary,
        "stands": described.stands,
        "ports": described.ports,
        "options": options.collect::<Value>(),
    })
}

fn print(described: &Described, out: &mut dyn Write, width: u16) -> io::Result<()> {
    writeln!(out, "{}: {}", described.name, described.summary)?;
    if let Some(stands) = described.stands {
        writeln!(out, "  stands {stands}")?;
    }
    if !described.ports.is_empty() {
        writeln!(out, "  leads {} to topics, by its `to:`", described.ports.join(", "))?;
    }
    if !described.options.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        for option in &described.options {
            let default = option.default.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            table.add_row([option.path.as_str(), option.kind.as_str(), default.as_str(), option.description.as_str()]);
        }
        for line in table.lines() {
            writeln!(out, " {}", line.trim_end())?;
        }
    }
    writeln!(out)
}
