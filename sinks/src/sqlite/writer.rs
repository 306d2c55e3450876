//! The one writer: a task that owns the writing connection and takes requests in turn.
//!
//! SQLite has one write lock for the whole file. A task of its own asks for it from one place, so lanes wait in a queue and not in
//! `SQLITE_BUSY`; and a caller that goes away in the middle leaves no transaction behind: what it asked for is finished, or undone.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::store::{Assigned, Backfill, Claim, Lease, Written};
use schemas::{Fault, FaultKind};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::leases::{self, Terms};
use super::prepared::Prepared;
use super::statements::Statements;
use super::{backfills, batch, fault, outbox, seen, syncs};

/// Requests that may wait before callers wait to ask: as many as lanes are likely to be.
const QUEUE: usize = 64;

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

/// What the writer can be asked for: one transaction each.
enum Request {
    Write(Box<Prepared>, Answer<Written>),
    /// Timers that are due at a time, at most so many, to be taken until another.
    Due(DateTime<Utc>, u32, DateTime<Utc>, Answer<Vec<String>>),
    SaveBackfill(Backfill, DateTime<Utc>, Answer<()>),
    Claim(Vec<Assigned>, String, Answer<Claim>),
    Renew(Vec<Lease>, Answer<()>),
    Release(Vec<Lease>, Answer<()>),
    /// What [`outbox::sent`] says of the entries, and the leases under which they go.
    Published(String, Vec<Lease>, Answer<()>),
    /// Those before a time, at most so many.
    ForgetEvents(DateTime<Utc>, u32, Answer<u64>),
    Close(oneshot::Sender<()>),
}

/// A handle to the writer.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::Sender<Request>);

