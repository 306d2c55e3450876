//! Connections: what every session is set to.

use std::str::FromStr;
use std::time::Duration;

use schemas::Fault;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::fault;
use crate::settings::Settings;

/// How long an operation waits for a connection before the database counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(5);

/// The options behind an address.
///
/// # Errors
///
/// `Refused` when the address is none. It is not shown: it may hold a password.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Fault> {
    PgConnectOptions::from_str(url).map_err(fault::when("reading the sink's url"))
}

/// Sessions of the pipeline. `synchronous_commit` is left as the server has it.
fn session(url: &str, settings: &Settings) -> Result<PgConnectOptions, Fault> {
    let lease_ms = settings.lease.as_millis().to_string();
    Ok(options(url)?.application_name(&format!("syncline {}", settings.pipeline)).options([
        // A worker that froze in a transaction loses its locks when it loses its lease (`architecture.md`, rule 6). (0 would switch
        // it off.)
        ("idle_in_transaction_session_timeout", lease_ms.as_str()),
        // Compiling a statement takes longer than running any of ours.
        ("jit", "off"),
    ]))
}

/// A pool of at most `settings.connections` sessions; one is opened now, so that a wrong address shows at once.
///
/// # Errors
///
/// `Unavailable` or `Refused`, as the server, or its absence, says.
pub(super) async fn pool(url: &str, settings: &Settings) -> Result<PgPool, Fault> {
    let pool = PgPoolOptions::new()
        .max_connections(settings.connections.max(1))
        .acquire_timeout(PATIENCE)
        // A ping a transaction costs a round trip. A connection that died unseen fails its next operation, which is then retried.
        .test_before_acquire(false);
    pool.connect_with(session(url, settings)?).await.map_err(fault::when("connecting"))
}
