//! The same over a server of Apache Kafka, where the workers are a consumer group: the server is killed while records are written and
//! read, and workers change while it is away.
//!
//! One server for a dozen rounds, each with topics of its own. Some are played beside each other: each meets what happens to the server for
//! the others, too. In every third one the two stages pass records over a topic of the server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use schemas::{Clock, Outgoing, SystemClock};
use syncline::run::Pipeline;
use tokio::sync::Mutex;
use tokio::task::{JoinSet, block_in_place};

use super::super::harness::{Bench, topic};
use super::super::kafka_server::KafkaServer;
use super::super::oracle::{Outcome, events_have_one_content, history_is_a_chain, outcome, syncs_are_asked_for};
use super::server::{Restart, Server};
use super::workers::{Change, Workers};
use super::{PATIENCE, in_small_batches, placed, seeds};

const CUSTOMERS: u64 = 60;
/// Rounds, where nobody says how many.
const ROUNDS: u64 = 6;
/// So many rounds at a time, each with a database server of its own.
const BESIDE_EACH_OTHER: usize = 3;
/// So many rounds have a server of their own: one that was killed looks through the partitions of all rounds before it answers again.
const A_SERVER: usize = 12;
/// So many records are written at once, with a pause of [`PAUSE`] behind them: there is load while something happens.
const AT_ONCE: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// How many milliseconds a worker stands still: longer than a lease, and up to longer than the group waits for it.
const STILL_MS: std::ops::Range<u64> = 2_600..4_000;
/// A worker is missed by its group after three seconds. What is written waits for the server however often it is killed: a write that
/// fails is repeated, and what it had brought stands twice then.
const OPTIONS: &str = "    options: {session.timeout.ms: 3000, heartbeat.interval.ms: 300, delivery.timeout.ms: 300000}\n";

/// What is done to a load.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    /// The server is killed, and starts again so much later; meanwhile, this is done to the workers.
    Broker(Duration, Option<Change>),
    /// The database restarts.
    Database(Restart),
    /// To the workers alone.
    Workers(Change),
}

impl Change {
    fn any(rng: &mut StdRng) -> Self {
        match rng.random_range(0..4) {
            0 => Self::Kill,
            1 => Self::Stall(Duration::from_millis(rng.random_range(STILL_MS))),
            2 => Self::Join,
            _ => Self::Leave,
        }
    }
}

impl Disturbance {
    fn broker(rng: &mut StdRng) -> Self {
        let away = Duration::from_millis(rng.random_range(0..2_000));
        Self::Broker(away, rng.random::<bool>().then(|| Change::any(rng)))
    }

    fn any(rng: &mut StdRng) -> Self {
        match rng.random_range(0..6) {
            0 => Self::broker(rng),
            1 => Self::Database(if rng.random() { Restart::Fast } else { Restart::Immediate }),
            _ => Self::Workers(Change::any(rng)),
        }
    }
}

/// The server of all rounds. Whoever needs it to stay as it is holds it.
struct Cluster {
    address: String,
    server: Mutex<KafkaServer>,
    /// How often it was started again.
    starts: AtomicU32,
}

/// A load with its workers, disturbed.
struct Round<'s> {
    seed: u64,
    cluster: &'s Cluster,
    postgres: &'s Server,
    bench: Bench,
    workers: Workers,
}

impl fmt::Display for Round<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {0} over Kafka; SYNCLINE_TEST_SEED={0} plays it again", self.seed)
    }
}

/// What the names of a round's topics begin with.
fn prefix(seed: u64) -> String {
    format!("round-{seed}.")
}

/// The file of a round.
fn edited(text: &str, seed: u64) -> String {
    let mut text = in_small_batches(text.replace("    group: ", &format!("{OPTIONS}    group: ")));
    for begin in [
        "admin.customer.",
        "admin.alerts.",
        "admin.notifications",
        "customer.sync.",
        "customer.profiles",
        "dlq.failed.",
        "profile.events",
    ] {
        text = text.replace(begin, &format!("{}{begin}", prefix(seed)));
    }
    if seed % 3 == 2 {
        text = text.replace("{internal: true, key: customerId}", "{partitions: 3, key: customerId}");
        text = text.replace(
            "    steps:\n      - use: decode\n",
            "    batch: {records: 40, linger: 5ms}\n    steps:\n      - use: decode\n",
        );
    }
    text
}

impl<'s> Round<'s> {
    async fn new(seed: u64, cluster: &'s Cluster, postgres: &'s Server) -> Self {
        let mut bench = Bench::on(&postgres.url).await;
        let group = format!("{}workers", prefix(seed));
        let lanes = if seed.is_multiple_of(2) { "2" } else { "1" };
        let more = [("BROKER", "kafka"), ("KAFKA_BROKERS", &cluster.address), ("KAFKA_GROUP_ID", &group), ("LANES", lanes)];
        bench.more = more.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let workers = Workers::of(bench.file(|text| edited(&text, seed)), &bench, &[]);
        Self { seed, cluster, postgres, bench, workers }
    }

