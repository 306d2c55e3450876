//! The Fluvio cluster for tests: the one at `FLUVIO_ENDPOINT`. Without that variable the tests that need it are left out.
//!
//! It has to be empty, so that nothing of anybody's is deleted: the tests delete every topic that there is.

use std::time::Duration;

use fluvio::metadata::topic::TopicSpec;
use fluvio::{FluvioAdmin, FluvioClusterConfig};
use tokio::sync::{Mutex, MutexGuard};

use crate::needed::Needed;

/// A cluster without topics.
pub(crate) struct FluvioCluster {
    /// `host:port`
    pub(crate) endpoint: String,
    /// Whoever has it is alone with the cluster: it is one for all tests of this process.
    pub(crate) _alone: Option<MutexGuard<'static, ()>>,
}

static ALONE: Mutex<()> = Mutex::const_new(());

impl FluvioCluster {
    /// The one that the environment names; `None`, which is told, without.
    pub(crate) async fn given() -> Option<Self> {
        let Ok(endpoint) = std::env::var("FLUVIO_ENDPOINT") else {
            Needed::Fluvio.is_missing("FLUVIO_ENDPOINT is not set");
            return None;
        };
        let cluster = Self { endpoint, _alone: Some(ALONE.lock().await) };
        let topics = cluster.topics().await;
        assert!(topics.is_empty(), "the cluster at {} is not for tests: it has topics: {topics:?}", cluster.endpoint);
        Some(cluster)
    }

    /// Deletes every topic, and waits until none is left.
    pub(crate) async fn clear(&self) {
        let admin = self.admin().await;
        loop {
            let topics = self.topics().await;
            if topics.is_empty() {
                return;
            }
            for topic in topics {
                // It may be on its way out already.
                admin.delete::<TopicSpec>(topic).await.ok();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How the crate itself connects.
    pub(crate) fn config(&self) -> FluvioClusterConfig {
        FluvioClusterConfig::new(&self.endpoint)
    }

    async fn admin(&self) -> FluvioAdmin {
        FluvioAdmin::connect_with_config(&self.config()).await.unwrap()
    }

    async fn topics(&self) -> Vec<String> {
        self.admin().await.all::<TopicSpec>().await.unwrap().into_iter().map(|topic| topic.name).collect()
    }
}
