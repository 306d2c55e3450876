//! The command line (spec/5): one command a file, and one explicit `match`.
//!
//! stdout carries the result, and only it; stderr the progress and the logs.

mod backfill;
pub mod check;
pub mod consume;
mod dead_letters;
mod demo;
pub mod environment;
pub mod exit;
pub mod format;
pub mod generate;
mod lines;
pub mod list;
mod log;
mod migrate;
mod mirror;
mod pipeline;
pub mod produce;
mod progress;
mod run;
mod signals;
mod simulate_source;
mod summary;
mod sync;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use schemas::Fault;

use self::exit::Exit;
use crate::harmless::{in_lines, in_one_line};

/// Why a command failed: what to print, and how to end.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    /// As it is printed.
    message: String,
}

impl Failure {
    /// A failure with its exit code. Of what the message quotes, nothing reaches the terminal as a control character.
    #[must_use]
    pub fn new(exit: Exit, message: impl AsRef<str>) -> Self {
        Self { exit, message: format!("error: {}", in_lines(message.as_ref())) }
    }

    /// A failure whose message is printed as it is: it says itself that it is an error, may have colours, and quotes nothing that
    /// could harm.
    #[must_use]
    pub fn told(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(Exit::from(&fault), format!("{fault}\nhelp: {}", fault.advice()))
    }
}

/// Keeps one system's customer records true in another: topics in, validated and risk-scored profiles and alerts out.
#[derive(Debug, Parser)]
#[command(
    name = "syncline",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  syncline demo --exit
  syncline generate --customers 100 | syncline produce --file -
  syncline run --until-caught-up

The environment, and a .env file in the working folder, set what pipeline.yaml reads: BROKER, SYNCLINE_DIR, DATABASE_URL and others.
LOG_LEVEL (error to trace) and LOG_FORMAT (text, json) set the log on stderr; NO_COLOR switches colours off."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    Demo(demo::DemoArgs),
    /// Write record lines to the topics that they name.
    ///
    /// A line is one JSON object: {"topic": .., "value": ..}, and where wanted "key", "timestamp" (RFC 3339), "partition" and "headers".
    /// "raw" (a text) or "raw_base64" in place of "value" gives the record's bytes as they are, "tombstone": true gives none. A line may have 64 MiB.
    ///
    /// Topics that the pipeline file declares are created where they are missing. At the first line that is wrong it ends with exit
    /// code 2, naming the line and what stands there; the records before it are written.
    Produce(pipeline::WithFile<produce::Produce>),
    /// Print the records of a topic as record lines, as they come.
    ///
    /// Without options it begins with what is written from now on, and goes on until it is stopped. What it prints, `syncline produce`
    /// takes; a terminal is shown control characters as escapes.
    Consume(pipeline::WithFile<consume::Consume>),
    Generate(generate::GenerateArgs),
    Check(check::Check),
    List(list::List),
    Migrate(migrate::MigrateArgs),
    Mirror(mirror::MirrorArgs),
    Sync(sync::SyncArgs),
    Backfill(backfill::BackfillArgs),
    SimulateSource(simulate_source::SimulateSourceArgs),
    DeadLetters(dead_letters::DeadLettersArgs),
}

/// Parses the command line, runs the command, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    // A missing .env is the usual case. A broken one could send records where nobody meant them to go.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        eprintln!("error: .env: {}", in_lines(&unread(&error, &environment::dotenv_text())));
        return Exit::Usage.into();
    }
    let cli = parse(&std::env::args_os().collect::<Vec<_>>()).unwrap_or_else(|error| error.exit());
    if let Err(message) = log::init() {
        eprintln!("error: {}", in_lines(&message));
        return Exit::Usage.into();
    }
    match run_command(cli.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("{}", failure.message);
            failure.exit.into()
        }
    }
}

/// Parses the command line. What is wrong with it is told without control characters of what it quotes.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(arguments).map_err(|error| {
        // clap colours what it says, so that nothing can be escaped in it. The same is wrong with the arguments once they are.
        let harmless = arguments.iter().map(|argument| in_one_line(&argument.to_string_lossy()).into_owned());
        Cli::try_parse_from(harmless).err().unwrap_or(error)
    })
}

/// What is wrong with `.env`, whose text this is. Shows a line's number only: what stands in it may be a secret.
fn unread(error: &dotenvy::Error, text: &str) -> String {
    match error {
        // What comes with the error is the line, or what follows the name in it.
        dotenvy::Error::LineParse(rest, _) => {
            let at = text.lines().position(|line| line.contains(rest.trim_end()));
            let line = at.map_or_else(|| "a line".to_owned(), |at| format!("line {}", at + 1));
            format!("{line} cannot be read; look at its quotes, or write NAME=\"value\"")
        }
        other => other.to_string(),
    }
}

fn run_command(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => block_on(run::run(args)),
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Produce(args) => block_on(pipeline::produce(args)),
        Command::Consume(args) => block_on(pipeline::consume(args)),
        Command::Generate(args) => printed(generate::run(&args, &mut io::stdout()).map(|()| Exit::Done)),
        Command::Check(check) => block_on(async {
            printed(check.run(&environment::Process, transforms::CATALOGUE, &mut io::stdout(), colours()).await)
        }),
        Command::List(list) => {
            let all = list.all(&environment::Process, transforms::CATALOGUE)?;
            printed(list.print(&all, &mut io::stdout(), width()).map(|()| Exit::Done))
        }
        Command::Migrate(args) => block_on(migrate::run(args)),
        Command::Mirror(args) => block_on(mirror::run(args)),
        Command::Sync(args) => block_on(sync::run(args)),
        Command::Backfill(args) => block_on(backfill::run(args)),
        Command::SimulateSource(args) => block_on(simulate_source::run(args)),
        Command::DeadLetters(args) => block_on(dead_letters::run(args)),
    }
}

/// How a command ends that prints its result. A closed pipe is the reader's choice.
fn printed(result: io::Result<Exit>) -> Result<Exit, Failure> {
    match result {
        Ok(exit) => Ok(exit),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(error) => Err(Failure::new(Exit::Stopped, format!("cannot print the result: {error}"))),
    }
}

fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// How wide tables may be: as the terminal is; as wide as a page where there is none.
fn width() -> u16 {
    const PAGE: u16 = 110;
    if !io::stdout().is_terminal() {
        return PAGE;
    }
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(PAGE)
}

fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Stopped, format!("cannot start threads: {error}")))?;
    let done = runtime.block_on(command);
    // Dropping it would wait for what blocks a thread: a read of stdin, a merge that was given up.
    runtime.shutdown_background();
    done
}
