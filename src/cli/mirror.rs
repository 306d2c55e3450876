//! `syncline mirror`: topics from one broker to another.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use comfy_table::{CellAlignment, Table, presets};
use schemas::store::Position;
use schemas::{SystemClock, TopicName};
use serde_json::json;
use sinks::Sink;
use tokio::sync::watch;

use super::exit::Exit;
use super::format::Format;
use super::pipeline::{self, PipelineFile};
use super::progress::Progress;
use super::summary::grouped;
use super::{Failure, environment, printed, run, signals};
use crate::config::{self, Plan};
use crate::run::mirror::{Mirror, Side, Span, segment, spans};
use crate::run::{Counters, Counts, Health, patiently, sink_settings};
use crate::topics::Broker;
use crate::topics::local::Local;

/// How long a mirror that is to end by itself waits for partitions that another process mirrors.
const PATIENCE: Duration = Duration::from_secs(10);

/// Copy topics from one broker of the pipeline file to another.
///
/// Records keep their keys, values, timestamps and, where the other broker has such, headers; and their partitions, where a topic has as
/// many on both sides. Topics that are missing there are created. How far it is, the pipeline's store keeps: a mirror that ends, however
/// it ends, goes on there the next time, and may then copy again what it copied last (at least once). Two of the same brokers do not
/// run beside each other. Nothing is taken away where it is read.
///
/// Without --until-caught-up it goes on until SIGTERM or Ctrl-C, and waits for a broker or a store that is away, saying so.
///
/// Exits with 0 when it was stopped or has caught up, 1 when --until-caught-up was stopped before that, 2 for a broker or a pattern that
/// names nothing, 3 where a broker does not answer when it starts, and 4 on a fault that trying again cannot mend.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  syncline mirror kafka local --topics 'admin.customer.*' --dry-run
  syncline mirror kafka fluvio --topics 'admin.customer.*' --until-caught-up
  syncline mirror local kafka --topics customer.profiles,dlq.failed.messages")]
pub(super) struct MirrorArgs {
    /// The broker to read, by its name under `brokers:`
    from: String,
    /// The broker to write, by its name under `brokers:`
    to: String,
    /// Which topics, with commas; in a name with `*` it stands for any characters, and topics are meant that the pipeline file declares
    #[arg(long, required = true, value_name = "PATTERN,..", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    topics: Vec<String>,
    /// End with the last records that are there now; print counts
    #[arg(long)]
    until_caught_up: bool,
    /// Print what there is to copy, and copy nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(args: MirrorArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.pipeline.path, &environment::Process)?;
    if args.from == args.to {
        return Err(Failure::new(Exit::Usage, format!("`{}` is not copied to itself; name two brokers", args.from)));
    }
    let (from, to) = (broker(&plan, &args.from)?, broker(&plan, &args.to)?);
    let topics = topics(&plan, &args.topics)?;
    let stop = signals::stop()?;
    let from = Side { name: args.from.clone(), topics: from.open(Arc::new(SystemClock)).await? };
    if args.dry_run {
        let to = if is_yet_to_be_made(to) { &Broker::Memory } else { to };
        let to = Side { name: args.to.clone(), topics: to.open(Arc::new(SystemClock)).await? };
        let spans = spans(&from, &to, &topics, &positions(&plan, &args).await?).await?;
        return printed(print_spans(&spans, args.format, &mut io::stdout().lock()).map(|()| Exit::Done));
    }
    let to = Side { name: args.to.clone(), topics: to.open(Arc::new(SystemClock)).await? };
    let health = Arc::new(Health::default());
    let sink = store(&plan, &health).await?;
    let mirror = Mirror {
        from,
        to,
        sink: Arc::clone(&sink),
        clock: Arc::new(SystemClock),
        owner: pipeline::owner(),
        patience: args.until_caught_up.then_some(PATIENCE),
        health,
        counters: Arc::new(Counters::default()),
    };
    let worked = copy(&mirror, &topics, &args, stop.clone()).await;
    run::leave(sink.close(), &stop).await;
    worked
}

async fn copy(mirror: &Mirror, topics: &[TopicName], args: &MirrorArgs, stop: watch::Receiver<bool>) -> Result<Exit, Failure> {
    let began = Instant::now();
    let names = topics.iter().map(TopicName::as_str).collect::<Vec<_>>().join(",");
    tracing::info!(from = mirror.from.name, to = mirror.to.name, topics = names, "mirroring");
    tokio::select! {
        copied = mirror.run(topics, args.until_caught_up, stop.clone()) => copied?,
        never = follow(&mirror.counters) => match never {},
    }
    let counts = mirror.counters.counts();
    let exit = if args.until_caught_up && *stop.borrow() { Exit::NotSo } else { Exit::Done };
    if exit == Exit::NotSo {
        eprintln!("told to stop before the end of the topics; the next run copies the rest");
    }
    printed(print(&counts, began.elapsed(), args.format, &mut io::stdout().lock()).map(|()| exit))
}

