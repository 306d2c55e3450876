//! The broker Kafka keeps the contract, on librdkafka's mock cluster and on a server of Apache Kafka.

mod in_a_group;
mod on_a_server;
mod on_the_mock_cluster;
mod with_a_token;
mod with_transactions;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::SystemClock;
use syncline::topics::kafka::{Compression, Options, Others, Security};
use syncline::topics::{Broker, Topics};

use crate::subject::{Subject, create};

fn options(servers: String) -> Options {
    Options {
        servers,
        client_id: "test".into(),
        group: None,
        compression: Compression::Lz4,
        replication: 0,
        max_record_bytes: 8 << 20,
        read_ahead_bytes: 16 << 20,
        security: Security::default(),
        others: Others::default(),
    }
}

async fn open(options: Options) -> Arc<dyn Topics> {
    Broker::Kafka(Box::new(options)).open(Arc::new(SystemClock)).await.unwrap()
}

/// A cluster under test.
trait Cluster: Send + Sync {
    /// How it is reached.
    fn options(&self) -> Options;

    /// Makes a topic on a cluster that makes none when it is asked to.
    fn prepare(&self, _topic: &str, _partitions: u32) {}
}

#[async_trait]
impl<C: Cluster> Subject for C {
    async fn open(&self) -> Arc<dyn Topics> {
        open(self.options()).await
    }

    async fn create(&self, topics: &dyn Topics, topic: &str, partitions: u32) {
        self.prepare(topic, partitions);
        create(topics, topic, partitions).await;
    }

    fn names(&self) -> &'static [&'static str] {
        &["Topic.1", "-", "a_b-c.D"]
    }

    fn keeps_old_times(&self) -> bool {
        false
    }

    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
