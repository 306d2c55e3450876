//! The sessions of a sink: pooled, and given up when the server falls silent.
//!
//! A server that is cut off without a word (a lost route, a frozen machine) leaves connections that look alive: the kernel notices after
//! a quarter of an hour. So everything that is asked of the server has a time to be answered in. A session that lets it pass is closed,
//! and with it all that the pool holds: what one of them suffers, the others suffer too.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use schemas::{Fault, FaultKind};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Error, PgConnection, PgPool, Postgres};
use tokio::time::timeout;

use super::connect::{self, patience};
use crate::settings::Settings;

/// Sessions of one pipeline, at most as many as its settings say.
pub(super) struct Sessions {
    pool: RwLock<PgPool>,
    options: PgConnectOptions,
    connections: u32,
    answer_timeout: Duration,
}

impl Sessions {
    /// Sessions that are opened when they are needed.
    pub(super) fn of(options: PgConnectOptions, settings: &Settings) -> Self {
        let (connections, answer_timeout) = (settings.connections.max(1), settings.answer_timeout);
        let pool = RwLock::new(pool(&options, connections, answer_timeout));
        Self { pool, options, connections, answer_timeout }
    }

    /// Runs `work` in a session, which it has for itself. `what` says what is being done.
    ///
    /// # Errors
    ///
    /// Those of `work`; `Unavailable` where no session can be had; `Overlong` where the server does not answer in time: then `work` may
    /// have happened.
    pub(super) async fn run<T>(
        &self,
        what: &'static str,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (pool, mut session) = self.acquire().await?;
        if let Ok(done) = timeout(self.answer_timeout, work(&mut session)).await {
            return done;
        }
        // Not given back: the pool would wait for its answer before it lends it again.
        drop(session.detach());
        self.replace(&pool);
        // The connection stood: the server may be gone, or busy with too much at a time.
        Err(connect::silent(FaultKind::Overlong, &self.options, what, self.answer_timeout))
    }

    async fn acquire(&self) -> Result<(PgPool, PoolConnection<Postgres>), Fault> {
        loop {
            let pool = self.pool();
            match pool.acquire().await {
                Ok(session) => return Ok((pool, session)),
                // Replaced while we waited.
                Err(Error::PoolClosed) if !self.pool().is_closed() => {}
                Err(Error::PoolTimedOut) => return Err(self.behind_the_timeout().await),
                Err(error) => return Err(connect::failed(&self.options, error)),
            }
        }
    }

    /// Why the pool lent nothing in time: it keeps to itself that a connection was refused.
    async fn behind_the_timeout(&self) -> Fault {
        match connect::now(&self.options, patience(self.answer_timeout)).await {
            Err(fault) => fault,
            Ok(_) => {
                let server = connect::server(&self.options);
                let what = format!("postgres: all {} connections to {server} are in use", self.connections);
                Fault::new(FaultKind::Unavailable, format!("{what}; where that lasts, raise `connections` of the sink"))
            }
        }
    }

    fn pool(&self) -> PgPool {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A new pool for one whose session fell silent, unless somebody else was faster: then the old one is closed already.
    fn replace(&self, silent: &PgPool) {
        let mut current = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        if !silent.is_closed() {
            // Closed by the call. Nobody waits for its sessions: those that are lent end when they come back, the others with it.
            drop(silent.close());
            *current = pool(&self.options, self.connections, self.answer_timeout);
        }
    }

    /// Closes all sessions; those that are lent, when they come back.
    pub(super) async fn close(&self) {
        // A server that does not listen need not be told.
        let _ = timeout(patience(self.answer_timeout), self.pool().close()).await;
    }
}

fn pool(options: &PgConnectOptions, connections: u32, answer_timeout: Duration) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience(answer_timeout))
        // A ping a transaction costs a round trip. A connection that died unseen fails its next operation, which is then retried.
        .test_before_acquire(false);
    pool.connect_lazy_with(options.clone())
}
