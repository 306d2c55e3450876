//! The events of so many customers, in topics of the local broker, and the pipeline run over them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::runs::Measured;
use crate::{Failure, process};

const SYNCLINE: &str = env!("CARGO_BIN_EXE_syncline");

/// Events that wait in topics. Positions are the store's, so a run with a fresh store reads all of them again.
#[derive(Debug)]
pub(crate) struct Workload {
    folder: TempDir,
    /// How many events there are.
    pub(crate) events: u64,
    /// How many bytes their lines have.
    pub(crate) bytes: u64,
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
        let mut workload = Self { folder, events: 0, bytes };
        let produced = process::run(workload.syncline(2)?.args(["produce", "--format", "json", "--file"]).arg(&lines))?;
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
        process::run(self.syncline(lanes)?.args(["migrate", "run"]).env("DATABASE_URL", store))?;
        let done = process::run(
            self.syncline(lanes)?.args(["run", "--until-caught-up", "--format", "json"]).env("DATABASE_URL", store),
        )?;
        Measured::read(&done)
    }

    /// The URL of an embedded store that does not exist yet.
    pub(crate) fn embedded_store(&self, round: u8) -> String {
        format!("sqlite://{}", self.folder.path().join(format!("profiles-{round}.db")).display())
    }

    /// A command over this workload's broker, with the shipped pipeline but for the number of lanes.
    fn syncline(&self, lanes: u8) -> Result<Command, Failure> {
        let mut command = Command::new(SYNCLINE);
        command.current_dir(self.pipeline(lanes)?).env("SYNCLINE_DIR", self.folder.path().join("broker"));
        command.env_remove("BROKER").env("LOG_LEVEL", "warn");
        Ok(command)
    }

    /// A folder with the pipeline file. Its paths start from the file, so that of the schemas becomes an absolute one.
    fn pipeline(&self, lanes: u8) -> Result<PathBuf, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shipped = std::fs::read_to_string(root.join("pipeline.yaml"))?;
        let mut text = String::new();
        for line in shipped.lines().filter(|line| !line.starts_with("    lanes:")) {
            text.push_str(&line.replace("schema: schemas/", &format!("schema: {}/schemas/", root.display())));
            text.push('\n');
            if line.starts_with("    store:") {
                text.push_str(&format!("    lanes: {lanes}\n"));
            }
        }
        if !text.contains("    lanes:") {
            return Err("pipeline.yaml has no stage with a line `    store:`, after which the number of lanes could stand".into());
        }
        let folder = self.folder.path().join(format!("lanes-{lanes}"));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("pipeline.yaml"), text)?;
        Ok(folder)
    }
}
