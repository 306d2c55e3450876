//! `syncline consume`: record lines out of the broker.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, Raw, TopicName};

use super::exit::Exit;
use super::progress::Progress;
use crate::harmless::in_json;
use crate::record_line;
use crate::topics::{Bounds, ReadLimits, TopicPartition, Topics};

/// How much is read before it is printed, and how long one read waits.
const READ: ReadLimits = ReadLimits { records: 1000, bytes: 4 * 1024 * 1024, wait: Duration::from_secs(1) };

/// Prints the records of a topic, one JSON object a line, as they come.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  syncline consume admin.alerts.risk.high --from-beginning --until-caught-up
  syncline consume customer.profiles --from-beginning --until-caught-up --key c-1
  syncline consume dlq.failed.messages --partition 0 --offset 17 --limit 1")]
pub struct Consume {
    /// The topic
    #[arg(value_parser = topic_name)]
    topic: TopicName,
    /// Begin with the first record that is still held
    #[arg(long, conflicts_with = "offset")]
    from_beginning: bool,
    /// End with the last record that is there now
    #[arg(long)]
    until_caught_up: bool,
    /// Print only the records with this key, compared byte for byte
    #[arg(long)]
    key: Option<String>,
    /// Read only this partition, counted from 0
    #[arg(long)]
    partition: Option<u32>,
    /// Begin at this offset of the partition; it must lie in what is held
    #[arg(long, requires = "partition")]
    offset: Option<u64>,
    /// End after so many records were printed
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

fn topic_name(text: &str) -> Result<TopicName, schemas::InvalidTopicName> {
    TopicName::try_from(text)
}

/// Why it ended before it should.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// There is no such topic.
    #[error("topic \"{0}\" does not exist")]
    NoTopic(TopicName),
    /// What the command line names is not there.
    #[error("{0}")]
    Usage(String),
    /// The broker does not give the records.
    #[error(transparent)]
    Broker(#[from] Fault),
    /// The records cannot be printed.
    #[error("cannot print the records: {0}")]
    Print(#[from] io::Error),
}

impl ConsumeError {
    /// What to do about it, where that does not follow from what is wrong.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Broker(fault) => Some(fault.advice()),
            Self::NoTopic(_) | Self::Usage(_) | Self::Print(_) => None,
        }
    }

    /// The exit code of the command. A reader of our output that has seen enough (`| head`) is no failure.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoTopic(_) | Self::Usage(_) => Exit::Usage,
            Self::Broker(fault) => Exit::from(fault),
            Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Print(_) => Exit::Stopped,
        }
    }
}

/// Who reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// A terminal, which obeys control characters: a value's are written as escapes.
    Terminal,
    /// A program or a file: a value is printed with its very bytes, so that `consume | produce` keeps them.
    Program,
}

impl Reads {
    /// Who reads stdout.
    #[must_use]
    pub fn stdout() -> Self {
        if io::stdout().is_terminal() { Self::Terminal } else { Self::Program }
    }
}

/// What is still to be read of a partition: from the next offset up to, not including, the end. Without an end, for ever.
struct Span {
    next: u64,
    end: Option<u64>,
}

impl Span {
    fn is_open(&self) -> bool {
        self.end.is_none_or(|end| self.next < end)
    }
}

impl Consume {
    /// The topic that it reads.
    pub(super) fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// Prints the records to `out`, which is flushed whenever all that is there is printed. `to` is who reads it.
    ///
    /// # Errors
    ///
    /// A [`ConsumeError`], which knows its exit code.
    pub async fn run(&self, topics: Arc<dyn Topics>, out: &mut dyn Write, to: Reads) -> Result<(), ConsumeError> {
        let mut spans = self.spans(&*topics).await?;
        let open = spans.iter().filter(|(_, span)| span.is_open());
        let from: Vec<_> = open.map(|(partition, span)| (partition.clone(), span.next)).collect();
        if from.is_empty() {
            return Ok(());
        }
        let mut progress = self.progress(&spans, to);
        let mut reader = topics.reader(&from).await?;
        let (mut read, mut printed) = (0, 0);
        while spans.values().any(Span::is_open) {
            for record in reader.read(&READ).await? {
                if !advance(&mut spans, &record) {
                    continue;
                }
                read += 1;
                if self.wants(&record) {
                    let line = record_line::print(&record);
                    writeln!(out, "{}", if to == Reads::Terminal { in_json(&line) } else { line.into() })?;
                    printed += 1;
                }
                if self.limit.is_some_and(|limit| printed >= limit) {
                    return Ok(out.flush()?);
                }
            }
            out.flush()?;
            if let Some(progress) = &mut progress {
                progress.set(read, format!("{printed} records"));
            }
        }
        Ok(())
    }

    fn wants(&self, record: &Raw) -> bool {
        self.key.as_ref().is_none_or(|key| record.key.as_deref() == Some(key.as_bytes()))
    }

    /// What to read, by partition.
    async fn spans(&self, topics: &dyn Topics) -> Result<BTreeMap<TopicPartition, Span>, ConsumeError> {
        let counts = topics.partitions(std::slice::from_ref(&self.topic)).await?;
        let Some(count) = counts.get(&self.topic) else {
            return Err(ConsumeError::NoTopic(self.topic.clone()));
        };
        let numbers = match self.partition {
            None => 0..*count,
            Some(number) if number < *count => number..number + 1,
            Some(number) => {
                let named = TopicPartition { topic: self.topic.clone(), partition: number };
                return Err(ConsumeError::Usage(format!(
                    "{named} does not exist: the topic has {count} partition(s), counted from 0"
                )));
            }
        };
        let mut spans = BTreeMap::new();
        for partition in numbers.map(|partition| TopicPartition { topic: self.topic.clone(), partition }) {
            let bounds = topics.bounds(&partition).await?;
            let span = Span { next: self.start(&partition, bounds)?, end: self.until_caught_up.then_some(bounds.end) };
            spans.insert(partition, span);
        }
        Ok(spans)
    }

    fn start(&self, partition: &TopicPartition, bounds: Bounds) -> Result<u64, ConsumeError> {
        match self.offset {
            Some(offset) if (bounds.first..=bounds.end).contains(&offset) => Ok(offset),
            Some(offset) => {
                let Bounds { first, end } = bounds;
                Err(ConsumeError::Usage(format!(
                    "{partition}: offset {offset} is outside the log, which goes from {first} to {end}"
                )))
            }
            None if self.from_beginning => Ok(bounds.first),
            None => Ok(bounds.end),
        }
    }

    /// A bar, where the end is known and the records do not go to the same terminal.
    fn progress(&self, spans: &BTreeMap<TopicPartition, Span>, to: Reads) -> Option<Progress> {
        let total = spans.values().map(|span| Some(span.end? - span.next)).sum::<Option<u64>>()?;
        (to == Reads::Program).then(|| Progress::new(Some(total)))
    }
}

/// Notes that the record is read; false where it lies beyond what was asked for.
fn advance(spans: &mut BTreeMap<TopicPartition, Span>, record: &Raw) -> bool {
    let partition = TopicPartition { topic: record.origin.topic.clone(), partition: record.origin.partition };
    match spans.get_mut(&partition) {
        Some(span) if span.is_open() => {
            span.next = record.origin.offset + 1;
            true
        }
        Some(_) | None => false,
    }
}
