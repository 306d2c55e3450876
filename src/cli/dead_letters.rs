//! `syncline dead-letters`: the records that could not be processed, and why.

use std::io::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use schemas::Reason;
use schemas::store::{DeadLetterFilter, StoredDeadLetter};
use serde_json::{Value, json};

use super::exit::Exit;
use super::format::Format;
use super::summary::grouped;
use super::{Failure, environment, pipeline};
use crate::run::sink_settings;

/// Lists or shows the records that could not be processed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syncline dead-letters list --reason schema\n  syncline dead-letters show 1b671a64-40d5-491e-99b0-da01ff1f3341"
)]
pub(super) struct DeadLettersArgs {
    #[command(subcommand)]
    what: What,
    /// The pipeline file
    #[arg(long, short, default_value = "pipeline.yaml", global = true)]
    file: PathBuf,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List dead letters, oldest first, with counts by reason
    List(ListArgs),
    /// Show one dead letter whole: what is wrong, and the original bytes
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only of this reason
    #[arg(long, value_parser = reason)]
    reason: Option<Reason>,
    /// Only those that this stage refused
    #[arg(long)]
    stage: Option<String>,
    /// Only those read from this topic
    #[arg(long)]
    topic: Option<String>,
    /// Only those first seen at or after this time (RFC 3339)
    #[arg(long)]
    since: Option<DateTime<Utc>>,
    /// Only those first seen before this time (RFC 3339)
    #[arg(long)]
    until: Option<DateTime<Utc>>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

fn reason(name: &str) -> Result<Reason, String> {
    let known = || Reason::ALL.map(Reason::as_str).join(", ");
    Reason::ALL.into_iter().find(|reason| reason.as_str() == name).ok_or_else(|| format!("the reasons are {}", known()))
}

pub(super) async fn run(args: DeadLettersArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.file, &environment::Process)?;
    let Some((_, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink"));
    };
    let sink = sinks::open(&sink.url, &sink_settings(&plan.name, sink)).await?;
    match &args.what {
        What::List(list) => {
            let filter = DeadLetterFilter {
                reason: list.reason,
                stage: list.stage.clone(),
                topic: list.topic.clone(),
                since: list.since,
                until: list.until,
                ids: None,
                limit: list.limit,
            };
            print_list(&sink.dead_letters(&filter).await?, args.format);
            Ok(Exit::Done)
        }
        What::Show { id } => {
            let filter = DeadLetterFilter { limit: u32::MAX, ..DeadLetterFilter::default() };
            let all = sink.dead_letters(&filter).await?;
            let mut found = all.iter().filter(|stored| stored.letter.id.to_string().starts_with(id.as_str()));
            let Some(stored) = found.next() else {
                return Err(Failure::new(Exit::NotSo, format!("there is no dead letter {id}")));
            };
            if found.next().is_some() {
                return Err(Failure::new(Exit::Usage, format!("more than one dead letter begins with {id}")));
            }
            print_one(stored, args.format);
            Ok(Exit::Done)
        }
    }
}

fn print_list(letters: &[StoredDeadLetter], format: Format) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice.
    if format == Format::Json {
        for stored in letters {
            let _ = writeln!(out, "{}", summary(stored));
        }
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["id", "reason", "origin", "first seen", "what is wrong"]);
    for stored in letters {
        let letter = &stored.letter;
        let first = letter.violations.first().map_or_else(String::new, |first| format!("{} {}", first.pointer, first.message));
        let first: String = first.trim().chars().take(90).collect();
        let seen = stored.first_seen.format("%Y-%m-%d %H:%M:%S").to_string();
        table.add_row([letter.id.to_string(), letter.reason.to_string(), letter.origin.to_string(), seen, first]);
    }
    let _ = writeln!(out, "{table}");
    for reason in Reason::ALL {
        let count = letters.iter().filter(|stored| stored.letter.reason == reason).count();
        if count > 0 {
            let _ = writeln!(out, "{reason}: {}", grouped(count as u64));
        }
    }
    let _ = writeln!(out, "{} shown", grouped(letters.len() as u64));
}

fn summary(stored: &StoredDeadLetter) -> Value {
    let letter = &stored.letter;
    json!({
        "id": letter.id, "reason": letter.reason, "stage": letter.stage, "topic": letter.origin.topic,
        "partition": letter.origin.partition, "offset": letter.origin.offset, "firstSeen": stored.first_seen,
        "attempts": stored.attempts, "errors": letter.violations,
    })
}

fn print_one(stored: &StoredDeadLetter, format: Format) {
    let letter = &stored.letter;
    let mut out = std::io::stdout().lock();
    let text = std::str::from_utf8(&letter.value).ok();
    if format == Format::Json {
        let mut json = summary(stored);
        json["timestamp"] = json!(letter.timestamp);
        json["key"] = letter.key.as_deref().map_or(Value::Null, |key| String::from_utf8_lossy(key).into());
        let headers = letter.headers.iter().map(|header| json!([header.name, BASE64.encode(&header.value)]));
        json["headers"] = headers.collect();
        match text {
            Some(text) => json["value"] = text.into(),
            None => json["valueBase64"] = BASE64.encode(&letter.value).into(),
        }
        let _ = writeln!(out, "{json}");
        return;
    }
    let _ = writeln!(out, "id          {}", letter.id);
    let _ = writeln!(out, "reason      {}", letter.reason);
    let _ = writeln!(out, "stage       {}", letter.stage);
    let _ = writeln!(out, "origin      {}", letter.origin);
    let _ = writeln!(out, "timestamp   {}", letter.timestamp.to_rfc3339());
    let _ = writeln!(out, "first seen  {}", stored.first_seen.to_rfc3339());
    let _ = writeln!(out, "attempts    {}", stored.attempts);
    if let Some(key) = &letter.key {
        let _ = writeln!(out, "key         {}", String::from_utf8_lossy(key));
    }
    for header in &letter.headers {
        let _ = writeln!(out, "header      {}: {}", header.name, String::from_utf8_lossy(&header.value));
    }
    for violation in &letter.violations {
        let _ = writeln!(
            out,
            "wrong       {} {}",
            if violation.pointer.is_empty() { "/" } else { &violation.pointer },
            violation.message
        );
        if !violation.rule.is_empty() {
            let _ = writeln!(out, "  rule      {}", violation.rule);
        }
    }
    match text {
        Some(text) => {
            let _ = writeln!(out, "value       {text}");
        }
        None => {
            let _ = writeln!(out, "value (base64) {}", BASE64.encode(&letter.value));
        }
    }
}
