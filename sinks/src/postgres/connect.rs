//! Connections: how they are opened, and what every session is set to.

use std::str::FromStr;
use std::time::Duration;

use schemas::{Fault, FaultKind};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Error, PgConnection};
use tokio::time::timeout;

use super::fault;
use crate::settings::Settings;

/// How long a connection may take to come about, unless the answers' time is shorter still.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a connection may take to come about where an answer may take that long.
pub(super) fn patience(answer_timeout: Duration) -> Duration {
    CONNECT.min(answer_timeout / 2)
}

/// The options behind an address.
///
/// # Errors
///
/// `Refused` when the address is none. It is not shown: it may hold a password.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Fault> {
    let options = PgConnectOptions::from_str(url).map_err(fault::when("reading the sink's url"))?;
    // The server's own log tells slow statements; ours would get the whole text of each.
    Ok(options.disable_statement_logging())
}

/// Sessions of the pipeline. `synchronous_commit` is left as the server has it.
pub(super) fn session(url: &str, settings: &Settings) -> Result<PgConnectOptions, Fault> {
    // 0 would switch them off.
    let lease_ms = settings.lease.as_millis().to_string();
    let answer_ms = settings.answer_timeout.as_millis().max(1).to_string();
    Ok(options(url)?.application_name(&format!("syncline {}", settings.pipeline)).options([
        // A worker that froze in a transaction loses its locks when it loses its lease (`architecture.md`, rule 6).
        ("idle_in_transaction_session_timeout", lease_ms.as_str()),
        // Nobody waits for the answer any longer: what it holds is wanted by those who try again.
        ("statement_timeout", answer_ms.as_str()),
        // Compiling a statement takes longer than running any of ours.
        ("jit", "off"),
        // A plan that is kept was made for tables of another size: the outbox fills and empties all the time. Planning takes less than
        // running any of ours.
        ("plan_cache_mode", "force_custom_plan"),
        // What is read is found by its key, in the key's order. A bitmap gathers and sorts all that matches first: the whole of an outbox
        // that was empty when statistics were taken, for its oldest entries.
        ("enable_bitmapscan", "off"),
    ]))
}

/// A connection, opened now.
///
/// # Errors
///
/// `Unavailable` or `Refused`, as the server, or its absence, says: naming the server, without the password.
pub(super) async fn now(options: &PgConnectOptions, within: Duration) -> Result<PgConnection, Fault> {
    match timeout(within, options.connect()).await {
        Ok(opened) => opened.map_err(|error| failed(options, error)),
        Err(_) => Err(silent(FaultKind::Unavailable, options, "connecting", within)),
    }
}

/// The fault of a connection that did not come about.
pub(super) fn failed(options: &PgConnectOptions, error: Error) -> Fault {
    fault::of(&format!("connecting to {}", server(options)), error)
}

/// The fault of a server that did not answer in time.
pub(super) fn silent(kind: FaultKind, options: &PgConnectOptions, what: &str, waited: Duration) -> Fault {
    let what = format!("postgres: {what}: {} did not answer within {} ms", server(options), waited.as_millis());
    Fault::new(kind, what)
}

/// The server's host and port, or the socket that it listens on.
pub(super) fn server(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}