impl Writer {
    /// Starts the task over a connection that is open. `options` open another one, should that one break.
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        statements: Arc<Statements>,
        terms: Terms,
    ) -> Self {
        let (sender, requests) = mpsc::channel(QUEUE);
        let task = Task { connection: Some(connection), options, statements, terms };
        tokio::spawn(task.run(requests));
        Self(sender)
    }

    pub(super) async fn write(&self, prepared: Prepared) -> Result<Written, Fault> {
        self.ask(|answer| Request::Write(Box::new(prepared), answer)).await
    }

    pub(super) async fn due(&self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        self.ask(|answer| Request::Due(now, limit, until, answer)).await
    }

    pub(super) async fn save_backfill(&self, backfill: Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        self.ask(|answer| Request::SaveBackfill(backfill, now, answer)).await
    }

    pub(super) async fn claim(&self, partitions: Vec<Assigned>, owner: String) -> Result<Claim, Fault> {
        self.ask(|answer| Request::Claim(partitions, owner, answer)).await
    }

    pub(super) async fn renew(&self, leases: Vec<Lease>) -> Result<(), Fault> {
        self.ask(|answer| Request::Renew(leases, answer)).await
    }

    pub(super) async fn release(&self, leases: Vec<Lease>) -> Result<(), Fault> {
        self.ask(|answer| Request::Release(leases, answer)).await
    }

    pub(super) async fn published(&self, sent: String, leases: Vec<Lease>) -> Result<(), Fault> {
        self.ask(|answer| Request::Published(sent, leases, answer)).await
    }

    pub(super) async fn forget_events(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        self.ask(|answer| Request::ForgetEvents(before, limit, answer)).await
    }

    /// Returns when all that was asked before is done and the connection is closed. Harmless when it is already.
    pub(super) async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.0.send(Request::Close(answer)).await.is_ok() {
            // An error means that another close came first.
            let _ = closed.await;
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, Fault> {
        let gone = || Fault::new(FaultKind::Unavailable, "sqlite: the store is closed");
        let (answer, result) = oneshot::channel();
        self.0.send(request(answer)).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

struct Task {
    /// `None` after it broke, until the next request.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    statements: Arc<Statements>,
    terms: Terms,
}

impl Task {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            // Whoever asked may have gone away: then nobody hears the answer.
            match request {
                Request::Write(prepared, answer) => drop(answer.send(self.write(*prepared).await)),
                Request::Due(now, limit, until, answer) => drop(answer.send(self.due(now, limit, until).await)),
                Request::SaveBackfill(backfill, now, answer) => drop(answer.send(self.save_backfill(&backfill, now).await)),
                Request::Claim(partitions, owner, answer) => drop(answer.send(self.claim(partitions, &owner).await)),
                Request::Renew(leases, answer) => drop(answer.send(self.renew(&leases).await)),
                Request::Release(leases, answer) => drop(answer.send(self.release(&leases).await)),
                Request::Published(sent, leases, answer) => drop(answer.send(self.published(sent, &leases).await)),
                Request::ForgetEvents(before, limit, answer) => {
                    drop(answer.send(self.forget_events(before, limit).await));
                }
                Request::Close(answer) => {
                    requests.close();
                    self.close().await;
                    let _ = answer.send(());
                    return;
                }
            }
        }
        self.close().await;
    }

    async fn write(&mut self, prepared: Prepared) -> Result<Written, Fault> {
        let (statements, terms) = (Arc::clone(&self.statements), self.terms.clone());
        self.transaction(
            async |connection| batch::write(connection, &statements, &terms, prepared).await,
            |written| *written == Written::Durable,
        )
        .await
    }

    async fn due(&mut self, now: DateTime<Utc>, limit: u32, until: DateTime<Utc>) -> Result<Vec<String>, Fault> {
        self.transaction(async |connection| syncs::due(connection, now, limit, until).await, |due| !due.is_empty()).await
    }

    async fn save_backfill(&mut self, backfill: &Backfill, now: DateTime<Utc>) -> Result<(), Fault> {
        let terms = self.terms.clone();
        self.transaction(async |connection| backfills::save(connection, &terms.pipeline, backfill, now).await, |()| true).await
    }

    async fn claim(&mut self, partitions: Vec<Assigned>, owner: &str) -> Result<Claim, Fault> {
        let terms = self.terms.clone();
        self.transaction(
            async |connection| leases::claim(connection, &terms, partitions, owner).await,
            |claim| matches!(claim, Claim::Granted(_)),
        )
        .await
    }

    async fn renew(&mut self, leases: &[Lease]) -> Result<(), Fault> {
        let terms = self.terms.clone();
        self.transaction(async |connection| leases::renew(connection, &terms, leases).await, |()| true).await
    }

    async fn release(&mut self, leases: &[Lease]) -> Result<(), Fault> {
        let terms = self.terms.clone();
        self.transaction(async |connection| leases::release(connection, &terms, leases).await, |()| true).await
    }

    async fn published(&mut self, sent: String, leases: &[Lease]) -> Result<(), Fault> {
        let (statements, terms) = (Arc::clone(&self.statements), self.terms.clone());
        let published = async |connection: &mut SqliteConnection| {
            leases::hold(connection, &terms, leases).await?;
            outbox::published(connection, &statements, &terms.pipeline, sent).await
        };
        self.transaction(published, |()| true).await
    }

    async fn forget_events(&mut self, before: DateTime<Utc>, limit: u32) -> Result<u64, Fault> {
        let terms = self.terms.clone();
        self.transaction(
            async |connection| seen::forget(connection, &terms.pipeline, before, limit).await,
            |forgotten| *forgotten > 0,
        )
        .await
    }

    /// Runs `work` under the write lock, and commits if its result is to be kept; else nothing happened.
    async fn transaction<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Fault>,
        keep: impl FnOnce(&T) -> bool,
    ) -> Result<T, Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(fault::when("opening the database again"))?,
        };
        let mut transaction = connection.begin_with("begin immediate").await.map_err(fault::when("taking the write lock"))?;
        let result = work(&mut transaction).await;
        let (result, ended) = match result {
            Ok(value) if keep(&value) => match transaction.commit().await {
                Ok(()) => (Ok(value), true),
                // What the commit left behind is undone by closing the connection.
                Err(error) => (Err(fault::of("committing", error)), false),
            },
            // SQLite rolls some errors back by itself (a full disk); then this rollback fails, and a new connection is due.
            other => (other, transaction.rollback().await.is_ok()),
        };
        match ended {
            true => self.connection = Some(connection),
            false => drop(connection),
        }
        result
    }

    async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the sqlite store did not close cleanly");
        }
    }
}
