//! What the process answers over HTTP: so far, whether it is well, and its metrics.

mod health;
mod metrics;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use schemas::{Fault, FaultKind};
use tokio::net::TcpListener;

use crate::metrics::Metrics;
use crate::run::Health;

/// Listens on `address`, so that a taken port is known before work begins.
///
/// # Errors
///
/// `Refused` when it cannot listen there.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Fault::caused(FaultKind::Refused, format!("cannot listen on {address}"), error))
}

/// Serves until `ended` completes.
///
/// # Errors
///
/// `Unavailable` when the listener breaks.
pub async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    ended: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Fault> {
    let router: Router = health::routes(health).merge(metrics::routes(metrics));
    let served = axum::serve(listener, router).with_graceful_shutdown(ended).await;
    served.map_err(|error| Fault::caused(FaultKind::Unavailable, "serving HTTP", error))
}
