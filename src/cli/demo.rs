//! `syncline demo`: the whole pipeline on the embedded default, in one command.

mod syncs;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use schemas::{Clock, Fault};
use serde_json::json;
use tokio::sync::watch;

use self::syncs::{Leaping, Shown, Syncs};
use super::environment::Overridden;
use super::exit::Exit;
use super::format::Format;
use super::{Failure, pipeline, printed, run, signals, summary};
use crate::api;
use crate::config::Plan;
use crate::generate::Generator;
use crate::harmless::in_one_line;
use crate::metrics::Metrics;
use crate::run::{Counts, Health, Options, Pipeline};
use crate::topics::TopicPartition;

/// Records produced at a time.
const AT_ONCE: usize = 1_000;

/// Show the whole pipeline at work, on customers that are made up.
///
/// Generates customers, produces their events, runs the pipeline over them, and prints what came of it. Then it shows three syncs at the
/// pace of a clock that leaps from one deadline to the next: one that is answered, a retry, one that is given up. Needs no broker and no database:
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
    let clock = Arc::new(Leaping::new());
    let options = Options {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        owner: pipeline::owner(),
        patience: Some(Duration::from_secs(10)),
        share: None,
        health: Arc::clone(&health),
        metrics: Arc::clone(&metrics),
    };
    let pipeline = pipeline::connect(plan, options).await?;

    eprintln!("generating the events of {} customers", summary::grouped(args.customers));
    let began = Instant::now();
    let produced = produce(&pipeline, &args, &stop).await?;
    eprintln!("produced {} records in {:.1} s", summary::grouped(produced), began.elapsed().as_secs_f64());

    let progress = summary::progress(&pipeline, &stop).await;
    let began = Instant::now();
    let worked = pipeline.run_until_caught_up(stop.clone()).await;
    progress.finish();
    worked?;
    let (counts, took) = (pipeline.counters().counts(), began.elapsed());
    let (shown, source) = syncs(&pipeline, &clock, &args, &stop).await?;
    clock.catch_up();
    printed(print(&pipeline, &counts, took, &shown, args.format).await?.map(|()| Exit::Done))?;
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
    let answering = source.map(|source| tokio::spawn(source.go_on(stop.clone())));
    let worked = pipeline.run(stop.clone()).await;
    if let Some(answering) = answering {
        answering.abort();
    }
    run::leave(pipeline.sink().close(), &stop).await;
    serving.abort();
    worked?;
    Ok(Exit::Done)
}

/// Shows three syncs, unless the workflow is switched off. Answers the source that played with them.
async fn syncs(
    pipeline: &Pipeline,
    clock: &Arc<Leaping>,
    args: &DemoArgs,
    stop: &watch::Receiver<bool>,
) -> Result<(Vec<Shown>, Option<Syncs>), Failure> {
    let Some(desk) = pipeline.desk().filter(|_| !*stop.borrow()) else { return Ok((Vec::new(), None)) };
    let mut syncs = Syncs::begin(pipeline, Arc::clone(clock), args.seed, args.customers).await?;
    let shown = syncs.show(pipeline, &desk, clock, stop).await?;
    Ok((shown, Some(syncs)))
}

/// Prints what was done, and what the topics hold.
async fn print(
    pipeline: &Pipeline,
    counts: &Counts,
    took: Duration,
    shown: &[Shown],
    format: Format,
) -> Result<io::Result<()>, Fault> {
    let topics = held(pipeline.plan(), pipeline).await?;
    let out = &mut io::stdout().lock();
    Ok(match format {
        Format::Json => writeln!(out, "{}", json!({"counts": summary::json(counts, took), "syncs": shown, "topics": topics})),
        Format::Text => summary::print(counts, took, format, out)
            .and_then(|()| if shown.is_empty() { Ok(()) } else { syncs::print(shown, out) })
            .and_then(|()| writeln!(out, "{}", table(topics))),
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
        let batch = lines.by_ref().take(AT_ONCE).map(|line| line.record()).collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            break;
        }
        produced += batch.len() as u64;
        pipeline.produce(batch).await?;
    }
    Ok(produced)
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
