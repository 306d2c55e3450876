//! The process's own environment, for the pipeline file.

use std::collections::BTreeMap;
use std::env::VarError;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::Environment;

/// A larger file is none that a person wrote: it is refused before it fills the memory.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The variables of this process and the files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Environment for Process {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        std::env::var(name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let read = File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        if read as u64 > MAX_FILE_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 MiB"));
        }
        Ok(text)
    }
}

/// The text of the `.env` that is read: of this folder, or of the nearest above it that has one. Empty where it cannot be read.
pub(super) fn dotenv_text() -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let file = here.ancestors().map(|folder| folder.join(".env")).find(|file| file.is_file());
    file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default()
}

/// The process's environment with some variables set otherwise, or not at all.
pub(super) struct Overridden(pub(super) BTreeMap<&'static str, Option<String>>);

impl Environment for Overridden {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        match self.0.get(name) {
            Some(value) => value.clone().ok_or(VarError::NotPresent),
            None => Process.variable(name),
        }
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        Process.read(path)
    }
}
