//! Workers of a consumer group on a server of Apache Kafka: they share the partitions, come and go, and what comes out is what one makes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::fluvio_cluster::FluvioCluster;
use super::harness::{Bench, Database, record_lines, root};
use super::kafka_server::KafkaServer;
use super::sample_profiles::{expected, matches, sample};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pipeline of its own database and cluster, whose lost workers are missed soon.
pub(crate) struct Group {
    pub(crate) bench: Bench,
    pub(crate) file: PathBuf,
    pub(crate) variables: Vec<(String, String)>,
}

/// A worker; dropping it ends it.
pub(crate) struct Worker(pub(crate) Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }
}

impl Worker {
    fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(sent.success(), "{name}");
    }

    /// As an orchestrator stops it.
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.0.wait().unwrap().success());
    }
}

impl Group {
    async fn of(server: &KafkaServer) -> Self {
        Self::with(server, |text| text).await
    }

    /// The same with another file.
    pub(crate) async fn with(server: &KafkaServer, edit: impl FnOnce(String) -> String) -> Self {
        let bench = Bench::new(Database::Postgres).await;
        let text = std::fs::read_to_string(root().join("pipeline.yaml")).unwrap();
        let soon =
            text.replace("    group: ", "    options: {session.timeout.ms: 3000, heartbeat.interval.ms: 300}\n    group: ");
        assert_ne!(soon, text);
        let file = bench.dir.path().join("pipeline.yaml");
        std::fs::write(&file, edit(soon)).unwrap();
        link(&root().join("schemas"), &bench.dir.path().join("schemas"));
        let mut variables: Vec<_> = bench.variables().into_iter().collect();
        variables.extend([("BROKER", "kafka"), ("HTTP_ADDR", "off"), ("LOG_LEVEL", "warn")].map(|(n, v)| (n.into(), v.into())));
        variables.push(("KAFKA_BROKERS".into(), server.address()));
        Self { bench, file, variables }
    }

    pub(crate) fn worker(&self) -> Worker {
        self.run(&[])
    }

    /// The same without a cluster: over the local broker.
    pub(crate) async fn local(edit: impl FnOnce(String) -> String) -> Self {
        let bench = Bench::new(Database::Postgres).await;
        let file = bench.file(edit);
        let mut variables: Vec<_> = bench.variables().into_iter().collect();
        variables.extend([("HTTP_ADDR", "off"), ("LOG_LEVEL", "warn")].map(|(n, v)| (n.into(), v.into())));
        Self { bench, file, variables }
    }

    /// The same over a cluster of Fluvio.
    pub(crate) async fn fluvio(cluster: &FluvioCluster, edit: impl FnOnce(String) -> String) -> Self {
        let mut group = Self::local(edit).await;
        group.variables.push(("BROKER".into(), "fluvio".into()));
        group.variables.push(("FLUVIO_ENDPOINT".into(), cluster.endpoint.clone()));
        group
    }

