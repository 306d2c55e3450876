//! What goes wrong with the file or its directory, and what an operator can do about it.

use std::io;
use std::path::Path;

use schemas::{Fault, FaultKind};

/// What SQLite says of a statement: its words, and the code by which its documentation knows it.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLite code {code})")]
struct Answer {
    code: i32,
    message: String,
}

/// The fault behind an error of the file at `path`.
pub(super) fn of(path: &Path, error: sqlx::Error) -> Fault {
    let (kind, path) = (kind_of(&error), path.display());
    let Some(code) = code_of(&error) else {
        return Fault::caused(kind, format!("local topics in {path}"), error);
    };
    let message = error.as_database_error().map_or_else(String::new, |answer| answer.message().to_owned());
    let (what, advice) = match (kind, code & PRIMARY) {
        (FaultKind::Full, _) => (format!("no space is left for the local topics in {path}"), None),
        (FaultKind::Conflict, _) => (
            format!("another process keeps the local topics in {path} locked"),
            Some("see whether a process that has the file open hangs: syncline locks it for no longer than a write takes"),
        ),
        (_, CORRUPT | NOT_A_DATABASE) => (
            format!("the local topics in {path} are damaged, or it is another program's file"),
            Some("restore the file, or move it away to begin with empty topics"),
        ),
        (_, PERMISSION | READ_ONLY | CANNOT_OPEN) => (
            format!("the local topics in {path} cannot be opened to write"),
            Some("check who owns the file and its directory, and that their disk is not read-only"),
        ),
        _ => (format!("local topics in {path}"), None),
    };
    let fault = Fault::caused(kind, what, Answer { code, message });
    match advice {
        Some(advice) => fault.advise(advice),
        None => fault,
    }
}

/// The fault of a directory that cannot be made.
pub(super) fn of_directory(dir: &Path, error: io::Error) -> Fault {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FaultKind::Full,
        _ => FaultKind::Refused,
    };
    let fault = Fault::caused(kind, format!("cannot create the directory {} for local topics", dir.display()), error);
    match kind {
        FaultKind::Full => fault,
        _ => fault.advise("name a directory that can be made or written, by the local broker's `dir` (SYNCLINE_DIR)"),
    }
}

/// The low byte of a result code is the primary code (<https://www.sqlite.org/rescode.html>).
const PRIMARY: i32 = 0xff;
const PERMISSION: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NO_MEMORY: i32 = 7;
const READ_ONLY: i32 = 8;
const INPUT_OUTPUT: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
/// Others came first so often that SQLite gave up: a busy file by another name.
const PROTOCOL: i32 = 15;
const TOO_BIG: i32 = 18;
const NOT_A_DATABASE: i32 = 26;
/// An extended code of `INPUT_OUTPUT`: the file that readers and writers share does not grow.
const SHARED_MEMORY_DOES_NOT_GROW: i32 = 4874;

/// What can be done about an error.
pub(super) fn kind_of(error: &sqlx::Error) -> FaultKind {
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) {
        return FaultKind::Unavailable;
    }
    match code_of(error).map(|code| (code, code & PRIMARY)) {
        Some((_, BUSY | LOCKED | PROTOCOL)) => FaultKind::Conflict,
        Some((_, FULL) | (SHARED_MEMORY_DOES_NOT_GROW, _)) => FaultKind::Full,
        Some((_, PERMISSION | READ_ONLY | CANNOT_OPEN | TOO_BIG | NOT_A_DATABASE)) => FaultKind::Refused,
        Some((_, CORRUPT)) => FaultKind::Lost,
        Some((_, NO_MEMORY | INPUT_OUTPUT)) => FaultKind::Unavailable,
        Some(_) | None => FaultKind::Bug,
    }
}

fn code_of(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}
