//! `syncline sync`: asks the source for a customer's data now (spec/3 §1).

use std::io::{self, Write};
use std::sync::Arc;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use schemas::sync::{Phase, Sync, SyncPriority};
use schemas::{Clock, SystemClock};
use serde_json::json;
use sinks::Sink;
use transforms::keep_in_sync::known_codes;
use uuid::Uuid;

use super::exit::Exit;
use super::format::Format;
use super::pipeline::PipelineFile;
use super::{Failure, environment, pipeline, printed};
use crate::config::Plan;
use crate::harmless::in_one_line;
use crate::run::{Desk, sink_settings};

/// Ask the source system for a customer's data now.
///
/// The request waits in the store and is sent by a running `syncline run`, which also waits for the answer, asks again, and gives up. A
/// customer whose sync is open already is asked for once more when that one ends, unless its answer is as new as this wish.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syncline sync 67d7ee92-a07c-4793-99d1-63eaec1826d8\n  syncline sync c-1 --priority urgent --reason \"a call\" --sections assets_data,stocks_data"
)]
pub(super) struct SyncArgs {
    /// The customer
    #[arg(value_parser = NonEmptyStringValueParser::new().try_map(customer))]
    customer: String,
    /// How soon an answer is wanted
    #[arg(long, default_value = "high", value_parser = PossibleValuesParser::new(SyncPriority::ALL.map(SyncPriority::as_str)).map(|name| priority(&name)))]
    priority: SyncPriority,
    /// Why; stands in the history
    #[arg(long, default_value = "asked for on the command line")]
    reason: String,
    /// What to ask for, by code, with commas between; without it all there is
    #[arg(long, value_delimiter = ',', value_parser = PossibleValuesParser::new(known_codes()))]
    sections: Vec<String>,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// An id as events have it (spec/1 §3): of 1 to 255 characters.
fn customer(id: String) -> Result<String, &'static str> {
    if id.chars().count() <= 255 { Ok(id) } else { Err("no customer's id has more than 255 characters") }
}

pub(super) fn priority(name: &str) -> SyncPriority {
    SyncPriority::ALL.into_iter().find(|priority| priority.as_str() == name).unwrap_or(SyncPriority::High)
}

pub(super) async fn run(args: SyncArgs) -> Result<Exit, Failure> {
    let plan = Arc::new(pipeline::load(&args.pipeline.path, &environment::Process)?);
    let (desk, sink) = desk(&plan).await?;
    let by = user();
    if !desk.concerns(&args.customer) {
        sink.close().await;
        let message = "the customer is outside the rollout of keep_in_sync: it is not asked for\nhelp: raise `rollout` in the pipeline file";
        return Err(Failure::new(Exit::NotSo, message));
    }
    let asked = desk.ask(&Uuid::new_v4().to_string(), &args.customer, &by, args.priority, &args.reason, args.sections).await;
    sink.close().await;
    let Some(sync) = asked?.sync else {
        return Err(Failure::new(Exit::Stopped, "the wish was granted, but not by this command: look at sync_requests"));
    };
    printed(print(&args.customer, &sync, args.format, &mut io::stdout().lock()).map(|()| Exit::Done))
}

/// Opens the store of a pipeline, where syncs are asked for.
pub(super) async fn desk(plan: &Arc<Plan>) -> Result<(Desk, Arc<dyn Sink>), Failure> {
    let Some((_, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink"));
    };
    if sink.url.starts_with("sqlite:") {
        super::migrate::migrate(&plan.name, sink).await?;
    }
    let sink = sinks::open(&sink.url, &sink_settings(&plan.name, sink)).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    match Desk::of(plan, &sink, &clock) {
        Some(desk) => Ok((desk, sink)),
        None => {
            let message =
                "no stage of the pipeline has `use: keep_in_sync`, or it is switched off\nhelp: set ENABLE_V21_WORKFLOW=true";
            Err(Failure::new(Exit::NotSo, message))
        }
    }
}

/// Who asks, for the history.
pub(super) fn user() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "command line".to_owned())
}

fn print(customer: &str, sync: &Sync, format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        let result = json!({
            "customerId": customer,
            "syncId": sync.id,
            "status": sync.phase.as_str(),
            "priority": sync.priority.as_str(),
            "requestedData": sync.data,
            "due": sync.due,
            "steps": sync.steps,
        });
        return writeln!(out, "{result}");
    }
    let due = sync.due.map_or_else(String::new, |due| due.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let customer = in_one_line(customer);
    match sync.phase {
        Phase::Pending => {
            writeln!(
                out,
                "{customer}: sync {} is asked for ({}); an answer is awaited until {due}",
                sync.id,
                sync.priority.as_str()
            )?;
            for step in &sync.steps {
                writeln!(out, "  {} {}", step.step.as_str(), in_one_line(&step.message))?;
            }
            Ok(())
        }
        _ => writeln!(out, "{customer}: another sync is open; {} follows when that one ends", sync.id),
    }
}
