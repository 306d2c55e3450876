//! What goes wrong outside a record, and the one table that says what to do about it.

use std::error::Error;
use std::fmt;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A broker or database does not answer, or the connection broke: it may come back.
    Unavailable,
    /// The transaction lost against another one (SQLSTATE 40001, 40P01) or a lock was not free: the same again may succeed.
    Conflict,
    /// The database ended a transaction that took too long for one of its limits: the same again may succeed, or less at a time.
    Overlong,
    /// No space is left on the device: somebody may make some.
    Full,
    /// The database refuses the data (SQLSTATE classes 22 and 23): some record's fault.
    Data,
    /// A record has more bytes than its topic takes: that record's fault.
    Oversized,
    /// Another process holds the lease on these partitions, or took it over.
    Fenced,
    /// A stored position is outside the log, or a stored state cannot be read.
    Lost,
    /// What is asked for does not exist or is not allowed: a missing topic, a wrong password, a wrong table.
    Refused,
    /// Our own mistake.
    Bug,
}

/// What the engine does about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Wait (with backoff and jitter), then do the same again from the read.
    Retry,
    /// Find the record whose fault it is, and dead-letter it.
    Bisect,
    /// Drop the partition and join again once the lease is free.
    Rejoin,
    /// Stop with exit code 4.
    Stop,
}

impl FaultKind {
    /// The one table: kind to reaction, and the advice that an operator reads with it.
    #[must_use]
    pub fn policy(self) -> (Reaction, &'static str) {
        match self {
            Self::Unavailable => (Reaction::Retry, "check that it runs and that its address is right"),
            Self::Conflict => (Reaction::Retry, "another transaction came first: the same again may succeed"),
            Self::Overlong => (Reaction::Retry, "look what the database is busy with, and at its timeouts"),
            Self::Full => (Reaction::Retry, "free some space on the device"),
            Self::Data => (Reaction::Bisect, "look at the dead letters of reason `store`"),
            Self::Oversized => (Reaction::Bisect, "raise `max_record` of the broker, and what its topics take"),
            Self::Fenced => (Reaction::Rejoin, "another worker owns these partitions; stop one of the two"),
            Self::Lost => (Reaction::Stop, "what it names is gone, or cannot be read: somebody else changed it"),
            Self::Refused => (Reaction::Stop, "check that what it names exists and may be used"),
            Self::Bug => (Reaction::Stop, "please report this with the log around it"),
        }
    }
}

/// Trouble outside a record: its kind, what was being done, and the cause.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    what: String,
    /// What to do about this one, where more is known than its kind.
    advice: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a deeper cause. `what` names the object and what was being done with it.
    #[must_use]
    pub fn new(kind: FaultKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), advice: None, source: None }
    }

    /// A fault with its cause.
    #[must_use]
    pub fn caused(kind: FaultKind, what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, what: what.into(), advice: None, source: Some(source.into()) }
    }

    /// The same, with what an operator can do about this very fault, in place of what the table says of its kind.
    #[must_use]
    pub fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// What to do about it.
    #[must_use]
    pub fn reaction(&self) -> Reaction {
        self.kind.policy().0
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.advice.as_deref().unwrap_or(self.kind.policy().1)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_its_own_advice_does_not_tell_that_of_its_kind() {
        let fault = Fault::new(FaultKind::Refused, "the tables are not there");
        assert_eq!(fault.advice(), FaultKind::Refused.policy().1);
        let fault = fault.advise("run `syncline migrate run`");
        assert_eq!((fault.advice(), fault.to_string().as_str()), ("run `syncline migrate run`", "the tables are not there"));
    }
}
