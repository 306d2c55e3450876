//! Calls of librdkafka that block, kept off the runtime's threads.

use schemas::{Fault, FaultKind};
use tokio::runtime::Handle;

/// Runs a call that blocks.
pub(super) async fn run<T: Send + 'static>(call: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(call).await {
        Ok(answer) => answer,
        Err(error) => Err(Fault::caused(FaultKind::Bug, "a call of librdkafka did not end", error)),
    }
}

/// Drops a client, which blocks until its threads have ended.
pub(super) fn end<T: Send + 'static>(client: T) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(move || drop(client))),
        Err(_) => drop(client),
    }
}
