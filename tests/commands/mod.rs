//! The command itself, as a shell runs it: options, exit codes, what goes to stdout and what to stderr (spec/5).

mod checking;
mod dead_letters;
mod documents;
mod printing;
mod simulating;
mod splitting;
mod starting;
mod stopping;

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::harness::root;

/// A folder to work in, with the shipped pipeline file, its schemas, and an environment without settings.
pub(crate) struct Folder {
    pub(crate) dir: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(root().join("pipeline.yaml"), dir.path().join("pipeline.yaml")).unwrap();
        std::os::unix::fs::symlink(root().join("schemas"), dir.path().join("schemas")).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    /// A program in this folder, with nothing in its environment but the way to it and to `syncline`.
    pub(crate) fn command(&self, program: &str) -> Command {
        let built = Path::new(env!("CARGO_BIN_EXE_syncline")).parent().unwrap();
        let path = format!("{}:{}", built.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear().env("PATH", path);
        command
    }

    /// Runs a line as a shell does.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        Ended::of(self.command("bash").args(["-o", "pipefail", "-c", line]).output().unwrap())
    }
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