    /// `syncline run` with more arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Worker {
        let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.arg("run").arg(&self.file).args(arguments).envs(self.variables.iter().cloned());
        Worker(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// The processes that hold partitions now.
    async fn owners(&self) -> BTreeSet<u32> {
        let query = "SELECT jsonb_build_object('owner', owner)::text FROM leases \
                     WHERE segment <> 'outbox' AND owner IS NOT NULL AND expires_at > clock_timestamp()";
        let owners = self.bench.json(query).await;
        owners.iter().map(|row| row["owner"].as_str().unwrap().split(':').nth(1).unwrap().parse().unwrap()).collect()
    }

    pub(crate) async fn until_owned_by<const N: usize>(&self, workers: [&Worker; N]) {
        let wanted: BTreeSet<u32> = workers.map(Worker::pid).into();
        let begun = Instant::now();
        while self.owners().await != wanted {
            assert!(begun.elapsed() < PATIENCE, "partitions are owned by {:?}, not {wanted:?}", self.owners().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until so many records are processed, each by every segment that it goes through, and all is published that they caused.
    pub(crate) async fn until_processed(&self, records: usize) {
        let begun = Instant::now();
        loop {
            let positions = self.bench.rows("pipeline_positions", &["offset"], "segment").await;
            let processed: u64 = positions.iter().filter_map(|row| row["offset"].as_u64()).sum();
            assert!(processed <= records as u64, "{processed} of {records}: something was counted twice");
            if processed == records as u64 && self.bench.rows("outbox", &["seq"], "seq").await.is_empty() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{processed} of {records} records are processed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn link(to: &Path, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_are_killed_and_join_and_every_record_is_processed() {
    let Some(server) = KafkaServer::start() else { return };
    let group = Group::of(&server).await;
    let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = group.bench.pipeline(&more).await;
    let events = record_lines(&sample("events.jsonl"));
    let (early, later) = events.split_at(events.len() / 3);
    let (later, last) = later.split_at(later.len() / 2);

    let (first, second) = (group.worker(), group.worker());
    group.until_owned_by([&first, &second]).await;
    pipeline.produce(early.to_vec()).await.unwrap();
    group.until_processed(early.len()).await;

    // One is lost with what it has in hand; the other takes its partitions over.
    pipeline.produce(later.to_vec()).await.unwrap();
    drop(first);
    group.until_owned_by([&second]).await;
    group.until_processed(early.len() + later.len()).await;

    // One comes while there is work.
    let third = group.worker();
    for chunk in last.chunks(20) {
        pipeline.produce(chunk.to_vec()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    group.until_owned_by([&second, &third]).await;
    group.until_processed(events.len()).await;

    // One leaves in order; the other goes on with all.
    second.stop();
    group.until_owned_by([&third]).await;
    third.stop();
    assert!(group.owners().await.is_empty(), "leases are given back");
    matches(&group.bench, &expected(&sample("expected.jsonl"))).await;
    pipeline.sink().close().await;
}

/// Events that come twice, out of order, of no schema or for critical changes, in the order in which they stand in the file.
#[tokio::test(flavor = "multi_thread")]
async fn three_workers_make_of_the_hard_sample_what_one_makes() {
    let Some(server) = KafkaServer::start() else { return };
    let group = Group::of(&server).await;
    let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = Box::pin(group.bench.pipeline(&more)).await;
    let workers = [group.worker(), group.worker(), group.worker()];
    group.until_owned_by(workers.each_ref()).await;
    let events = record_lines(&sample("hard-events.jsonl"));
    for chunk in events.chunks(200) {
        pipeline.produce(chunk.to_vec()).await.unwrap();
    }
    group.until_processed(events.len()).await;
    workers.into_iter().for_each(Worker::stop);
    matches(&group.bench, &expected(&sample("hard-expected.jsonl"))).await;
    pipeline.sink().close().await;
}

/// Fluvio has no groups: which partitions are whose is said to each worker.
#[tokio::test(flavor = "multi_thread")]
async fn three_workers_share_the_partitions_of_fluvio_and_one_is_killed() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    for (events, outcome) in [("events.jsonl", "expected.jsonl"), ("hard-events.jsonl", "hard-expected.jsonl")] {
        let group = Group::fluvio(&cluster, |text| text).await;
        let more: Vec<_> = group.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pipeline = Box::pin(group.bench.pipeline(&more)).await;
        let worker = |number: &str| group.run(&["--worker", number]);
        let (first, second, third) = (worker("1/3"), worker("2/3"), worker("3/3"));
        group.until_owned_by([&first, &second, &third]).await;
        let events = record_lines(&sample(events));
        let (early, late) = events.split_at(events.len() / 2);
        pipeline.produce(early.to_vec()).await.unwrap();
        // Its partitions wait for the next one of its number.
        drop(second);
        pipeline.produce(late.to_vec()).await.unwrap();
        let again = worker("2/3");
        group.until_processed(events.len()).await;
        [first, again, third].into_iter().for_each(Worker::stop);
        matches(&group.bench, &expected(&sample(outcome))).await;
        pipeline.sink().close().await;
        cluster.clear().await;
    }
}
