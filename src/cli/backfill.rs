//! `syncline backfill`: a sync for each profile that is not of the current data version (spec/3 §7).

use std::io::{self, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use schemas::profile::{CustomerType, SyncStatus};
use schemas::store::ProfileFilter;
use schemas::sync::SyncPriority;
use serde_json::{Value, json};

use super::exit::Exit;
use super::format::Format;
use super::pipeline::PipelineFile;
use super::progress::Progress;
use super::{Failure, environment, pipeline, printed, signals, sync};
use crate::run::{BackfillPlan, BackfillReport};

/// The data version of profiles that need no backfill.
const CURRENT: &str = "2.1";

/// Ask the source for the data of many customers, at a bounded rate.
///
/// The migration of existing profiles.
///
/// Without a filter: of every profile whose data version is not 2.1. It notes how far it is; ended at any moment, it goes on there with
/// the next call under its name. `syncline run`, which must be running, sends the requests and waits for the answers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syncline backfill --dry-run\n  syncline backfill --rate 100\n  syncline backfill --name failed --all-versions --sync-status sync_failed"
)]
pub(super) struct BackfillArgs {
    /// Its name; one that was ended goes on under it
    #[arg(long, default_value = "migration", value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// How many syncs are asked for a second
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Count what would be asked for, and ask for nothing
    #[arg(long)]
    dry_run: bool,
    /// Profiles of the current data version, too
    #[arg(long)]
    all_versions: bool,
    /// Only customers of this type
    #[arg(long, value_parser = PossibleValuesParser::new(["PME", "FINANCIAL_INSTITUTION"]).map(|name| customer_type(&name)))]
    customer_type: Option<CustomerType>,
    /// Only profiles whose synchronisation stands so
    #[arg(long, value_parser = PossibleValuesParser::new(STATUSES.map(SyncStatus::as_str)).map(|name| status(&name)))]
    sync_status: Option<SyncStatus>,
    /// Only profiles that were not synchronised since this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    not_synced_since: Option<DateTime<Utc>>,
    /// The priority of the syncs
    #[arg(long, default_value = "low", value_parser = PossibleValuesParser::new(SyncPriority::ALL.map(SyncPriority::as_str)).map(|name| sync::priority(&name)))]
    priority: SyncPriority,
    /// Why; stands in the history
    #[arg(long, default_value = "backfill")]
    reason: String,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const STATUSES: [SyncStatus; 5] =
    [SyncStatus::NotSynced, SyncStatus::SyncScheduled, SyncStatus::PendingSync, SyncStatus::Synced, SyncStatus::SyncFailed];

fn customer_type(name: &str) -> CustomerType {
    if name == CustomerType::Pme.as_str() { CustomerType::Pme } else { CustomerType::FinancialInstitution }
}

fn status(name: &str) -> SyncStatus {
    STATUSES.into_iter().find(|status| status.as_str() == name).unwrap_or_default()
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| "write a time with its zone, such as 2026-03-01T08:00:00Z".into())
}

impl BackfillArgs {
    fn plan(&self) -> BackfillPlan {
        let filter = ProfileFilter {
            data_version_not: (!self.all_versions).then(|| CURRENT.to_owned()),
            customer_type: self.customer_type,
            sync_status: self.sync_status,
            not_synced_since: self.not_synced_since,
        };
        BackfillPlan {
            name: self.name.clone(),
            filter,
            rate: self.rate,
            priority: self.priority,
            by: sync::user(),
            reason: self.reason.clone(),
        }
    }
}

pub(super) async fn run(args: BackfillArgs) -> Result<Exit, Failure> {
    let plan = Arc::new(pipeline::load(&args.pipeline.path, &environment::Process)?);
    let (desk, sink) = sync::desk(&plan).await?;
    let backfill = args.plan();
    let mut rehearsed = desk.rehearse(&backfill).await?;
    // One of which nothing is left is not through until it says so.
    if !args.dry_run && (rehearsed.asked > 0 || rehearsed.resumed) {
        let total = rehearsed.asked;
        let mut progress = Progress::new(Some(total));
        let stop = signals::stop()?;
        let told = |asked| progress.set(asked * 100 / total.max(1), format!("{asked} of {total} asked for"));
        let done = desk.backfill(&backfill, stop, told).await;
        drop(progress);
        rehearsed = done?;
    }
    sink.close().await;
    let exit =
        if args.dry_run || rehearsed.finished || rehearsed.asked + rehearsed.left_out == 0 { Exit::Done } else { Exit::NotSo };
    printed(print(&args, &rehearsed, &mut io::stdout().lock()).map(|()| exit))
}

fn print(args: &BackfillArgs, report: &BackfillReport, out: &mut dyn Write) -> io::Result<()> {
    let kinds = report.kinds.iter();
    if args.format == Format::Json {
        let kind = |((customer_type, version, status), profiles): (&(String, String, String), &u64)| json!({"customerType": customer_type, "dataVersion": version, "syncStatus": status, "profiles": profiles});
        let kinds: Vec<Value> = kinds.map(kind).collect();
        let result = json!({
            "name": args.name, "dryRun": args.dry_run, "asked": report.asked, "leftOut": report.left_out, "askedInAll": report.asked_in_all,
            "resumed": report.resumed, "finished": report.finished, "kinds": kinds,
        });
        return writeln!(out, "{result}");
    }
    let resumed = if report.resumed { ", going on where it had ended" } else { "" };
    match (args.dry_run, report.asked) {
        (_, 0) if report.left_out == 0 => writeln!(out, "nothing to ask for{resumed}")?,
        (true, asked) => {
            let seconds = asked.div_ceil(args.rate.into());
            writeln!(out, "would ask for {asked} profiles{resumed}, in about {seconds} s at {} a second:", args.rate)?;
        }
        (false, asked) => writeln!(out, "asked for {asked} profiles{resumed}:")?,
    }
    for ((customer_type, version, status), profiles) in kinds {
        writeln!(out, "  {profiles:>9}  {customer_type:<22} dataVersion {version:<6} {status}")?;
    }
    if report.left_out > 0 {
        writeln!(out, "{} were left out: outside the rollout of keep_in_sync, or asked for before", report.left_out)?;
    }
    if !args.dry_run && report.asked + report.left_out > 0 && !report.finished {
        writeln!(out, "it is not through: `syncline backfill --name {}` goes on", args.name)?;
    }
    Ok(())
}
