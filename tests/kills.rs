//! `kill -9` at random moments: what comes out equals what an undisturbed run makes of the same input.

use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt, SeedableRng};

use super::harness::{Bench, Database, root};
use super::oracle::{events, events_have_one_content, history_is_a_chain, outcome, positions, syncs_are_asked_for};

/// How long a process lives at most before it is killed, where it is not left alone until it has committed something.
const LIFE_MS: u64 = 900;
/// How long after that commit it is killed at most.
const AFTER_COMMIT_MS: u64 = 400;

fn start(bench: &Bench) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.args(["run", "--until-caught-up", "--format", "json"]).current_dir(root()).envs(bench.variables());
    command.env("LANES", "2").env("LOG_LEVEL", "error").stdout(Stdio::null()).spawn().unwrap()
}

async fn killed(database: Database, customers: u64, kills: usize, seed: u64) {
    let events = events(customers);
    let calm = Bench::new(database).await;
    calm.run(&[("LANES", "2")], events.clone()).await;

    let bench = Bench::new(database).await;
    let pipeline = bench.pipeline(&[]).await;
    for batch in events.chunks(1_000) {
        pipeline.produce(batch.to_vec()).await.unwrap();
    }
    pipeline.sink().close().await;
    drop(pipeline);
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let (mut kills_made, mut at_work, mut read) = (0, 0, 0);
    while kills_made < kills {
        let mut child = start(&bench);
        // Every other one at any moment, also while it starts or waits for the lease of the one before; the others at work.
        if kills_made % 2 == 0 {
            while child.try_wait().unwrap().is_none() && positions(&bench).await == read {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..AFTER_COMMIT_MS))).await;
        } else {
            tokio::time::sleep(Duration::from_millis(rng.random_range(20..LIFE_MS))).await;
        }
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "a run that was left alone: {ended}, seed {seed}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills_made += 1;
        let before = std::mem::replace(&mut read, positions(&bench).await);
        at_work += usize::from(read > before);
    }
    eprintln!("{database:?}: {at_work} of {kills_made} kills hit a process that had committed something");
    assert!(at_work > 0, "no process was killed at work, seed {seed}");
    assert!(start(&bench).wait().unwrap().success(), "the last run, seed {seed}");

    outcome(&bench).await.equals(&outcome(&calm).await, &format!("seed {seed}"));
    history_is_a_chain(&bench).await;
    events_have_one_content(&bench).await;
    syncs_are_asked_for(&bench).await;
    assert!(bench.rows("outbox", &["seq"], "seq").await.is_empty(), "the outbox is empty once everything is published");
}

/// How hard to try: `SYNCLINE_TEST_KILLS=50 SYNCLINE_TEST_CUSTOMERS=20000` is the full size.
fn size() -> (u64, usize) {
    let number = |name: &str, default: usize| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    (number("SYNCLINE_TEST_CUSTOMERS", 1_500) as u64, number("SYNCLINE_TEST_KILLS", 6))
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_change_nothing_on_sqlite() {
    let (customers, kills) = size();
    killed(Database::Sqlite, customers, kills, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_change_nothing_on_postgres() {
    let (customers, kills) = size();
    killed(Database::Postgres, customers, kills, 4).await;
}
