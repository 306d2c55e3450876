//! Connections to SPUs, one each.
//!
//! An SPU that is lost holds up nobody else: who wants a connection to it waits for that one alone, and all who wait are told together
//! that it cannot be made.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fluvio_socket::{ClientConfig, MultiplexerSocket, VersionedSerialSocket};
use tokio::time::Instant;

use super::layout::Spu;

/// A connection to an SPU, or to the SC.
type Connection = Arc<VersionedSerialSocket>;
/// Why one could not be made.
type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Connections to SPUs, by their numbers.
pub(super) struct Connections {
    places: Mutex<HashMap<i32, Arc<Place>>>,
    /// Counts those that were lost, or could not be made.
    lost: Arc<AtomicU64>,
}

/// Where the connection to one SPU is kept.
#[derive(Default)]
struct Place {
    kept: Mutex<Option<Connection>>,
    /// Held by who makes one; when that failed last, and why.
    making: tokio::sync::Mutex<Option<(Instant, Arc<str>)>>,
}

impl Place {
    fn kept(&self) -> Option<Connection> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|connection| !connection.is_stale()).map(Arc::clone)
    }

    fn keep(&self, connection: Option<Connection>) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

impl Connections {
    /// None yet; `lost` counts those that are lost.
    pub(super) fn new(lost: Arc<AtomicU64>) -> Self {
        Self { places: Mutex::default(), lost }
    }

    fn place(&self, spu: &Spu) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(spu.id).or_default())
    }

    /// The connection to an SPU; made, within `patience`, where there is none that works.
    ///
    /// # Errors
    ///
    /// Why it cannot be made. Who has waited while somebody tried in vain does not try, and wait, once more.
    pub(super) async fn to(
        &self,
        spu: &Spu,
        connecting: &ClientConfig,
        patience: Duration,
    ) -> Result<Arc<VersionedSerialSocket>, Refusal> {
        let (asked, place) = (Instant::now(), self.place(spu));
        if let Some(connection) = place.kept() {
            return Ok(connection);
        }
        let mut failed = place.making.lock().await;
        if let Some(connection) = place.kept() {
            return Ok(connection);
        }
        if let Some((_, why)) = failed.as_ref().filter(|(when, _)| *when > asked) {
            return Err(why.to_string().into());
        }
        match connect(spu, connecting, patience).await {
            Ok(connection) => {
                place.keep(Some(Arc::clone(&connection)));
                Ok(connection)
            }
            Err(error) => {
                self.lost.fetch_add(1, Relaxed);
                *failed = Some((Instant::now(), error.to_string().into()));
                Err(error)
            }
        }
    }

    /// Forgets a connection that gave no answer, unless another took its place already.
    pub(super) fn forget(&self, spu: &Spu, connection: &Connection) {
        let place = self.place(spu);
        let mut kept = place.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, connection)) {
            *kept = None;
            self.lost.fetch_add(1, Relaxed);
        }
    }
}

async fn connect(spu: &Spu, connecting: &ClientConfig, patience: Duration) -> Result<Connection, Refusal> {
    let mut config = connecting.with_prefix_sni_domain(&spu.name);
    config.set_addr(spu.address.clone());
    config.set_client_id("syncline");
    let (socket, config, versions) = tokio::time::timeout(patience, config.connect()).await??.split();
    Ok(Arc::new(VersionedSerialSocket::new(MultiplexerSocket::shared(socket), config, versions)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(600);

    fn spu(id: i32, address: String) -> Spu {
        Spu { id, name: format!("spu-{id}"), address }
    }

    #[tokio::test]
    async fn an_spu_that_does_not_answer_holds_up_nobody_else_and_all_who_wait_for_it_are_told_together() {
        // It takes connections, and says nothing.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = spu(1, silent.local_addr().unwrap().to_string());
        let nobody = spu(2, "127.0.0.1:1".to_owned());
        let lost = Arc::new(AtomicU64::new(0));
        let (connections, connecting) = (Connections::new(Arc::clone(&lost)), ClientConfig::with_addr(String::new()));
        let begun = Instant::now();
        let waiting = async {
            let to = || connections.to(&silent, &connecting, PATIENCE);
            let all = tokio::join!(to(), to(), to(), to());
            assert!(all.0.is_err() && all.1.is_err() && all.2.is_err() && all.3.is_err());
            begun.elapsed()
        };
        let other = async {
            tokio::task::yield_now().await;
            assert!(connections.to(&nobody, &connecting, PATIENCE).await.is_err());
            begun.elapsed()
        };
        let (waited, other) = tokio::join!(waiting, other);
        assert!(other < PATIENCE, "it waited {other:?} for another one's connection");
        assert!((PATIENCE..2 * PATIENCE).contains(&waited), "four waited {waited:?}, one after the other");
        assert_eq!(lost.load(Relaxed), 2, "one try for all who waited, and the other's");
        assert!(connections.to(&silent, &connecting, PATIENCE).await.is_err());
        assert_eq!(lost.load(Relaxed), 3, "who asks later tries anew");
    }
}
