//! `syncline produce`: record lines into the broker.

mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemas::{Fault, FaultKind, Outgoing, TopicName};
use serde_json::json;

use self::source::{Batch, End, Source, Targets};
use super::exit::Exit;
use super::format::Format;
use super::lines::Lines;
use super::progress::Progress;
use crate::record_line::InvalidLine;
use crate::topics::{TopicSpec, Topics};

/// Writes records, one JSON object a line, to the topics that they name.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  syncline produce --file events.jsonl
  echo '{\"topic\": \"orders\", \"value\": {\"total\": 12.50}}' | syncline produce --file - --create")]
pub struct Produce {
    /// The file with the lines; - is stdin
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Create topics, too, that the pipeline file does not declare, with one partition each
    #[arg(long)]
    create: bool,
    /// How the counts are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why not all was written.
#[derive(Debug, thiserror::Error)]
pub enum ProduceError {
    /// A line is no record, or names a topic that does not exist.
    #[error("{}: {line}; {}", named(file), before(*written))]
    Line {
        /// The file.
        file: PathBuf,
        /// What is wrong with which line.
        line: InvalidLine,
        /// How many records are durable.
        written: u64,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}; {}", named(file), before(*written))]
    File {
        /// The file.
        file: PathBuf,
        /// How many records are durable.
        written: u64,
        /// Why.
        source: io::Error,
    },
    /// The broker does not take the records.
    #[error("{source}; {}", but_for_the_last_batch(source, *written))]
    Broker {
        /// How many records are known to be durable.
        written: u64,
        /// Why.
        source: Fault,
    },
    /// The result cannot be printed.
    #[error("cannot print the result: {0}")]
    Print(#[source] io::Error),
}

impl ProduceError {
    /// What to do about it, where that does not follow from what is wrong.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Broker { source, .. } => Some(source.advice()),
            Self::Line { .. } | Self::File { .. } | Self::Print(_) => None,
        }
    }

    /// The exit code of the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Line { .. } | Self::File { .. } => Exit::Usage,
            Self::Broker { source, .. } => Exit::from(source),
            Self::Print(_) => Exit::Stopped,
        }
    }
}

fn named(file: &Path) -> String {
    if file == Path::new("-") { "stdin".into() } else { file.display().to_string() }
}

fn before(written: u64) -> String {
    match written {
        0 => "nothing is written".into(),
        1 => "the record before it is written".into(),
        _ => format!("the {written} records before it are written"),
    }
}

/// A full device takes nothing of a batch; of what else goes wrong, it may be learned too late (see [`Topics::write`]).
fn but_for_the_last_batch(fault: &Fault, written: u64) -> String {
    let first = if written == 1 { "the first record is".to_owned() } else { format!("the first {written} records are") };
    match (fault.kind(), written) {
        (FaultKind::Full, 0) => "nothing is written".into(),
        (FaultKind::Full, _) => format!("{first} written, and nothing after"),
        (_, 0) => "no record is known to be written; the first ones may be".into(),
        _ => format!("{first} known to be written; those after may be"),
    }
}

/// What is durable so far.
#[derive(Default)]
struct Written {
    records: u64,
    by_topic: BTreeMap<TopicName, u64>,
}

impl Written {
    fn add(&mut self, by_topic: BTreeMap<TopicName, u64>) {
        for (topic, count) in by_topic {
            self.records += count;
            *self.by_topic.entry(topic).or_default() += count;
        }
    }
}

impl Produce {
    /// Writes the lines, and prints to `out` how many. `declared` are topics that may be created where they do not exist.
    ///
    /// # Errors
    ///
    /// A [`ProduceError`], which says how many records are written all the same.
    pub async fn run(&self, topics: Arc<dyn Topics>, declared: &[TopicSpec], out: &mut dyn Write) -> Result<(), ProduceError> {
        let mut written = Written::default();
        let end = match Lines::open(&self.file).await {
            Ok(lines) => {
                let targets = Targets::new(Arc::clone(&topics), declared, self.create);
                write_all(&*topics, &mut Source::new(lines, targets), &mut written).await
            }
            Err(error) => End::Unreadable(error),
        };
        let (file, records) = (self.file.clone(), written.records);
        match end {
            End::Input => self.print(&written, out).map_err(ProduceError::Print),
            End::Invalid(line) => Err(ProduceError::Line { file, line, written: records }),
            End::Unreadable(source) => Err(ProduceError::File { file, written: records, source }),
            End::Broker(source) => Err(ProduceError::Broker { written: records, source }),
        }
    }

    fn print(&self, written: &Written, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Text => writeln!(out, "records written: {} (topics: {})", written.records, written.by_topic.len())?,
            Format::Json => {
                let by_topic: BTreeMap<&str, u64> =
                    written.by_topic.iter().map(|(topic, count)| (topic.as_str(), *count)).collect();
                writeln!(out, "{}", json!({"records": written.records, "topics": by_topic}))?;
            }
        }
        out.flush()
    }
}

/// Writes a batch while the next one is read, to the end.
async fn write_all(topics: &dyn Topics, source: &mut Source, written: &mut Written) -> End {
    let mut progress = Progress::new(source.size_bytes());
    let mut batch = source.next().await;
    loop {
        let Batch { records, end } = batch;
        let counts = count(&records);
        let write = async { if records.is_empty() { Ok(()) } else { topics.write(records).await } };
        let next = match end {
            // A write that fails ends it at once, whatever the input does.
            None => tokio::try_join!(write, async { Ok(Ok(source.next().await)) }).map(|((), next)| next),
            Some(end) => write.await.map(|()| Err(end)),
        };
        match next {
            Ok(next) => {
                written.add(counts);
                progress.set(source.read_bytes(), format!("{} records", written.records));
                match next {
                    Ok(next) => batch = next,
                    Err(end) => return end,
                }
            }
            Err(fault) => return End::Broker(fault),
        }
    }
}

fn count(records: &[Outgoing]) -> BTreeMap<TopicName, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        *counts.entry(record.topic.clone()).or_default() += 1;
    }
    counts
}
