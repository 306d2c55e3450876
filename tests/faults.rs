//! Faults while a load is under way: the network, the database, the workers. Every event ends in a profile or in a dead letter, once.
//!
//! A round is its seed: which faults, in which order, after how long. `SYNCLINE_TEST_ROUNDS=200` is the full size, `100..200` the second half of it;
//! `SYNCLINE_TEST_SEED=n` plays one round again.

mod over_fluvio;
mod over_kafka;
mod proxy;
mod server;
mod workers;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use schemas::Outgoing;
use tokio::task::{JoinSet, block_in_place};

use self::proxy::Proxy;
use self::server::{Restart, Server};
use self::workers::{Change, Workers};
use super::harness::{Bench, Database};
use super::oracle::{Outcome, events, events_have_one_content, history_is_a_chain, outcome, positions, syncs_are_asked_for};

const CUSTOMERS: u64 = 250;
/// Of each input topic.
const PARTITIONS: u32 = 4;
/// Rounds, where nobody says how many.
const ROUNDS: u64 = 20;
/// So many rounds at a time, each with a database server of its own.
const BESIDE_EACH_OTHER: usize = 4;
/// Much more than a round may take to get over its last fault.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than a lease.
const BEYOND_A_LEASE: Duration = Duration::from_millis(2_600);

/// What is done to a load.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    /// To the connections between the workers and the database.
    Network(proxy::Fault),
    /// To the database.
    Database(Restart),
    /// To the workers.
    Workers(Change),
}

impl Disturbance {
    fn any(rng: &mut StdRng) -> Self {
        match rng.random_range(0..10) {
            0 => Self::Network(proxy::Fault::Cut),
            1 | 2 => Self::Network(proxy::Fault::CutBeforeFrame(rng.random_range(0..400))),
            3 | 4 => Self::Network(proxy::Fault::CommitUnheard),
            5 => Self::Network(proxy::Fault::Frozen(Duration::from_millis(rng.random_range(200..3_000)))),
            6 => Self::Database(if rng.random() { Restart::Fast } else { Restart::Immediate }),
            7 => Self::Workers(Change::Kill),
            8 => Self::Workers(Change::Stall(BEYOND_A_LEASE)),
            _ => Self::Workers(if rng.random() { Change::Join } else { Change::Leave }),
        }
    }
}

/// A load with its workers, disturbed.
struct Round<'s> {
    seed: u64,
    server: &'s Server,
    proxy: Proxy,
    bench: Bench,
    workers: Workers,
}

impl fmt::Display for Round<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {0}; SYNCLINE_TEST_SEED={0} plays it again", self.seed)
    }
}

/// Small transactions, so that there is much between which something can happen.
fn in_small_batches(text: String) -> String {
    let small = text.replace("{records: 2000, linger: 20ms}", "{records: 40, linger: 5ms}");
    assert_ne!(small, text);
    small
}

impl<'s> Round<'s> {
    async fn new(seed: u64, server: &'s Server) -> Self {
        let (bench, proxy) = (Bench::on(&server.url).await, Proxy::before(server.port()).await);
        let through = bench.url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port));
        assert_ne!(through, bench.url);
        let lanes = if seed.is_multiple_of(2) { "2" } else { "1" };
        let more = [("DATABASE_URL", through.as_str()), ("LANES", lanes)];
        let workers = Workers::of(bench.file(in_small_batches), &bench, &more);
        Self { seed, server, proxy, bench, workers }
    }

    async fn disturb(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Network(fault) => self.proxy.apply(fault),
            Disturbance::Database(restart) => block_in_place(|| self.server.restart(restart)),
            Disturbance::Workers(change) => self.workers.change(change).await,
        }
    }

    /// Produces the load in pieces, with something happening after each.
    async fn play(&mut self, load: &[Outgoing]) -> Vec<Disturbance> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let pipeline = self.bench.pipeline(&[]).await;
        let pieces = rng.random_range(3..6);
        let mut done = Vec::new();
        for (at, piece) in load.chunks(load.len().div_ceil(pieces)).enumerate() {
            pipeline.produce(piece.to_vec()).await.unwrap();
            if at == 0 {
                self.workers.start();
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..700))).await;
            let disturbance = Disturbance::any(&mut rng);
            done.push(disturbance);
            self.disturb(disturbance).await;
        }
        pipeline.sink().close().await;
        done
    }

    /// Waits until all is processed and published.
    async fn until_over(&self, records: u64) {
        let begun = Instant::now();
        loop {
            let processed = positions(&self.bench).await;
            assert!(processed <= records, "{processed} of {records} records, {self}");
            if processed == records && self.bench.rows("outbox", &["seq"], "seq").await.is_empty() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{processed} of {records} records are processed, {self}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn played(seed: u64, server: &Server, load: &[Outgoing], calm: &Outcome) {
    let mut round = Round::new(seed, server).await;
    let disturbances = round.play(load).await;
    let begun = Instant::now();
    round.until_over(load.len() as u64).await;
    round.workers.stop();
    eprintln!("round {seed}: {disturbances:?}; got over it in {:.1} s", begun.elapsed().as_secs_f64());
    outcome(&round.bench).await.equals(calm, &format!("{round}: {disturbances:?}"));
    history_is_a_chain(&round.bench).await;
    events_have_one_content(&round.bench).await;
    syncs_are_asked_for(&round.bench).await;
}

/// The rounds to play, where nobody says which: so many.
fn seeds(rounds: u64) -> Vec<u64> {
    let number = |text: &str| text.parse::<u64>().unwrap();
    if let Ok(seed) = std::env::var("SYNCLINE_TEST_SEED") {
        return vec![number(&seed)];
    }
    match std::env::var("SYNCLINE_TEST_ROUNDS") {
        Ok(text) => text.split_once("..").map_or(0..number(&text), |(from, to)| number(from)..number(to)).collect(),
        Err(_) => (0..rounds).collect(),
    }
}

/// The events of so many customers, each with its partition: in which pieces they are written must not say where a record without a key
/// stands.
fn placed(customers: u64) -> Vec<Outgoing> {
    let mut load = events(customers);
    for (at, record) in (0..).zip(&mut load) {
        record.partition = Some(at % PARTITIONS);
    }
    load
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_every_event_ends_in_a_profile_or_a_dead_letter() {
    let load = placed(CUSTOMERS);
    let calm = Bench::new(Database::Postgres).await;
    calm.run(&[("LANES", "2")], load.clone()).await;
    let (load, calm) = (Arc::new(load), Arc::new(outcome(&calm).await));
    let seeds = seeds(ROUNDS);
    // A round is mostly waiting.
    let mut beside = JoinSet::new();
    for seeds in seeds.chunks(seeds.len().div_ceil(BESIDE_EACH_OTHER)).map(<[u64]>::to_vec) {
        let (load, calm) = (Arc::clone(&load), Arc::clone(&calm));
        beside.spawn(async move {
            let server = block_in_place(Server::start);
            for seed in seeds {
                played(seed, &server, &load, &calm).await;
            }
        });
    }
    while let Some(ended) = beside.join_next().await {
        ended.unwrap();
    }
}
