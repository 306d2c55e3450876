//! The PostgreSQL server that `scripts/with-postgres` runs for us, and the databases made on it.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Failure;

/// A server whose user may create databases.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    made: AtomicU32,
    /// Its version, as it says it.
    pub(crate) version: String,
    /// Whether commits wait for the disk: `on` or `off`.
    pub(crate) fsync: String,
}

impl Server {
    /// The server that `SYNCLINE_TEST_POSTGRES` names.
    ///
    /// # Errors
    ///
    /// When the variable is not set, or the server does not answer.
    pub(crate) async fn from_environment() -> Result<Self, Failure> {
        let url = std::env::var("SYNCLINE_TEST_POSTGRES")
            .map_err(|_| "SYNCLINE_TEST_POSTGRES is not set: run `make bench`, which starts a server")?;
        let mut connection = PgConnection::connect(&url).await?;
        let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        let fsync = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(Self { url, made: AtomicU32::new(0), version, fsync })
    }

    /// Makes an empty database, after a checkpoint: writing back what an earlier run left is not this run's work. Answers its URL.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub(crate) async fn fresh_database(&self) -> Result<String, Failure> {
        let name = format!("bench_{}_{}", std::process::id(), self.made.fetch_add(1, Ordering::Relaxed));
        self.execute(format!("CREATE DATABASE {name}")).await?;
        self.execute("CHECKPOINT".into()).await?;
        let (server, _) = self.url.rsplit_once('/').ok_or("the URL names a database")?;
        Ok(format!("{server}/{name}"))
    }

    /// Drops a database that [`Server::fresh_database`] made: its files would fill the disk.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub(crate) async fn drop_database(&self, url: &str) -> Result<(), Failure> {
        let (_, name) = url.rsplit_once('/').ok_or("the URL names a database")?;
        self.execute(format!("DROP DATABASE {name} WITH (FORCE)")).await
    }

    async fn execute(&self, statement: String) -> Result<(), Failure> {
        let mut connection = PgConnection::connect(&self.url).await?;
        // Names of our own making only.
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}
