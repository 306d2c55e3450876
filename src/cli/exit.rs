//! What the exit codes of the command mean (spec/5).

use std::process::ExitCode;

use schemas::{Fault, Reaction};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The thing asked about is not so.
    NotSo = 1,
    /// It was used wrongly.
    Usage = 2,
    /// A system that it needs does not answer.
    NoAnswer = 3,
    /// A fault that trying again cannot mend.
    Stopped = 4,
}

impl From<&Fault> for Exit {
    fn from(fault: &Fault) -> Self {
        match fault.reaction() {
            Reaction::Retry => Self::NoAnswer,
            Reaction::Bisect | Reaction::Rejoin | Reaction::Stop => Self::Stopped,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
