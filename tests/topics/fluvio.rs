//! The broker Fluvio keeps the contract, and more.

mod losses;
mod records;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::{FaultKind, SystemClock};
use syncline::topics::fluvio::{Compression, Fluvio, Options, Tls};
use syncline::topics::{Broker, Topics};

use crate::fluvio_cluster::FluvioCluster;
use crate::subject::Subject;

impl FluvioCluster {
    fn options(&self) -> Options {
        Options {
            endpoint: self.endpoint.clone(),
            compression: Compression::Lz4,
            replication: 1,
            max_record_bytes: 2 << 20,
            read_ahead_bytes: 16 << 20,
            tls: None,
        }
    }

    async fn open_with(&self, options: Options) -> Arc<dyn Topics> {
        Broker::Fluvio(Box::new(options)).open(Arc::new(SystemClock)).await.unwrap()
    }
}

#[async_trait]
impl Subject for FluvioCluster {
    async fn open(&self) -> Arc<dyn Topics> {
        self.open_with(self.options()).await
    }

    fn names(&self) -> &'static [&'static str] {
        &["a-b", "a_b", "a.b", "admin.customer.complete.profile.v2_1", "1"]
    }

    fn longest_name(&self) -> usize {
        63
    }

    fn keeps_tombstones(&self) -> bool {
        false
    }

    fn keeps_headers(&self) -> bool {
        false
    }

    fn keeps_old_times(&self) -> bool {
        false
    }

    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_unavailable_and_named() {
    let cluster = FluvioCluster { endpoint: "127.0.0.1:1".into(), _alone: None };
    let Err(fault) = Fluvio::open(&cluster.options(), Arc::new(SystemClock)).await else { panic!("nobody is there") };
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert!(fault.to_string().contains("127.0.0.1:1"), "{fault}");
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_refused_and_named() {
    let file = |name: &str| std::path::PathBuf::from(name);
    let (ca_file, certificate_file, key_file) = (file("Cargo.toml"), file("nowhere.pem"), file("Cargo.toml"));
    let tls = Some(Tls { domain: "fluvio.local".into(), ca_file, certificate_file, key_file });
    let cluster = FluvioCluster { endpoint: "127.0.0.1:1".into(), _alone: None };
    let Err(fault) = Fluvio::open(&Options { tls, ..cluster.options() }, Arc::new(SystemClock)).await else { panic!("no file") };
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("nowhere.pem"), "{fault}");
}

/// All on one cluster, one after the other: they share its topics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_the_contract_and_more() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    crate::contract::contract!(in_turn & cluster);
    records::many_topics_are_created_at_once(&cluster).await;
    cluster.clear().await;
    records::every_compression_is_read(&cluster).await;
    cluster.clear().await;
    records::batches_that_a_fetch_cuts_arrive_whole(&cluster).await;
    cluster.clear().await;
    records::many_records_of_all_sizes_arrive_whole(&cluster).await;
    cluster.clear().await;
    records::what_the_crates_own_producer_writes_is_read(&cluster).await;
    cluster.clear().await;
    records::what_is_too_large_is_refused_and_nothing_after_it_suffers(&cluster).await;
    cluster.clear().await;
    losses::a_topic_that_was_deleted_is_refused(&cluster).await;
    cluster.clear().await;
    losses::nothing_is_lost_when_an_spu_is_killed(&cluster).await;
    cluster.clear().await;
}
