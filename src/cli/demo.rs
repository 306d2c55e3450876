//! `syncline demo`: the whole pipeline on the embedded default, in one command.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use schemas::{Fault, FaultKind, Outgoing};
use serde_json::json;
use tokio::sync::watch;

use super::environment::Overridden;
use super::exit::Exit;
use super::format::Format;
use super::{Failure, pipeline, printed, run, signals, summary};
use crate::api;
use crate::config::Plan;
use crate::generate::{Generator, Line};
use crate::harmless::in_one_line;
use crate::metrics::Metrics;
use crate::record_line;
use crate::run::{Health, Pipeline};
use crate::topics::TopicPartition;

/// Records produced at a time.
const AT_ONCE: usize = 1_000;

/// Show the whole pipeline at work, on customers that are made up.
///
/// Generates customers, produces their events, runs the pipeline over them, and prints what came of it. Needs no broker and no database:
/// BROKER and DATABASE_URL are not looked at. Everything lives in the folder `demo` below SYNCLINE_DIR [default: .syncline], from which
/// what an earlier demo left is removed.
///
/// On a terminal it then goes on running, with health and metrics on 127.0.0.1:8080, until Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  syncline demo\n  syncline demo --customers 500 --faulty 5 --exit --format json")]
pub(super) struct DemoArgs {
    /// The pipeline file
    #[arg(default_value = "pipeline.yaml")]
    file: PathBuf,
    /// How many customers to generate
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    customers: u64,
    /// What they are generated from; the same seed gives the same customers
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many of a hundred events are broken, to show dead letters
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=100))]
    faulty: u8,
    /// End when the result is printed; so it does anyway where stdin is no terminal
    #[arg(long)]
    exit: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(args: DemoArgs) -> Result<Exit, Failure> {
    // Set to nothing is not set, as in the pipeline file.
    let base = std::env::var_os("SYNCLINE_DIR").filter(|dir| !dir.is_empty());
    let base = base.map_or_else(|| PathBuf::from(".syncline"), PathBuf::from).join("demo");
    // The pipeline file reads the folder relative to itself.
    let base = std::path::absolute(&base).map_err(|error| Failure::new(Exit::Stopped, format!("{}: {error}", base.display())))?;
    let plan = pipeline::load(&args.file, &embedded(&base))?;
    empty(&base)?;
    let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::default()));
    let stop = signals::stop()?;
    let pipeline =
        pipeline::connect(plan, Arc::clone(&health), Arc::clone(&metrics), Some(Duration::from_secs(10)), None).await?;

    eprintln!("generating the events of {} customers", summary::grouped(args.customers));
    let began = Instant::now();
    let produced = produce(&pipeline, &args, &stop).await?;
    eprintln!("produced {} records in {:.1} s", summary::grouped(produced), began.elapsed().as_secs_f64());

    let progress = summary::progress(&pipeline, &stop).await;
    let began = Instant::now();
    let worked = pipeline.run_until_caught_up(stop.clone()).await;
    progress.finish();
    worked?;
    printed(print(&pipeline, began.elapsed(), args.format).await?.map(|()| Exit::Done))?;
    eprintln!("everything is in {}", in_one_line(&base.to_string_lossy()));
    if args.exit || !io::stdin().is_terminal() || *stop.borrow() {
        run::leave(pipeline.sink().close(), &stop).await;
        return Ok(Exit::Done);
    }
    let listening = api::listen(([127, 0, 0, 1], 8080).into()).await;
    let listener =
        listening.map_err(|fault| fault.advise("end what listens there, or leave the demo at its result by --exit"))?;
    eprintln!("running; health is at http://127.0.0.1:8080/health/ready, metrics at /metrics; Ctrl-C ends it");
    let serving = run::serve(listener, health, metrics);
    let worked = pipeline.run(stop.clone()).await;
    run::leave(pipeline.sink().close(), &stop).await;
    serving.abort();
    worked?;
    Ok(Exit::Done)
}

/// Prints what was done, and what the topics hold.
async fn print(pipeline: &Pipeline, took: Duration, format: Format) -> Result<io::Result<()>, Fault> {
    let counts = pipeline.counters().counts();
    let topics = held(pipeline.plan(), pipeline).await?;
    let out = &mut io::stdout().lock();
    Ok(match format {
        Format::Json => writeln!(out, "{}", json!({"counts": summary::json(&counts, took), "topics": topics})),
        Format::Text => summary::print(&counts, took, format, out).and_then(|()| writeln!(out, "{}", table(topics))),
    })
}

/// The environment in which the shipped file means the embedded broker and store, whatever is set outside.
fn embedded(dir: &Path) -> Overridden {
    Overridden(BTreeMap::from([("BROKER", None), ("DATABASE_URL", None), ("SYNCLINE_DIR", Some(dir.display().to_string()))]))
}

/// Removes what an earlier demo left. Anything else in the folder is somebody's, and stays.
fn empty(dir: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Stopped, format!("cannot empty the folder {}: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if ["topics.db", "profiles.db"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Writes the events of the customers, until it is told to stop.
async fn produce(pipeline: &Pipeline, args: &DemoArgs, stop: &watch::Receiver<bool>) -> Result<u64, Failure> {
    let mut produced = 0;
    let mut lines = Generator::new(args.seed, args.customers, args.faulty);
    while !*stop.borrow() {
        let batch = lines.by_ref().take(AT_ONCE).map(|line| record(&line)).collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            break;
        }
        produced += batch.len() as u64;
        pipeline.produce(batch).await?;
    }
    Ok(produced)
}

/// The record that a generated line stands for.
fn record(line: &Line) -> Result<Outgoing, Fault> {
    let wrong =
        |error: Box<dyn std::error::Error + Send + Sync>| Fault::caused(FaultKind::Bug, "a generated event is no record", error);
    let text = serde_json::to_vec(line).map_err(|error| wrong(error.into()))?;
    record_line::parse(1, &text).map_err(|error| wrong(error.into()))
}

fn table(topics: BTreeMap<String, u64>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(["topic", "records"]);
    for (topic, records) in topics {
        table.add_row([topic, summary::grouped(records)]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// How many records each topic holds, those that hold none left out.
async fn held(plan: &Plan, pipeline: &Pipeline) -> Result<BTreeMap<String, u64>, Fault> {
    let mut held = BTreeMap::new();
    for topic in plan.topics.values().filter(|topic| !topic.internal) {
        let Some(broker) = pipeline.brokers().get(&topic.broker) else { continue };
        let partitions = broker.partitions(std::slice::from_ref(&topic.name)).await?;
        for partition in 0..partitions.get(&topic.name).copied().unwrap_or_default() {
            let bounds = broker.bounds(&TopicPartition { topic: topic.name.clone(), partition }).await?;
            *held.entry(topic.name.to_string()).or_default() += bounds.end - bounds.first;
        }
    }
    held.retain(|_, records| *records > 0);
    Ok(held)
}
