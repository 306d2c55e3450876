//! `syncline run`: the pipeline, until told to stop or caught up.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use schemas::SystemClock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use super::exit::Exit;
use super::format::Format;
use super::{Failure, environment, pipeline, printed, signals, summary};
use crate::api;
use crate::config::Environment;
use crate::metrics::Metrics;
use crate::run::{Counts, Health, Options, Pipeline, Share};

/// How long a run that is to end by itself waits for partitions that somebody else owns.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a store may take to close once the run is told to stop: what works needs milliseconds.
const FAREWELL: Duration = Duration::from_millis(500);

/// Where health is served unless somebody says otherwise.
const HEALTH: &str = "127.0.0.1:8080";

/// Run the pipeline: topics in; profiles, alerts and dead letters out.
///
/// Goes on until SIGTERM or Ctrl-C, and waits for a broker or a database that is away, saying so. Told to stop, it finishes the
/// transactions in hand and ends within about 5 s; the next run goes on behind what is committed. A second signal ends it at once (exit
/// code 130 after Ctrl-C, 143 after SIGTERM), and nothing is lost by that either.
///
/// Topics that are missing are created, and the tables of an embedded store. Those of PostgreSQL are made by `syncline migrate run`.
///
/// Exits with 0 when it was stopped or has caught up, 1 when --until-caught-up was stopped before that, and 4 on a fault that trying again
/// cannot mend: a file with errors, missing tables, with --until-caught-up partitions that another process keeps for 10 s.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  syncline run --until-caught-up
  DATABASE_URL=postgres://me@db/admin syncline run pipeline.yaml
  DATABASE_URL=postgres://me@db/admin syncline run --worker 2/3
  DATABASE_URL=postgres://me@db/admin syncline run --only intake")]
pub(super) struct RunArgs {
    /// The pipeline file
    #[arg(default_value = "pipeline.yaml")]
    file: PathBuf,
    /// End when every input topic is read to the end that it has now, and every effect is durable; print counts
    #[arg(long)]
    until_caught_up: bool,
    /// Run only these segments, and leave the others to other processes. A segment is a stage, with those that internal topics join to
    /// it, and is named after the first. Processes share a PostgreSQL store; an embedded one is for one process
    #[arg(long, value_name = "SEGMENT,..", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    only: Vec<String>,
    /// Read only the partitions of the I-th of N workers (1/3, 2/3, 3/3), and leave the others to other processes, each started with
    /// its own I and the same N. Without it, and without --until-caught-up, a worker on Kafka takes what its `group` gives it; any other
    /// takes all. Processes share a PostgreSQL store
    #[arg(long, value_name = "I/N")]
    worker: Option<Share>,
    /// Where health and metrics are served, as IP:PORT, or `off` [env: HTTP_ADDR] [default: 127.0.0.1:8080; with --until-caught-up: off]
    #[arg(long, value_name = "ADDRESS")]
    http_addr: Option<String>,
    /// Where they are served instead, as IP:PORT, or `off`: an address that others than users may reach [env: HEALTH_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    health_addr: Option<String>,
    /// How the counts of --until-caught-up are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(args: RunArgs) -> Result<Exit, Failure> {
    let mut plan = pipeline::load(&args.file, &environment::Process)?;
    if !args.only.is_empty() {
        plan.keep_only(&args.only).map_err(|error| Failure::new(Exit::Usage, format!("--only: {error}")))?;
    }
    let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::default()));
    let stop = signals::stop()?;
    let listener = match address(&args, &environment::Process)? {
        Some((said, address)) => Some(api::listen(address).await.map_err(|fault| {
            fault.advise(format!(
                "end what listens there, or name another address by {}",
                said.unwrap_or("--http-addr or HTTP_ADDR")
            ))
        })?),
        None => None,
    };
    let serving = listener.map(|listener| serve(listener, Arc::clone(&health), Arc::clone(&metrics)));
    let patience = args.until_caught_up.then_some(PATIENCE);
    let mut stopped = stop.clone();
    let (clock, owner) = (Arc::new(SystemClock), pipeline::owner());
    let options = Options { clock, owner, patience, share: args.worker, health, metrics };
    let connected = tokio::select! {
        connected = pipeline::connect(plan, options) => connected?,
        _ = stopped.wait_for(|stop| *stop) => {
            if args.until_caught_up {
                eprintln!("told to stop before it was connected; nothing was read");
                return Ok(Exit::NotSo);
            }
            return Ok(Exit::Done);
        }
    };
    let worked = work(&connected, &args, stop.clone()).await;
    leave(connected.sink().close(), &stop).await;
    if let Some(serving) = serving {
        serving.abort();
    }
    worked
}

