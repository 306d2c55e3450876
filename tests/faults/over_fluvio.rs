//! The same over the cluster of Fluvio at `FLUVIO_ENDPOINT`: an SPU is killed and started again, by the command `FLUVIO_RESTART`, while
//! records are read and published.
//!
//! One round after the other, each with the cluster for itself. What is written while an SPU dies may stand there twice, as Fluvio knows
//! no writer: so the load is written between the faults, and the alerts during them.

use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use schemas::Outgoing;
use syncline::run::Pipeline;
use tokio::task::block_in_place;

use super::super::fluvio_cluster::FluvioCluster;
use super::super::harness::{Bench, Database};
use super::super::needed::Needed;
use super::super::oracle::{Outcome, events_have_one_content, history_is_a_chain, outcome, positions, syncs_are_asked_for};
use super::server::{Restart, Server};
use super::workers::{Change, Workers};
use super::{BEYOND_A_LEASE, PATIENCE, in_small_batches, placed, seeds};

const CUSTOMERS: u64 = 100;
/// Rounds, where nobody says how many.
const ROUNDS: u64 = 4;

/// What is done to a load.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    /// An SPU is killed and started again; before that, this is done to the workers.
    Broker(Option<Change>),
    Database(Restart),
    Workers(Change),
}

impl Disturbance {
    fn any(rng: &mut StdRng) -> Self {
        let change = |rng: &mut StdRng| match rng.random_range(0..4) {
            0 => Change::Kill,
            1 => Change::Stall(BEYOND_A_LEASE),
            2 => Change::Join,
            _ => Change::Leave,
        };
        match rng.random_range(0..10) {
            0..5 => Self::Broker(None),
            5 | 6 => Self::Broker(Some(change(rng))),
            7 => Self::Database(if rng.random() { Restart::Fast } else { Restart::Immediate }),
            _ => Self::Workers(change(rng)),
        }
    }
}

/// A load with its workers, disturbed.
struct Round<'s> {
    seed: u64,
    /// What kills an SPU and starts it again.
    restart: &'s str,
    postgres: &'s Server,
    bench: Bench,
    workers: Workers,
}

impl fmt::Display for Round<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {0} over Fluvio; SYNCLINE_TEST_SEED={0} plays it again", self.seed)
    }
}

impl<'s> Round<'s> {
    async fn new(seed: u64, cluster: &FluvioCluster, restart: &'s str, postgres: &'s Server) -> Self {
        let mut bench = Bench::on(&postgres.url).await;
        let lanes = if seed.is_multiple_of(2) { "2" } else { "1" };
        let more = [("BROKER", "fluvio"), ("FLUVIO_ENDPOINT", cluster.endpoint.as_str()), ("LANES", lanes)];
        bench.more = more.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let workers = Workers::of(bench.file(in_small_batches), &bench, &[]);
        Self { seed, restart, postgres, bench, workers }
    }

    async fn disturb(&mut self, disturbance: Disturbance) {
        match disturbance {
            Disturbance::Broker(change) => {
                if let Some(change) = change {
                    self.workers.change(change).await;
                }
                let restarted = block_in_place(|| Command::new("sh").args(["-c", self.restart]).status().unwrap());
                assert!(restarted.success(), "{}", self.restart);
            }
            Disturbance::Database(restart) => block_in_place(|| self.postgres.restart(restart)),
            Disturbance::Workers(change) => self.workers.change(change).await,
        }
    }

    /// Writes the load in pieces, and something happens while each is worked on.
    async fn play(&mut self, pipeline: &Pipeline, load: &[Outgoing]) -> Vec<Disturbance> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let pieces = rng.random_range(2..5);
        let mut done = Vec::new();
        self.workers.start();
        self.workers.start();
        for piece in load.chunks(load.len().div_ceil(pieces)) {
            self.until_it_answers(pipeline).await;
            pipeline.produce(piece.to_vec()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..500))).await;
            let disturbance = Disturbance::any(&mut rng);
            done.push(disturbance);
            self.disturb(disturbance).await;
        }
        done
    }

    /// Waits until every partition answers: an SPU may have only just come back.
    async fn until_it_answers(&self, pipeline: &Pipeline) {
        let begun = Instant::now();
        while let Err(fault) = pipeline.backlog().await {
            assert!(begun.elapsed() < PATIENCE, "{fault}, {self}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
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

async fn played(mut round: Round<'_>, load: &[Outgoing], calm: &Outcome) {
    let pipeline = round.bench.pipeline(&[]).await;
    let disturbances = round.play(&pipeline, load).await;
    let begun = Instant::now();
    round.until_over(load.len() as u64).await;
    pipeline.sink().close().await;
    round.workers.stop();
    let of = format!("{round}: {disturbances:?}");
    eprintln!("{of}; got over it in {:.1} s", begun.elapsed().as_secs_f64());
    outcome(&round.bench).await.equals(calm, &of);
    history_is_a_chain(&round.bench).await;
    events_have_one_content(&round.bench).await;
    syncs_are_asked_for(&round.bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_cluster_every_event_ends_in_a_profile_or_a_dead_letter() {
    let Some(cluster) = FluvioCluster::given().await else { return };
    let Ok(restart) = std::env::var("FLUVIO_RESTART") else {
        Needed::Fluvio.is_missing("no SPU is killed: FLUVIO_RESTART is not set");
        return;
    };
    let load = placed(CUSTOMERS);
    let calm = Bench::new(Database::Postgres).await;
    calm.run(&[("LANES", "2")], load.clone()).await;
    let calm = outcome(&calm).await;
    let postgres = block_in_place(Server::start);
    for seed in seeds(ROUNDS) {
        played(Round::new(seed, &cluster, &restart, &postgres).await, &load, &calm).await;
        cluster.clear().await;
    }
}
