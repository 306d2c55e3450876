//! The file: opening it, its format, taking its write lock.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemas::{Fault, FaultKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::time::Instant;

use super::fault;

/// The format that this code reads and writes, in the file's `user_version`.
const FORMAT: i64 = 2;

/// The name of the file in the directory.
pub(super) const FILE: &str = "topics.db";

/// Larger than SQLite's default, since a row holds up to 128 KiB.
const PAGE_BYTES: u32 = 16 * 1024;

/// How long one waits for another process's write lock before that is a fault.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// How often a taken write lock is tried again.
const LOCK_POLL: Duration = Duration::from_millis(1);

/// Where the topics are, and how to connect to them.
#[derive(Debug, Clone)]
pub(super) struct Database {
    path: PathBuf,
    options: SqliteConnectOptions,
}

impl Database {
    /// Opens the topics in the directory; creates both where they are missing.
    ///
    /// # Errors
    ///
    /// `Refused` when the directory cannot be used, or when a newer program wrote the file.
    pub(super) async fn open(dir: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(dir).map_err(|error| fault::of_directory(dir, error))?;
        let path = dir.join(FILE);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            // Each commit is flushed to the disk before it is acknowledged.
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let database = Self { path, options };
        // While another process creates the file, or repairs it after a kill, any statement may find it locked.
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match database.ensure_format().await {
                Ok(()) => return Ok(database),
                Err(fault) if fault.kind() == FaultKind::Conflict && Instant::now() < deadline => {
                    tokio::time::sleep(LOCK_POLL).await
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Makes the tables, or brings those of an older program up to date.
    async fn ensure_format(&self) -> Result<(), Fault> {
        let mut connection = self.connect_to_write().await?;
        if self.step(&mut connection).await?.is_some() {
            self.lock(&mut connection).await?;
            // Another process may have come first.
            while let Some(step) = self.step(&mut connection).await? {
                sqlx::raw_sql(step).execute(&mut connection).await.map_err(|error| self.fault(error))?;
            }
            self.commit(&mut connection).await?;
        }
        let format = self.format(&mut connection).await?;
        self.close(connection).await?;
        if format == FORMAT {
            return Ok(());
        }
        let path = self.path.display();
        Err(Fault::new(FaultKind::Refused, format!("{path} has format {format}, and this program knows {FORMAT}"))
            .advise("use the version of syncline that wrote it"))
    }

    /// The statements that lead from the file's format towards [`FORMAT`]; `None` where it is that, or one of a newer program.
    async fn step(&self, connection: &mut SqliteConnection) -> Result<Option<&'static str>, Fault> {
        Ok(match self.format(connection).await? {
            0 => Some(include_str!("sql/schema.sql")),
            1 => Some(include_str!("sql/format_2.sql")),
            _ => None,
        })
    }

    async fn format(&self, connection: &mut SqliteConnection) -> Result<i64, Fault> {
        sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await.map_err(|error| self.fault(error))
    }

    /// A connection that reads.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, Fault> {
        // Readers wait for nobody but who repairs the file after a kill.
        self.connect_with(self.options.clone().busy_timeout(LOCK_PATIENCE)).await
    }

    /// A connection for [`Database::lock`].
    ///
    /// SQLite's own waiting backs off to 100 ms, and loses against a process that writes all the time; so it is turned off.
    pub(super) async fn connect_to_write(&self) -> Result<SqliteConnection, Fault> {
        self.connect_with(self.options.clone().busy_timeout(Duration::ZERO)).await
    }

    /// While another process creates the file it may be locked for a moment.
    async fn connect_with(&self, options: SqliteConnectOptions) -> Result<SqliteConnection, Fault> {
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match options.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(LOCK_POLL).await,
                Err(error) => return Err(self.fault(error)),
            }
        }
    }

    /// Begins a transaction that holds the write lock, which excludes the other writers of all processes, and no reader.
    ///
    /// # Errors
    ///
    /// `Conflict` when others hold the lock for 10 s.
    pub(super) async fn lock(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await {
                Ok(_) => return Ok(()),
                Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(LOCK_POLL).await,
                Err(error) => return Err(self.fault(error)),
            }
        }
    }

    /// Commits; all is durable once it returns.
    pub(super) async fn commit(&self, connection: &mut SqliteConnection) -> Result<(), Fault> {
        sqlx::query("COMMIT").execute(connection).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// Closes the connection and waits until it is closed.
    pub(super) async fn close(&self, connection: SqliteConnection) -> Result<(), Fault> {
        connection.close().await.map_err(|error| self.fault(error))
    }

    /// What an error of this file means.
    pub(super) fn fault(&self, error: sqlx::Error) -> Fault {
        fault::of(&self.path, error)
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    fault::kind_of(error) == FaultKind::Conflict
}
