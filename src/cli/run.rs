//! `syncline run`: the pipeline, until told to stop or caught up.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::exit::Exit;
use super::format::Format;
use super::{Failure, environment, pipeline, printed, summary};
use crate::api;
use crate::run::{Counts, Health, Pipeline};

/// How long a run that is to end by itself waits for partitions that somebody else owns.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the pipeline: reads its topics, writes profiles, alerts and dead letters. SIGTERM or Ctrl-C finishes what is in hand.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  syncline run --until-caught-up\n  DATABASE_URL=postgres://me@db/admin syncline run pipeline.yaml"
)]
pub(super) struct RunArgs {
    /// The pipeline file
    #[arg(default_value = "pipeline.yaml")]
    file: PathBuf,
    /// End when every input topic is read to the end that it has now, and every effect is durable
    #[arg(long)]
    until_caught_up: bool,
    /// Where health is served, or `off` [default: 127.0.0.1:8080; with --until-caught-up: off]
    #[arg(long, env = "HTTP_ADDR")]
    http_addr: Option<String>,
    /// How the counts of --until-caught-up are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(args: RunArgs) -> Result<Exit, Failure> {
    let plan = pipeline::load(&args.file, &environment::Process)?;
    let health = Arc::new(Health::default());
    let stop = stop_on_signal()?;
    let listener = match address(&args)? {
        Some(address) => Some(api::listen(address).await?),
        None => None,
    };
    let serving = listener.map(|listener| serve(listener, Arc::clone(&health)));
    let patience = args.until_caught_up.then_some(PATIENCE);
    let mut stopped = stop.clone();
    let connected = tokio::select! {
        connected = pipeline::connect(plan, health, patience) => connected?,
        _ = stopped.wait_for(|stop| *stop) => return Ok(Exit::Done),
    };
    let worked = work(&connected, &args, stop).await;
    connected.sink().close().await;
    if let Some(serving) = serving {
        serving.abort();
    }
    worked
}

async fn work(pipeline: &Pipeline, args: &RunArgs, stop: watch::Receiver<bool>) -> Result<Exit, Failure> {
    let began = Instant::now();
    if !args.until_caught_up {
        tracing::info!(pipeline = pipeline.plan().name, "running");
        pipeline.run(stop).await?;
        tracing::info!("{}", farewell(&pipeline.counters().counts()));
        return Ok(Exit::Done);
    }
    let progress = summary::progress(pipeline, &stop).await;
    let worked = pipeline.run_until_caught_up(stop.clone()).await;
    progress.finish();
    worked?;
    let counts = pipeline.counters().counts();
    let exit = if *stop.borrow() { Exit::NotSo } else { Exit::Done };
    if exit == Exit::NotSo {
        eprintln!("told to stop before the end of the topics; the next run reads the rest");
    }
    printed(summary::print(&counts, began.elapsed(), args.format, &mut io::stdout()).map(|()| exit))
}

/// What is said last. Work is dropped where a database or a broker was away when the run was told to stop.
fn farewell(counts: &Counts) -> &'static str {
    if counts.records_resolved >= counts.records_read {
        "stopped: every record that was read is processed"
    } else {
        "stopped: what was read and is not processed, the next run reads again"
    }
}

fn address(args: &RunArgs) -> Result<Option<SocketAddr>, Failure> {
    let wanted = match args.http_addr.as_deref() {
        Some("off") => return Ok(None),
        Some(wanted) => wanted,
        None if args.until_caught_up => return Ok(None),
        None => "127.0.0.1:8080",
    };
    let address = wanted.parse().map_err(|_| Failure::new(Exit::Usage, format!("HTTP_ADDR={wanted:?}: it is IP:PORT or off")))?;
    Ok(Some(address))
}

/// Serves health until the run ends: while it drains, too.
pub(super) fn serve(listener: TcpListener, health: Arc<Health>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(fault) = api::serve(listener, health, std::future::pending()).await {
            tracing::error!(%fault, "health is no longer served");
        }
    })
}

/// Turns true with the first SIGTERM or Ctrl-C. The second one ends the process at once: nothing is lost by that either.
pub(super) fn stop_on_signal() -> Result<watch::Receiver<bool>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::new(Exit::Stopped, format!("cannot listen for signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                std::process::exit(130);
            }
            tracing::info!("stopping: finishing what is in hand, for 5 s at most");
            if stop.send(true).is_err() {
                return;
            }
        }
    });
    Ok(stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_is_not_called_done() {
        let counts = |records_read, records_resolved| Counts { records_read, records_resolved, ..Counts::default() };
        assert!(farewell(&counts(0, 0)).contains("every record that was read is processed"));
        assert!(farewell(&counts(7, 7)).contains("every record that was read is processed"));
        assert!(farewell(&counts(7, 6)).contains("the next run reads again"));
    }
}
