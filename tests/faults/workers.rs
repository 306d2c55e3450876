//! The workers of a round: processes of one pipeline that come, go, stand still, and are killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::task::block_in_place;

use super::super::harness::Bench;

/// Names a folder for the logs of workers; without it they write none.
const LOGS: &str = "SYNCLINE_TEST_LOGS";
/// The number of SIGTERM.
const TERMINATE: i32 = 15;
/// How long one may take to end in order.
const SOON: Duration = Duration::from_secs(20);

/// What is done to them. Those that have been there longest go first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// One is killed, and another comes.
    Kill,
    /// Another comes, and one stands still so long before it goes on.
    Stall(Duration),
    /// One comes.
    Join,
    /// One comes, and another is told to go.
    Leave,
}

/// A process of the pipeline; dropping it ends it.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already; one that stands still goes, too.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }
}

impl Worker {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// As an orchestrator stops it: in order, and soon.
    fn stop(mut self) {
        self.signal("TERM");
        let told = Instant::now();
        // What it needs to end goes on meanwhile.
        let ended = block_in_place(|| self.0.wait()).unwrap();
        // One that has only just come may not listen yet.
        let in_order = ended.success() || ended.signal() == Some(TERMINATE);
        assert!(in_order && told.elapsed() < SOON, "{ended} after {:?}", told.elapsed());
    }
}

/// All workers of a round.
pub(super) struct Workers {
    file: PathBuf,
    variables: BTreeMap<String, String>,
    running: Vec<Worker>,
    started: usize,
}

impl Workers {
    /// None yet. They run this file with the bench's variables and these.
    pub(super) fn of(file: PathBuf, bench: &Bench, more: &[(&str, &str)]) -> Self {
        let mut variables = bench.variables();
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { file, variables, running: Vec::new(), started: 0 }
    }

    /// One comes.
    pub(super) fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.arg("run").arg(&self.file).args(["--http-addr", "off"]).env("LOG_LEVEL", "off").envs(&self.variables);
        if let Some(folder) = std::env::var_os(LOGS) {
            self.started += 1;
            let of = self.variables.get("KAFKA_GROUP_ID").map_or("workers", String::as_str);
            let log = PathBuf::from(folder).join(format!("{of}-{}-{}.log", std::process::id(), self.started));
            command.env("LOG_LEVEL", "debug").stderr(File::create(log).unwrap());
        }
        self.running.push(Worker(command.stdin(Stdio::null()).spawn().unwrap()));
    }

    /// Does this to them; returns when it is over.
    pub(super) async fn change(&mut self, change: Change) {
        match change {
            Change::Kill => {
                drop(self.running.remove(0));
                self.start();
            }
            Change::Stall(time) => {
                self.start();
                self.running[0].signal("STOP");
                tokio::time::sleep(time).await;
                self.running[0].signal("CONT");
            }
            Change::Join => self.start(),
            Change::Leave => {
                self.start();
                self.running.remove(0).stop();
            }
        }
    }

    /// All are told to go, one after the other.
    pub(super) fn stop(&mut self) {
        self.running.drain(..).for_each(Worker::stop);
    }
}
