//! What a pipeline file may ask of the machine: variables and files. Passed in, so that checking is pure.

use std::env::VarError;
use std::io;
use std::path::Path;

/// Where `${}` and schema files are read from.
pub trait Environment {
    /// A variable.
    ///
    /// # Errors
    ///
    /// When it is not set, or is not Unicode.
    fn variable(&self, name: &str) -> Result<String, VarError>;

    /// A file's text.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not UTF-8.
    fn read(&self, path: &Path) -> io::Result<String>;
}