/// Shows on a terminal how much was copied, until it is dropped.
async fn follow(counters: &Counters) -> std::convert::Infallible {
    let mut progress = io::stderr().is_terminal().then(|| Progress::new(None));
    loop {
        if let Some(progress) = &mut progress {
            let copied = counters.counts().records_resolved;
            progress.set(copied, format!("{} records copied", grouped(copied)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn broker<'p>(plan: &'p Plan, name: &str) -> Result<&'p Broker, Failure> {
    plan.brokers.get(name).or_else(|| plan.other_brokers.get(name)).ok_or_else(|| {
        let known = plan.brokers.keys().chain(plan.other_brokers.keys()).map(String::as_str);
        let help = config::did_you_mean(name, known, "it names none");
        Failure::new(Exit::Usage, format!("the pipeline file has no broker `{name}`\nhelp: {help}"))
    })
}

/// Whether opening it would make it: a dry run does not, and finds it without topics.
fn is_yet_to_be_made(broker: &Broker) -> bool {
    matches!(broker, Broker::Local { dir } if !Local::is_in(dir))
}

/// The topics that the patterns name, each once, in the order of their names.
fn topics(plan: &Plan, patterns: &[String]) -> Result<Vec<TopicName>, Failure> {
    let mut topics = std::collections::BTreeSet::new();
    for pattern in patterns {
        if !pattern.contains('*') {
            let topic = TopicName::try_from(pattern.as_str());
            topics.insert(topic.map_err(|error| Failure::new(Exit::Usage, format!("--topics: `{pattern}`: {error}")))?);
            continue;
        }
        let declared = plan.topics.values().filter(|topic| !topic.internal && config::matches(pattern, topic.name.as_str()));
        let matched: Vec<_> = declared.map(|topic| topic.name.clone()).collect();
        if matched.is_empty() {
            let message = format!("--topics: `{pattern}` matches no topic that the pipeline file declares");
            return Err(Failure::new(Exit::Usage, message));
        }
        topics.extend(matched);
    }
    Ok(topics.into_iter().collect())
}

/// The store of the pipeline. An embedded one is made where it is missing.
async fn store(plan: &Plan, health: &Arc<Health>) -> Result<Arc<dyn Sink>, Failure> {
    let Some((name, sink)) = plan.sink() else {
        return Err(Failure::new(Exit::NotSo, "the pipeline file names no sink: that is where positions are kept"));
    };
    if sink.url.starts_with("sqlite:") {
        patiently(health, name, || super::migrate::migrate(&plan.name, sink)).await?;
    }
    Ok(sinks::open(&sink.url, &sink_settings(&plan.name, sink)).await?)
}

/// What the store says, if there is one: looking makes none.
async fn positions(plan: &Plan, args: &MirrorArgs) -> Result<Vec<Position>, Failure> {
    let Some((_, sink)) = plan.sink() else { return Ok(Vec::new()) };
    let settings = sink_settings(&plan.name, sink);
    if pipeline::is_yet_to_be_made(&sink.url, &settings).await? {
        return Ok(Vec::new());
    }
    let sink = sinks::open(&sink.url, &settings).await?;
    let positions = sink.positions(&segment(&args.from, &args.to)).await?;
    sink.close().await;
    Ok(positions)
}

fn print_spans(spans: &[Span], format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        let row = |span: &Span| json!({"topic": span.of.topic.as_str(), "partition": span.of.partition, "next": span.next, "end": span.end, "records": span.records()});
        return writeln!(out, "{}", json!({"partitions": spans.iter().map(row).collect::<Vec<_>>()}));
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["topic", "partition", "from offset", "to offset", "records"]);
    for span @ Span { of, next, end, .. } in spans {
        let records = grouped(span.records());
        table.add_row([of.topic.to_string(), of.partition.to_string(), next.to_string(), end.to_string(), records]);
    }
    for column in 1..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")?;
    writeln!(out, "{} records to copy", grouped(spans.iter().map(Span::records).sum()))
}

fn print(counts: &Counts, took: Duration, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let seconds = took.as_secs_f64();
    let (records, bytes) = (counts.records_resolved, counts.bytes_read);
    if format == Format::Json {
        return writeln!(
            out,
            "{}",
            json!({"records_copied": records, "bytes_read": bytes, "retries": counts.retries, "seconds": seconds})
        );
    }
    writeln!(out, "{} records copied in {seconds:.1} s", grouped(records))
}

#[cfg(test)]
mod tests;
