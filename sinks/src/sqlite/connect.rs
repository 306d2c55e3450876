//! Connections to a database file: how they are opened, and with which settings.

use std::str::FromStr;
use std::time::Duration;

use schemas::Fault;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::fault;

/// How long a connection waits for another one's lock: the admin API, a second process, a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a connection keeps of the file in memory, at most.
const CACHE_KIB: u32 = 16 << 10;
/// Pages of 4 KiB in the write-ahead log after which they are copied into the file.
const CHECKPOINT_PAGES: &str = "4000";

/// What every connection to the database at `url` is opened with.
///
/// WAL lets readers go on while the writer writes; synchronous FULL makes a commit survive a power cut.
///
/// # Errors
///
/// `Refused` when the address is none.
pub(super) fn options(url: &str) -> Result<SqliteConnectOptions, Fault> {
    let options = SqliteConnectOptions::from_str(url).map_err(fault::when("reading the address"))?;
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        // The default holds 2 MB: of a store of hundreds, hardly an index.
        .pragma("cache_size", format!("-{CACHE_KIB}"))
        // A checkpoint each 16 MB instead of 4: pages that many batches write are copied into the file once.
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .disable_statement_logging())
}

/// Whether the address names a database in memory, which lives as long as the connections to it.
pub(super) fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}
