//! A machine that is the same wherever the tests run.

use std::env::VarError;
use std::io;
use std::path::Path;

use syncline::config::Environment;

/// Has the variables given, and the files below `tests/config`.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) variables: Vec<(&'static str, &'static str)>,
}

impl Environment for Machine {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        // The words of the operating system differ from one to the other.
        std::fs::read_to_string(path).map_err(|error| io::Error::new(error.kind(), error.kind().to_string()))
    }
}
