//! `syncline migrate`: the sink's tables.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use schemas::Fault;
use sinks::MigrationStatus;

use super::exit::Exit;
use super::{Failure, environment, pipeline};
use crate::config::SinkPlan;
use crate::run::sink_settings;

/// Creates, shows or reverts the tables of the pipeline's sink.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  DATABASE_URL=postgres://me@db/admin syncline migrate run")]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    what: What,
    /// The pipeline file
    #[arg(long, short, default_value = "pipeline.yaml", global = true)]
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Apply the migrations that are pending
    Run,
    /// Show every migration, and when it was applied
    Show,
    /// Undo the migration that was applied last: its tables go, with what they hold
    Revert,
}

pub(super) async fn run(args: MigrateArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.file, &environment::Process)?;
    let Some((_, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink"));
    };
    let settings = sink_settings(&plan.name, sink);
    match args.what {
        What::Run => {
            let applied = sinks::migrate_run(&sink.url, &settings).await?;
            print("applied", &applied, "nothing to apply: the tables are current");
        }
        What::Show => print("", &sinks::migrate_show(&sink.url, &settings).await?, "there are no migrations"),
        What::Revert => {
            let reverted = sinks::migrate_revert(&sink.url, &settings).await?;
            print("reverted", reverted.as_slice(), "nothing to revert: no migration is applied");
        }
    }
    Ok(Exit::Done)
}

/// Applies what is pending.
pub(super) async fn migrate(pipeline: &str, sink: &SinkPlan) -> Result<(), Fault> {
    sinks::migrate_run(&sink.url, &sink_settings(pipeline, sink)).await?;
    Ok(())
}

fn print(verb: &str, migrations: &[MigrationStatus], none: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice.
    if migrations.is_empty() {
        let _ = writeln!(out, "{none}");
    }
    for migration in migrations {
        let when = migration.applied_at.map_or_else(|| "pending".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        let what = if verb.is_empty() { when } else { verb.to_owned() };
        let _ = writeln!(out, "{:<24} {what}", migration.name);
    }
}
