//! `syncline dead-letters`: the records that could not be processed, and why.

mod print;

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use schemas::Reason;
use schemas::store::DeadLetterFilter;
use sinks::Sink;
use uuid::Uuid;

use super::exit::Exit;
use super::format::Format;
use super::pipeline::PipelineFile;
use super::{Failure, environment, pipeline, printed};
use crate::harmless::in_one_line;
use crate::run::sink_settings;

/// List or show the records that could not be processed.
///
/// Each is kept in the store with all its bytes and every reason. Before the first run there are none.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syncline dead-letters list --reason schema\n  syncline dead-letters show 1b671a64-40d5-491e-99b0-da01ff1f3341"
)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, global = true, display_order = 101)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List dead letters, oldest first, with counts by reason
    #[command(after_help = "Example: syncline dead-letters list --reason schema --since 2026-03-01T08:00:00Z --limit 20")]
    List(ListArgs),
    /// Show one dead letter whole: what is wrong, and the original bytes
    #[command(after_help = "Example: syncline dead-letters show 1b671a64")]
    Show {
        /// Its id, or the beginning of it
        #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
        id: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only of this reason
    #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::as_str)).try_map(|name| reason(&name)))]
    reason: Option<Reason>,
    /// Only those that this stage refused
    #[arg(long)]
    stage: Option<String>,
    /// Only those read from this topic
    #[arg(long)]
    topic: Option<String>,
    /// Only those first seen at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// Only those first seen before this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// At most this many; the counts are those of all
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

fn reason(name: &str) -> Result<Reason, &'static str> {
    Reason::ALL.into_iter().find(|reason| reason.as_str() == name).ok_or("no reason is called so")
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| "write a time with its zone, such as 2026-03-01T08:00:00Z".into())
}

pub(super) async fn run(args: DeadLettersArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.pipeline.path, &environment::Process)?;
    let Some((name, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink"));
    };
    let settings = sink_settings(&plan.name, sink);
    let sink = if pipeline::is_yet_to_be_made(&sink.url, &settings).await? {
        eprintln!("{}", in_one_line(&nothing_there(name, &sink.url)));
        None
    } else {
        Some(sinks::open(&sink.url, &settings).await?)
    };
    match &args.what {
        What::List(list) => print_list(sink.as_deref(), list, args.format).await,
        What::Show { id } => {
            let letter = find(sink.as_deref(), id).await?;
            printed(print::one(&letter, args.format, &mut io::stdout().lock()).map(|()| Exit::Done))
        }
    }
}

/// What is not there, of a store without tables: a file's name may be mistyped. The address of a server may hold a password.
fn nothing_there(sink: &str, url: &str) -> String {
    match url.strip_prefix("sqlite://").map(|file| file.split_once('?').map_or(file, |(file, _)| file)) {
        Some(file) if !Path::new(file).exists() => {
            format!("there is no database {file} (the sink `{sink}`): is its name right? the first `syncline run` makes it")
        }
        Some(file) => format!("the database {file} has no tables: the first `syncline run` makes them"),
        None => format!("the database of the sink `{sink}` has no tables: `syncline migrate run` makes them"),
    }
}

async fn print_list(sink: Option<&dyn Sink>, list: &ListArgs, format: Format) -> Result<Exit, Failure> {
    let filter = list.filter();
    let (letters, counts) = match sink {
        Some(sink) => (sink.dead_letters(&filter).await?, sink.dead_letter_counts(&filter).await?),
        None => (Vec::new(), BTreeMap::new()),
    };
    let all: u64 = counts.values().sum();
    if format == Format::Json && all > letters.len() as u64 {
        eprintln!("{} of {all} shown; --limit shows more", letters.len());
    }
    printed(print::list(&letters, &counts, format, &mut io::stdout().lock()).map(|()| Exit::Done))
}

impl ListArgs {
    fn filter(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            reason: self.reason,
            stage: self.stage.clone(),
            topic: self.topic.clone(),
            since: self.since,
            until: self.until,
            ids: None,
            limit: self.limit,
            // A list shows nothing of the values.
            value_bytes: Some(0),
        }
    }
}

/// The one dead letter whose id begins so.
async fn find(sink: Option<&dyn Sink>, id: &str) -> Result<schemas::store::StoredDeadLetter, Failure> {
    let missing =
        || Failure::new(Exit::NotSo, format!("there is no dead letter {id:?}; `syncline dead-letters list` shows them"));
    let ids = ids_beginning(id).ok_or_else(missing)?;
    let filter = DeadLetterFilter { ids: Some(ids), limit: 2, ..DeadLetterFilter::default() };
    let mut found = sink.ok_or_else(missing)?.dead_letters(&filter).await?;
    match found.len() {
        0 | 1 => found.pop().ok_or_else(missing),
        _ => Err(Failure::new(Exit::Usage, format!("more than one dead letter begins with {id}; give more of its id"))),
    }
}

/// All the ids that begin so: from the one that goes on with zeros to the one that goes on with f. `None`: no id does.
fn ids_beginning(id: &str) -> Option<RangeInclusive<Uuid>> {
    let filled = |pattern: &str| Uuid::try_parse(&format!("{id}{}", pattern.get(id.len()..)?)).ok();
    Some(filled("00000000-0000-0000-0000-000000000000")?..=filled("ffffffff-ffff-ffff-ffff-ffffffffffff")?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_beginning_of_an_id_means_all_that_begin_so() {
        let ids = ids_beginning("8BB4e137-1").unwrap();
        assert_eq!(ids.start().to_string(), "8bb4e137-1000-0000-0000-000000000000");
        assert_eq!(ids.end().to_string(), "8bb4e137-1fff-ffff-ffff-ffffffffffff");
        let whole = "8bb4e137-1234-5678-9abc-def012345678";
        assert_eq!(ids_beginning(whole).unwrap().start().to_string(), whole);
        for id in ["nope", "8bb4e1371", "8bb4e137-1234-5678-9abc-def0123456789", "é"] {
            assert_eq!(ids_beginning(id), None, "{id}");
        }
    }

    #[test]
    fn a_time_that_is_none_says_how_to_write_one() {
        assert!(time("2026-03-01T08:00:00+01:00").is_ok());
        for text in ["yesterday", "2026-03-01", "2026-03-01T08:00:00", "1772352000"] {
            assert!(time(text).unwrap_err().contains("2026-03-01T08:00:00Z"), "{text}");
        }
    }
}