async fn work(pipeline: &Pipeline, args: &RunArgs, stop: watch::Receiver<bool>) -> Result<Exit, Failure> {
    let began = Instant::now();
    if !args.until_caught_up {
        let segments: Vec<_> = pipeline.plan().segments.iter().map(|segment| segment.name.as_str()).collect();
        tracing::info!(pipeline = pipeline.plan().name, segments = segments.join(","), "running");
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

/// Waits for the store to close. Once told to stop, not for one that is away: what is committed is committed.
pub(super) async fn leave(closing: impl Future<Output = ()>, stop: &watch::Receiver<bool>) {
    let told = *stop.borrow();
    if told {
        // What does not answer is closed with the process.
        let _ = timeout(FAREWELL, closing).await;
    } else {
        closing.await;
    }
}

/// What is said last. Work is dropped where a database or a broker was away when the run was told to stop.
fn farewell(counts: &Counts) -> &'static str {
    if counts.records_resolved >= counts.records_read {
        "stopped: every record that was read is processed"
    } else {
        "stopped: what was read and is not processed, the next run reads again"
    }
}

/// Where health is served, if it is, with the option or the variable that says so. An option counts before its variable.
fn address(args: &RunArgs, environment: &dyn Environment) -> Result<Option<(Option<&'static str>, SocketAddr)>, Failure> {
    // Set to nothing is not set, as in the pipeline file.
    let some = |said, value: Option<String>| value.filter(|value| !value.is_empty()).map(|value| (Some(said), value));
    let option = |name, value: &Option<String>| some(name, value.clone());
    let variable = |name| some(name, environment.variable(name).ok());
    let (said, wanted) = option("--health-addr", &args.health_addr)
        .or_else(|| variable("HEALTH_ADDR"))
        .or_else(|| option("--http-addr", &args.http_addr))
        .or_else(|| variable("HTTP_ADDR"))
        .unwrap_or_else(|| (None, if args.until_caught_up { "off" } else { HEALTH }.to_owned()));
    if wanted == "off" {
        return Ok(None);
    }
    let wrong = |_| Failure::new(Exit::Usage, format!("{}={wanted:?}: it is IP:PORT or off", said.unwrap_or_default()));
    wanted.parse().map(|address| Some((said, address))).map_err(wrong)
}

/// Serves health and metrics until the run ends: while it drains, too.
pub(super) fn serve(listener: TcpListener, health: Arc<Health>, metrics: Arc<Metrics>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(fault) = api::serve(listener, health, metrics, std::future::pending()).await {
            tracing::error!(%fault, "health and metrics are no longer served");
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cli::environment::Overridden;

    fn args(until_caught_up: bool, http: Option<&str>, health: Option<&str>) -> RunArgs {
        RunArgs {
            file: PathBuf::new(),
            until_caught_up,
            only: Vec::new(),
            worker: None,
            http_addr: http.map(str::to_owned),
            health_addr: health.map(str::to_owned),
            format: Format::Text,
        }
    }

    fn with(variables: &[(&'static str, &str)]) -> Overridden {
        let unset = [("HTTP_ADDR", None), ("HEALTH_ADDR", None)];
        Overridden(unset.into_iter().chain(variables.iter().map(|(name, value)| (*name, Some((*value).to_owned())))).collect())
    }

    fn served_at(until_caught_up: bool, http: Option<&str>, health: Option<&str>) -> Option<String> {
        let by_options = address(&args(until_caught_up, http, health), &with(&[])).unwrap();
        let set = [("HTTP_ADDR", http.unwrap_or_default()), ("HEALTH_ADDR", health.unwrap_or_default())];
        let by_variables = address(&args(until_caught_up, None, None), &with(&set)).unwrap();
        assert_eq!(by_options.map(|(_, address)| address), by_variables.map(|(_, address)| address));
        by_options.map(|(_, address)| address.to_string())
    }

    #[test]
    fn what_is_wrong_is_named_as_it_was_given() {
        let set = with(&[("HTTP_ADDR", "nonsense")]);
        let said = address(&args(false, None, None), &set).unwrap_err().message;
        assert!(said.contains("HTTP_ADDR=\"nonsense\""), "{said}");
        let said = address(&args(false, Some("rubbish"), None), &set).unwrap_err().message;
        assert!(said.contains("--http-addr=\"rubbish\""), "{said}");
        let said = address(&args(false, None, Some("localhost")), &set).unwrap_err().message;
        assert!(said.contains("--health-addr=\"localhost\""), "{said}");
    }

    #[test]
    fn health_has_an_address_of_its_own_where_one_is_given() {
        assert_eq!(served_at(false, None, None).as_deref(), Some(HEALTH));
        assert_eq!(served_at(true, None, None), None);
        assert_eq!(served_at(true, Some("127.0.0.1:1"), Some("")).as_deref(), Some("127.0.0.1:1"));
        assert_eq!(served_at(false, Some("127.0.0.1:1"), Some("127.0.0.1:2")).as_deref(), Some("127.0.0.1:2"));
        assert_eq!(served_at(false, Some("off"), Some("[::1]:2")).as_deref(), Some("[::1]:2"));
        assert_eq!(served_at(false, Some("127.0.0.1:1"), Some("off")), None);
        assert_eq!(served_at(false, Some("off"), None), None);
    }

    #[tokio::test]
    async fn a_store_that_is_away_does_not_hold_up_a_stop() {
        let (_stop, stopped) = watch::channel(true);
        let began = Instant::now();
        leave(std::future::pending(), &stopped).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn what_was_dropped_is_not_called_done() {
        let counts = |records_read, records_resolved| Counts { records_read, records_resolved, ..Counts::default() };
        assert!(farewell(&counts(0, 0)).contains("every record that was read is processed"));
        assert!(farewell(&counts(7, 7)).contains("every record that was read is processed"));
        assert!(farewell(&counts(7, 6)).contains("the next run reads again"));
    }
}
