//! The events of so many customers, in topics of the local broker, and the pipeline run over them.

use std::collections::BTreeMap;
use std::env::VarError;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use schemas::{Origin, Raw, TopicName};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use syncline::config::{self, Environment, Plan};
use tempfile::TempDir;

use crate::bare::ReadyMade;
use crate::runs::Measured;
use crate::{Failure, process};

/// How many events are kept as a sample: about 40 MB.
const SAMPLE: usize = 20_000;

const SYNCLINE: &str = env!("CARGO_BIN_EXE_syncline");

/// The variables of a pipeline file, instead of the process's own.
struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        self.0.get(name).cloned().ok_or(VarError::NotPresent)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// A line of `syncline generate`.
#[derive(Deserialize)]
struct Line<'l> {
    topic: TopicName,
    timestamp: DateTime<Utc>,
    #[serde(borrow)]
    value: &'l RawValue,
}

/// The first events of a file of lines, as a broker hands them over.
fn sample(lines: &Path) -> Result<Vec<Raw>, Failure> {
    let record = |(line, offset): (std::io::Result<String>, u64)| {
        let line = line?;
        let Line { topic, timestamp, value } = serde_json::from_str(&line)?;
        let origin = Origin { topic, partition: 0, offset };
        Ok(Raw { origin, key: None, value: value.get().into(), headers: Vec::new(), timestamp })
    };
    BufReader::new(File::open(lines)?).lines().zip(0..).take(SAMPLE).map(record).collect()
}

/// Events that wait in topics. Positions are the store's, so a run with a fresh store reads all of them again.
#[derive(Debug)]
pub(crate) struct Workload {
    folder: TempDir,
    /// How many events there are.
    pub(crate) events: u64,
    /// How many bytes their lines have.
    pub(crate) bytes: u64,
    /// The first of them.
    pub(crate) sample: Vec<Raw>,
}

impl Workload {
    /// Generates the events and produces them.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub(crate) fn prepare(customers: u64, name: &str) -> Result<Self, Failure> {
        eprintln!("generating the {name} workload: {customers} customers");
        let folder = tempfile::Builder::new().prefix("syncline-bench.").tempdir()?;
        let lines = folder.path().join("events.jsonl");
        let status = Command::new(SYNCLINE)
            .args(["generate", "--seed", "1", "--customers"])
            .arg(customers.to_string())
            .stdout(std::fs::File::create(&lines)?)
            .stdin(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("syncline generate: {status}").into());
        }
        let bytes = std::fs::metadata(&lines)?.len();
        let sample = sample(&lines)?;
        let mut workload = Self { folder, events: 0, bytes, sample };
        let produced = process::run(workload.syncline(2).args(["produce", "--format", "json", "--file"]).arg(&lines))?;
        let counts: Value = serde_json::from_str(&produced.stdout)?;
        workload.events = counts["records"].as_u64().ok_or_else(|| format!("produce counted no records: {counts}"))?;
        std::fs::remove_file(&lines)?;
        Ok(workload)
    }

    /// Runs the pipeline to the end of its topics, into the store with that URL.
    ///
    /// # Errors
    ///
    /// When a command fails, or its counts cannot be read.
    pub(crate) fn run(&self, store: &str, lanes: u8) -> Result<Measured, Failure> {
        process::run(self.syncline(lanes).args(["migrate", "run"]).env("DATABASE_URL", store))?;
        let done =
            process::run(self.syncline(lanes).args(["run", "--until-caught-up", "--format", "json"]).env("DATABASE_URL", store))?;
        Measured::read(&done)
    }

    /// Runs the pipeline in this process, into the store with that URL, and keeps the batches that it writes.
    ///
    /// # Errors
    ///
    /// When the run fails.
    pub(crate) async fn record(&self, store: &str, lanes: u8) -> Result<ReadyMade, Failure> {
        ReadyMade::record(self.plan(store, lanes)?).await
    }

    /// The shipped pipeline, over this workload's broker.
    ///
    /// # Errors
    ///
    /// When the file is not valid.
    pub(crate) fn plan(&self, store: &str, lanes: u8) -> Result<Plan, Failure> {
        let broker = self.broker().display().to_string();
        let variables = [("SYNCLINE_DIR", broker), ("DATABASE_URL", store.to_owned()), ("LANES", lanes.to_string())];
        let variables = Variables(variables.map(|(name, value)| (name.to_owned(), value)).into());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline.yaml");
        let checked = config::load(&file, &variables, transforms::CATALOGUE).map_err(|errors| errors.to_string())?;
        Ok(checked.plan)
    }

    /// The URL of an embedded store that does not exist yet.
    pub(crate) fn embedded_store(&self, round: u8) -> String {
        format!("sqlite://{}", self.folder.path().join(format!("profiles-{round}.db")).display())
    }

    fn broker(&self) -> PathBuf {
        self.folder.path().join("broker")
    }

    /// A command over this workload's broker, with the shipped pipeline.
    fn syncline(&self, lanes: u8) -> Command {
        let mut command = Command::new(SYNCLINE);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("SYNCLINE_DIR", self.broker()).env("LANES", lanes.to_string());
        command.env_remove("BROKER").env("LOG_LEVEL", "warn");
        command
    }
}
