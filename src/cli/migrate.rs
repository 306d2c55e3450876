//! `syncline migrate`: the sink's tables.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use schemas::Fault;
use serde_json::{Value, json};
use sinks::MigrationStatus;

use super::exit::Exit;
use super::format::Format;
use super::pipeline::PipelineFile;
use super::{Failure, environment, pipeline, printed};
use crate::config::SinkPlan;
use crate::run::sink_settings;

/// Create, show or revert the tables of the pipeline's store.
///
/// PostgreSQL's are made here, before the first run; those of the embedded store by the run itself. Whoever runs this needs the right
/// to create tables and types; `syncline run` only reads and writes them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  DATABASE_URL=postgres://me@db/admin syncline migrate run\n  syncline migrate show --format json"
)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, global = true, display_order = 101)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Apply the migrations that are pending
    #[command(after_help = "Example: DATABASE_URL=postgres://me@db/admin syncline migrate run")]
    Run,
    /// Show every migration, and when it was applied
    #[command(after_help = "Example: syncline migrate show --format json")]
    Show,
    /// Undo the migration that was applied last: its tables go, with what they hold
    #[command(after_help = "Example: syncline migrate revert")]
    Revert,
}

pub(super) async fn run(args: MigrateArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.pipeline.path, &environment::Process)?;
    let Some((_, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink"));
    };
    let settings = sink_settings(&plan.name, sink);
    let (said, migrations) = match args.what {
        What::Run => (APPLIED, sinks::migrate_run(&sink.url, &settings).await?),
        What::Show => (SHOWN, sinks::migrate_show(&sink.url, &settings).await?),
        What::Revert => (REVERTED, sinks::migrate_revert(&sink.url, &settings).await?.into_iter().collect()),
    };
    printed(print(&said, &migrations, args.format, &mut io::stdout()).map(|()| Exit::Done))
}

/// What is said of the migrations that a command printed.
struct Said {
    /// What was done with each; `None`: when it was applied is said.
    done: Option<&'static str>,
    /// Where there are none.
    none: &'static str,
}

const APPLIED: Said = Said { done: Some("applied"), none: "nothing to apply: the tables are current" };
const SHOWN: Said = Said { done: None, none: "there are no migrations" };
const REVERTED: Said = Said { done: Some("reverted"), none: "nothing to revert: no migration is applied" };

/// Applies what is pending.
pub(super) async fn migrate(pipeline: &str, sink: &SinkPlan) -> Result<(), Fault> {
    sinks::migrate_run(&sink.url, &sink_settings(pipeline, sink)).await?;
    Ok(())
}

fn print(said: &Said, migrations: &[MigrationStatus], format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        let one = |it: &MigrationStatus| json!({"number": it.number, "name": it.name, "appliedAt": it.applied_at});
        return writeln!(out, "{}", migrations.iter().map(one).collect::<Value>());
    }
    if migrations.is_empty() {
        writeln!(out, "{}", said.none)?;
    }
    for migration in migrations {
        let applied = || migration.applied_at.map_or_else(|| "pending".into(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        writeln!(out, "{:<24} {}", migration.name, said.done.map_or_else(applied, str::to_owned))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn printed(said: &Said, migrations: &[MigrationStatus], format: Format) -> String {
        let mut out = Vec::new();
        print(said, migrations, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn migrations_are_printed_for_people_and_for_programs() {
        let applied = MigrationStatus { number: 1, name: "profiles".into(), applied_at: Some(chrono::DateTime::UNIX_EPOCH) };
        let pending = MigrationStatus { number: 2, name: "engine".into(), applied_at: None };
        let both = [applied, pending];
        let text = "profiles                 1970-01-01T00:00:00Z\nengine                   pending\n";
        assert_eq!(printed(&SHOWN, &both, Format::Text), text);
        assert_eq!(printed(&REVERTED, &both[..1], Format::Text), "profiles                 reverted\n");
        assert_eq!(printed(&APPLIED, &[], Format::Text), "nothing to apply: the tables are current\n");
        let json = r#"[{"appliedAt":"1970-01-01T00:00:00Z","name":"profiles","number":1},{"appliedAt":null,"name":"engine","number":2}]"#;
        assert_eq!(printed(&SHOWN, &both, Format::Json), format!("{json}\n"));
    }
}
