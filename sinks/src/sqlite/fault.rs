//! What SQLite's errors mean to the engine.

use schemas::{Fault, FaultKind};
use sqlx::Error;

/// The fault behind an error. `what` says what was being done.
pub(super) fn of(what: &str, error: Error) -> Fault {
    let missing = is_not_migrated(&error);
    let fault = Fault::caused(kind(&error), format!("sqlite: {what}"), error);
    if missing { fault.advise("a file or a table is not there: run `syncline migrate run`") } else { fault }
}

/// For `map_err`.
pub(super) fn when(what: &'static str) -> impl FnOnce(Error) -> Fault {
    move |error| of(what, error)
}

fn kind(error: &Error) -> FaultKind {
    match error {
        Error::Database(database) => of_code(code(error), database.message()),
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => FaultKind::Unavailable,
        Error::Configuration(_) => FaultKind::Refused,
        Error::Decode(_) | Error::ColumnDecode { .. } => FaultKind::Lost,
        _ => FaultKind::Bug,
    }
}

/// The extended result code; 0 for what is no error of SQLite.
fn code(error: &Error) -> u32 {
    let code = error.as_database_error().and_then(|database| database.code());
    code.and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// `SQLITE_CANTOPEN`, or a statement that names what is not there.
fn is_not_migrated(error: &Error) -> bool {
    let primary = code(error) & 0xff;
    primary == 14 || (primary == 1 && kind(error) == FaultKind::Refused)
}

/// By the primary result code: the low byte of an extended one (<https://sqlite.org/rescode.html>).
fn of_code(code: u32, message: &str) -> FaultKind {
    match code & 0xff {
        // SQLITE_BUSY and SQLITE_LOCKED: another connection held its lock for longer than we wait.
        5 | 6 => FaultKind::Conflict,
        // SQLITE_FULL
        13 => FaultKind::Full,
        // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
        18..=20 => FaultKind::Data,
        // SQLITE_NOMEM, SQLITE_INTERRUPT, SQLITE_IOERR
        7 | 9 | 10 => FaultKind::Unavailable,
        // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH, SQLITE_NOTADB
        3 | 8 | 14 | 23 | 26 => FaultKind::Refused,
        // SQLITE_CORRUPT
        11 => FaultKind::Lost,
        // SQLITE_ERROR is a mistake in a statement: ours, unless the tables are not those that it was written for.
        1 if message.contains("no such table") || message.contains("no such column") || message.contains("has no column") => {
            FaultKind::Refused
        }
        _ => FaultKind::Bug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_their_low_byte() {
        assert_eq!(of_code(5, "database is locked"), FaultKind::Conflict);
        assert_eq!(of_code(517, "database is locked"), FaultKind::Conflict, "SQLITE_BUSY_SNAPSHOT");
        assert_eq!(of_code(13, "database or disk is full"), FaultKind::Full);
        assert_eq!(of_code(275, "CHECK constraint failed"), FaultKind::Data, "SQLITE_CONSTRAINT_CHECK");
        assert_eq!(of_code(14, "unable to open database file"), FaultKind::Refused);
        assert_eq!(of_code(1, "no such table: outbox"), FaultKind::Refused);
        assert_eq!(of_code(1, "near \"selct\": syntax error"), FaultKind::Bug);
    }
}
