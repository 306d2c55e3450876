//! What a record is like when it arrives.

use rdkafka::mocking::MockCluster;
use schemas::{Header, Outgoing, Raw, ValueBytes};

use super::super::fluvio_cluster::FluvioCluster;
use super::super::kafka_server::KafkaServer;
use super::{Brokers, TOPIC, record};

/// No key and an empty one, no value and an empty one, bytes that are no text, headers that repeat, and as much as a record may hold.
fn peculiar(largest: usize) -> Vec<Outgoing> {
    let header = |name: &str, value: &[u8]| Header { name: name.into(), value: value.to_vec() };
    let headers = vec![header("h", b"1"), header("h", b""), header("other", &[0, 255])];
    vec![
        record(None, "without a key"),
        record(Some(b""), "with an empty one"),
        record(Some(b"empty"), ""),
        record(None, ""),
        Outgoing { value: ValueBytes::TOMBSTONE, ..record(Some(b"deleted"), "") },
        record(Some(&[0, 159, 146, 150]), [255, 0, 10]),
        Outgoing { headers, ..record(Some(b"headers"), "{}") },
        Outgoing { timestamp: Some("1970-01-01T00:00:00.001Z".parse().unwrap()), ..record(Some(b"old"), "1") },
        record(Some(b"large"), vec![b'x'; largest]),
    ]
}

fn same(copies: &[Raw], originals: &[Raw], of_fluvio: bool) {
    assert_eq!(copies.len(), originals.len());
    for (copy, original) in copies.iter().zip(originals) {
        let mut original = original.clone();
        if of_fluvio {
            original.headers.clear();
            original.value = original.value.into_bytes().into();
        }
        assert!(*copy == original, "{:?} {:?} became {:?} {:?}", original.origin, original.key, copy.origin, copy.key);
    }
}

/// There and back, over the kinds of broker that are at hand: equal in all, in the same partitions and in the same order.
async fn arrives_whole(brokers: &Brokers, from: &str, to: &str, largest: usize) {
    brokers.write(from, 3, peculiar(largest)).await;
    let (counts, said) = brokers.mirror(from, to);
    assert_eq!(counts["records_copied"], 9, "{counts}");
    same(&brokers.held(to).await, &brokers.held(from).await, from == "fluvio" || to == "fluvio");
    assert_eq!(said.matches("keeps no headers").count(), usize::from(to == "fluvio"), "{said}");
    let (counts, said) = brokers.mirror(from, to);
    assert_eq!((&counts["records_copied"], said.as_str()), (&0.into(), ""), "nothing is left to copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_whole_from_the_mock_cluster() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    let brokers = Brokers::new(&[("KAFKA_BROKERS", cluster.bootstrap_servers())]).await;
    arrives_whole(&brokers, "kafka", "local", 100_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_whole_from_a_kafka_server_and_at_one() {
    let Some(server) = KafkaServer::start() else { return };
    let brokers = Brokers::new(&[("KAFKA_BROKERS", server.address())]).await;
    arrives_whole(&brokers, "kafka", "local", 1 << 20).await;
    let Some(other) = KafkaServer::start() else { return };
    let brokers = Brokers::new(&[("KAFKA_BROKERS", other.address())]).await;
    arrives_whole(&brokers, "local", "kafka", 1 << 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_whole_at_fluvio_and_from_it_but_for_headers() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    for (from, to) in [("local", "fluvio"), ("fluvio", "local")] {
        let brokers = Brokers::new(&[("FLUVIO_ENDPOINT", cluster.endpoint.clone())]).await;
        arrives_whole(&brokers, from, to, 1 << 20).await;
        cluster.clear().await;
    }
}
