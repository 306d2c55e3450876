//! A server of PostgreSQL for one test, which may restart it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::harness::root;

/// How it goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    /// It ends every session in order.
    Fast,
    /// As if it were killed: it recovers from its log when it starts.
    Immediate,
}

/// A running server; dropping it ends it.
pub(super) struct Server {
    pub(super) url: String,
    data: String,
    keeper: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It waits for the end of its input.
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

impl Server {
    pub(super) fn start() -> Self {
        let tell = "echo \"$SYNCLINE_TEST_POSTGRES\"; psql \"$SYNCLINE_TEST_POSTGRES\" -Atc 'SHOW data_directory'; cat";
        let mut command = Command::new(root().join("scripts/with-postgres"));
        let mut keeper = command.args(["sh", "-c", tell]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the server starts").unwrap();
        Self { url: line(), data: line(), keeper }
    }

    pub(super) fn port(&self) -> u16 {
        let (_, place) = self.url.rsplit_once(':').unwrap();
        place.split('/').next().unwrap().parse().unwrap()
    }

    /// Ends it and starts it again; returns when it answers.
    pub(super) fn restart(&self, how: Restart) {
        let programs = Command::new(root().join("scripts/postgres-bin")).output().unwrap();
        let pg_ctl = Path::new(String::from_utf8(programs.stdout).unwrap().trim()).join("pg_ctl");
        let owner = std::fs::metadata(&self.data).unwrap();
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={}", owner.uid()), format!("--regid={}", owner.gid()), "--clear-groups".into()]);
        // Who is the owner already may not change it, and need not.
        if std::fs::metadata("/proc/self").unwrap().uid() == owner.uid() {
            command = Command::new("env");
        }
        let mode = if how == Restart::Fast { "fast" } else { "immediate" };
        command.arg(pg_ctl).args(["restart", "--wait", "--silent", "--mode", mode, "--pgdata", &self.data]).current_dir("/");
        let restarted = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(restarted.success(), "PostgreSQL does not restart: {restarted}");
    }
}