    async fn disturb(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Broker(away, meanwhile) => {
                let mut server = self.cluster.server.lock().await;
                server.stop();
                tokio::time::sleep(away).await;
                if let Some(change) = meanwhile {
                    self.workers.change(change).await;
                }
                block_in_place(|| server.start_again());
                self.cluster.starts.fetch_add(1, Relaxed);
            }
            Disturbance::Database(restart) => block_in_place(|| self.postgres.restart(restart)),
            Disturbance::Workers(change) => self.workers.change(change).await,
        }
    }

    /// Writes the load in pieces, and something happens while each is written. To the server in any case, once.
    async fn play(&mut self, pipeline: &Arc<Pipeline>, load: &[Outgoing]) -> Vec<Disturbance> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let pieces = rng.random_range(2..4);
        let killed_at = rng.random_range(0..pieces);
        let mut done = Vec::new();
        self.workers.start();
        self.workers.start();
        for (at, piece) in load.chunks(load.len().div_ceil(pieces)).enumerate() {
            let writing = tokio::spawn(write(Arc::clone(pipeline), piece.to_vec()));
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..700))).await;
            let disturbance = if at == killed_at { Disturbance::broker(&mut rng) } else { Disturbance::any(&mut rng) };
            done.push(disturbance);
            self.disturb(disturbance).await;
            writing.await.unwrap();
        }
        done
    }

    /// Waits until all is processed and published. Other rounds kill the server meanwhile: patience begins anew with each start.
    async fn until_over(&self, pipeline: &Pipeline, records: u64) {
        let (mut begun, mut starts) = (Instant::now(), self.cluster.starts.load(Relaxed));
        loop {
            let known = std::mem::replace(&mut starts, self.cluster.starts.load(Relaxed));
            if starts != known {
                begun = Instant::now();
            }
            let positions = self.bench.rows("pipeline_positions", &["segment", "offset"], "segment").await;
            let of_intake = positions.iter().filter(|row| row["segment"] == "intake");
            let processed: u64 = of_intake.filter_map(|row| row["offset"].as_u64()).sum();
            assert!(processed <= records, "{processed} of {records} records, {self}");
            // A server that has only just come back may not answer yet.
            if processed == records
                && pipeline.backlog().await.is_ok_and(|backlog| backlog == 0)
                && self.bench.rows("outbox", &["seq"], "seq").await.is_empty()
            {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{processed} of {records} records are processed, {self}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The load with times of today. A server that was killed forgets who wrote records that are older than a day
/// (`producer.id.expiration.ms`, by the records' own times), and takes what is sent to it again for something new.
fn of_today(mut load: Vec<Outgoing>) -> Vec<Outgoing> {
    let now = Some(SystemClock.now());
    load.iter_mut().for_each(|record| record.timestamp = record.timestamp.max(now));
    load
}

async fn write(pipeline: Arc<Pipeline>, records: Vec<Outgoing>) {
    for records in records.chunks(AT_ONCE) {
        pipeline.produce(records.to_vec()).await.unwrap();
        tokio::time::sleep(PAUSE).await;
    }
}

/// What an undisturbed run of the round makes of the load: of its own topics, as their names go into the ids of events that have none.
async fn calm(seed: u64, postgres: &Server, load: &[Outgoing]) -> Outcome {
    let bench = Bench::on(&postgres.url).await;
    bench.file(|text| edited(&text, seed));
    bench.run(&[("LANES", "2")], load.to_vec()).await;
    outcome(&bench).await
}

async fn played(seed: u64, cluster: &Cluster, postgres: &Server, mut load: Vec<Outgoing>) {
    let begun = Instant::now();
    for record in &mut load {
        record.topic = topic(&format!("{}{}", prefix(seed), record.topic));
    }
    let calm = calm(seed, postgres, &load).await;
    let mut round = Round::new(seed, cluster, postgres).await;
    let pipeline = Arc::new(round.bench.pipeline(&[]).await);
    let disturbances = round.play(&pipeline, &load).await;
    let disturbed = begun.elapsed();
    round.until_over(&pipeline, load.len() as u64).await;
    let over = begun.elapsed();
    pipeline.sink().close().await;
    round.workers.stop();
    let of = format!("{round}: {disturbances:?}");
    outcome(&round.bench).await.equals(&calm, &of);
    history_is_a_chain(&round.bench).await;
    let held = round.cluster.server.lock().await;
    events_have_one_content(&round.bench).await;
    syncs_are_asked_for(&round.bench).await;
    drop(held);
    let recovered = (over - disturbed).as_secs_f64();
    eprintln!("{of}; got over it in {recovered:.1} s, {:.1} s in all", begun.elapsed().as_secs_f64());
}

/// Plays rounds over a server of their own. `false`: there is none.
async fn played_together(seeds: &[u64]) -> bool {
    let Some(server) = block_in_place(KafkaServer::start) else { return false };
    let cluster = Arc::new(Cluster { address: server.address(), server: Mutex::new(server), starts: AtomicU32::new(0) });
    let load = of_today(placed(CUSTOMERS));
    let mut beside = JoinSet::new();
    for seeds in seeds.chunks(seeds.len().div_ceil(BESIDE_EACH_OTHER)).map(<[u64]>::to_vec) {
        let (cluster, load) = (Arc::clone(&cluster), load.clone());
        beside.spawn(async move {
            let postgres = block_in_place(Server::start);
            for seed in seeds {
                played(seed, &cluster, &postgres, load.clone()).await;
            }
        });
    }
    while let Some(ended) = beside.join_next().await {
        ended.unwrap();
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_group_every_event_ends_in_a_profile_or_a_dead_letter() {
    for seeds in seeds(ROUNDS).chunks(A_SERVER) {
        if !played_together(seeds).await {
            return;
        }
    }
}
