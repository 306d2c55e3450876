//! `syncline simulate-source`: a stand-in for the system that answers sync requests, for demos and tests.

mod answering;

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::Arc;

use clap::Args;
use schemas::SystemClock;
use schemas::quantity::DURATION;

use super::exit::Exit;
use super::format::Format;
use super::pipeline::PipelineFile;
use super::{Failure, environment, pipeline, printed, signals};
use crate::generate::{Manners, Source, SourceRequest};

pub(super) use self::answering::Answering;
use self::answering::Counts;

/// Answer sync requests as the source system would, with data that are made up.
///
/// Reads what the pipeline asks for (`requests` of its step keep_in_sync) and answers on admin.customer.complete.profile.v2_1, until Ctrl-C. Customers of
/// `syncline generate` with the same seed are answered for as they are there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  syncline simulate-source
  syncline simulate-source --delay 1s..20s --loss 30 --duplication 10
  syncline simulate-source --from-beginning --until-caught-up --delay 0s")]
pub(super) struct SimulateSourceArgs {
    /// How long an answer takes: a duration, or two between which it is drawn
    #[arg(long, value_name = "D[..D]", default_value = "500ms", value_parser = delay)]
    delay: RangeInclusive<u32>,
    /// How many of a hundred requests are never answered
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    loss: u8,
    /// How many of a hundred answers are sent twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplication: u8,
    /// How many customers of `syncline generate` it knows; of others it makes something up
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    customers: u64,
    /// The seed of those customers, and of what is lost, late and sent twice
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Begin with the first request that is still held; else with those from now on
    #[arg(long)]
    from_beginning: bool,
    /// End when all requests that are there now are answered
    #[arg(long)]
    until_caught_up: bool,
    #[command(flatten)]
    pipeline: PipelineFile,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Milliseconds, from a duration or two.
fn delay(text: &str) -> Result<RangeInclusive<u32>, String> {
    let read = |text: &str| {
        let ms = DURATION.read(text).map_err(|error| error.to_string())?;
        u32::try_from(ms).map_err(|_| format!("{text} is too long: 49d at most"))
    };
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let (least, most) = (read(least)?, read(most)?);
    if least <= most && most < u32::MAX { Ok(least..=most) } else { Err(format!("{text}: the first is the shorter")) }
}

pub(super) async fn run(args: SimulateSourceArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.pipeline.path, &environment::Process)?;
    let stop = signals::stop()?;
    let topics = pipeline::brokers(&plan).await?;
    let source = Source::new(Manners {
        seed: args.seed,
        customers: args.customers,
        delay_ms: args.delay.clone(),
        loss_percent: args.loss,
        duplication_percent: args.duplication,
    });
    let answers = Box::new(move |request: &SourceRequest, now| source.answers(request, now));
    let mut answering = Answering::begin(&plan, topics, Arc::new(SystemClock), answers, args.from_beginning).await?;
    if !args.until_caught_up {
        eprintln!("answering what comes on {}; Ctrl-C ends it", answering.requests);
    }
    let worked = answering.work(args.until_caught_up, stop).await;
    printed(print(&answering.counts(), args.format, &mut io::stdout().lock()).map(|()| Exit::Done))?;
    worked?;
    Ok(Exit::Done)
}

fn print(counts: &Counts, format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Json {
        return writeln!(out, "{}", serde_json::to_string(counts).expect("numbers serialise"));
    }
    let Counts { requests, others, lost, answers, unsent } = counts;
    writeln!(out, "{requests} requests, {lost} of them lost; {answers} answers sent")?;
    if *others > 0 {
        writeln!(out, "{others} records were no requests")?;
    }
    if *unsent > 0 {
        writeln!(out, "{unsent} answers were not sent: their time had not come")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::delay;

    #[test]
    fn a_delay_is_one_duration_or_two() {
        assert_eq!(delay("500ms"), Ok(500..=500));
        assert_eq!(delay("1s..2m"), Ok(1_000..=120_000));
        for wrong in ["", "2s..1s", "5", "..", "1s..", "-1s", "60d"] {
            assert!(delay(wrong).is_err(), "{wrong}");
        }
    }
}
