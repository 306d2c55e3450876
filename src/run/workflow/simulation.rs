//! A week of thousands of customers, by a clock that the test moves: what happened to each sync, and when, is what a model says that
//! shares no code with the workflow.
//!
//! The source loses requests, answers late, and answers twice. Workers die before and after they write, the publisher before it deletes
//! what it sent. Each customer's part is played by its own random numbers, so the model knows what the source does.
#![allow(clippy::unwrap_used, clippy::panic)]

mod model;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use schemas::store::{Batch, Outbound, Written};
use schemas::{Json, Origin, Record, Tolerated, TopicName};
use serde_json::{Value, json};
use sinks::{Settings, Sink};
use transforms::Step;

use self::model::{DAYS, DEADLINES, Event, Line, TICKS_A_DAY, answers, asks, model};
use crate::config::Plan;
use crate::run::faulty;
use crate::run::keyed::{Given, Keyed, Wake};

/// How long a tick lasts: what happens is seen at the next one.
const TICK: TimeDelta = TimeDelta::minutes(5);
/// The durations of the shipped file, five times as long: a minute of it is a tick.
const SLOWER: [(&str, &str); 3] = [
    ("{notification: 30m, request: 5m}", "{notification: 150m, request: 25m}"),
    ("{urgent: 2m, high: 5m, medium: 10m, low: 30m}", "{urgent: 10m, high: 25m, medium: 50m, low: 150m}"),
    // Every retry follows when it is said.
    ("backoff: 1m, jitter: 10", "backoff: 5m, jitter: 0"),
];

struct World {
    seed: u64,
    plan: Plan,
    sink: Arc<dyn Sink>,
    rng: StdRng,
    now: i64,
    coming: BTreeMap<i64, Vec<(usize, Event)>>,
    /// The ids of the requests that the source has had, by customer.
    requests: BTreeMap<usize, HashSet<String>>,
    written: BTreeMap<String, Vec<Line>>,
    deaths: u32,
    /// Whether something may wait to be published.
    publishes: bool,
}

fn name(customer: usize) -> String {
    format!("c-{customer:05}")
}

fn number(customer: &str) -> usize {
    customer[2..].parse().unwrap()
}

fn at(tick: i64) -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TICK * i32::try_from(tick).unwrap()
}

fn record(customer: usize, kind: &str, id: &str, tick: i64, payload: &Value) -> Record {
    let origin = Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 0 };
    Record {
        key: Some(name(customer)),
        value: Json::parse_own(&payload.to_string()).unwrap(),
        kind: kind.into(),
        id: id.into(),
        event_time: at(tick),
        timestamp: at(tick),
        origin,
        correlation_id: None,
        tolerated: Tolerated::default(),
    }
}

impl World {
    async fn new(seed: u64, customers: usize) -> Self {
        let slower = |text: String, (shipped, slower): &(&str, &str)| {
            assert!(text.contains(shipped), "{shipped}");
            text.replace(shipped, slower)
        };
        // The rules have no part in it.
        let mut plan = faulty::plan("sqlite://unused.db", |text| SLOWER.iter().fold(text, slower));
        for stage in &mut plan.segments[0].stages {
            stage.steps.retain(|step| matches!(step.step, Step::Fold(_) | Step::Workflow(_)));
        }
        let sink = sinks::open("sqlite::memory:", &Settings::new(&plan.name)).await.unwrap();
        let mut coming: BTreeMap<i64, Vec<(usize, Event)>> = BTreeMap::new();
        for customer in 0..customers {
            for (at, event) in asks(seed, customer) {
                coming.entry(at).or_default().push((customer, event));
            }
        }
        let (requests, written) = (BTreeMap::new(), BTreeMap::new());
        Self {
            seed,
            plan,
            sink,
            rng: StdRng::seed_from_u64(seed),
            now: 0,
            coming,
            requests,
            written,
            deaths: 0,
            publishes: false,
        }
    }

    fn dies(&mut self) -> bool {
        let dies = self.rng.random_bool(0.05);
        self.deaths += u32::from(dies);
        dies
    }

    /// A worker that reads, merges and writes; it may die between any two of these, and another does the same again.
    async fn work(&mut self, records: &[Record], customers: &BTreeSet<String>) {
        loop {
            let stage = self.plan.segments[0].stages.last().unwrap();
            let keyed = Keyed::new(&self.plan.name, "rules".into(), stage);
            let ids = keyed.effect_ids(records.iter());
            let names: Vec<String> = customers.iter().cloned().collect();
            let loaded = self.sink.read(&names, &ids).await.unwrap();
            assert!(loaded.left.is_empty());
            let wakes: Vec<Wake> = names.into_iter().map(Wake::due).collect();
            let records: Vec<&Record> = records.iter().collect();
            let given = Given { records: &records, wakes: &wakes, seen: &loaded.seen, now: at(self.now) };
            let merged = keyed.merge(&given, loaded.profiles);
            assert!(merged.rejected.is_empty());
            let batch = Batch {
                rows: merged.rows,
                history: merged.history,
                syncs: merged.syncs,
                seen: merged.seen.into_iter().collect(),
                effects: merged.effects,
                now: at(self.now),
                ..Batch::default()
            };
            if self.dies() {
                continue;
            }
            assert_eq!(self.sink.write(&batch).await.unwrap(), Written::Durable);
            self.publishes |= !batch.effects.is_empty();
            for syncs in batch.syncs {
                let lines = self.written.entry(syncs.customer_id).or_default();
                lines.extend(syncs.entries.iter().map(|entry| (entry.what.as_str(), self.now)));
            }
            if !self.dies() {
                return;
            }
        }
    }

    /// The publisher: hands requests to the source, and deletes them; it may die between the two.
    async fn publish(&mut self) {
        loop {
            let waiting = self.sink.outbox(1_000, None).await.unwrap();
            if waiting.is_empty() {
                return;
            }
            for entry in &waiting {
                let Outbound::Effect(effect) = &entry.what else { continue };
                if effect.topic.as_str() == "customer.sync.request" {
                    self.asked(number(&effect.key), &effect.id);
                }
            }
            if !self.dies() {
                self.sink.published(&waiting, &[]).await.unwrap();
            }
        }
    }

    /// The source has a request; it knows those that come twice.
    fn asked(&mut self, customer: usize, id: &str) {
        let had = self.requests.entry(customer).or_default();
        let request = had.len() as u64;
        if had.insert(id.to_owned()) {
            for (at, event) in answers(self.seed, customer, request, self.now) {
                // What is published at a tick is answered at a later one.
                self.coming.entry(at).or_default().push((customer, event));
            }
        }
    }

    async fn tick(&mut self) {
        let events = self.coming.remove(&self.now).unwrap_or_default();
        let mut records = Vec::with_capacity(events.len());
        for (at, (customer, event)) in events.iter().enumerate() {
            let record = match event {
                Event::Ask(urgency) => {
                    let payload = json!({"customerId": name(*customer), "requestId": "r", "priority": DEADLINES[*urgency].0});
                    record(*customer, "sync_request", &format!("ask-{}-{at}", self.now), self.now, &payload)
                }
                Event::Answer(made) => {
                    let payload =
                        json!({"customerId": name(*customer), "customerType": "COMPANY", "name": "N", "dataVersion": "2.1"});
                    record(*customer, "complete_profile", &format!("answer-{made}"), *made, &payload)
                }
            };
            records.push(record);
        }
        if !records.is_empty() {
            let customers = records.iter().filter_map(|record| record.key.clone()).collect();
            self.work(&records, &customers).await;
        }
        loop {
            // Whoever takes them and dies leaves them to the next one at once.
            let due = self.sink.due(at(self.now), 500, at(self.now)).await.unwrap();
            if due.is_empty() {
                break;
            }
            if !self.dies() {
                self.work(&[], &due.into_iter().collect()).await;
            }
        }
        if std::mem::take(&mut self.publishes) {
            self.publish().await;
        }
        self.now += 1;
    }
}

async fn a_week(seed: u64, customers: usize) {
    let mut world = World::new(seed, customers).await;
    while world.now < DAYS * TICKS_A_DAY || !world.coming.is_empty() {
        world.tick().await;
    }
    let (mut completed, mut given_up) = (0, 0);
    for customer in 0..customers {
        let expected = model(seed, customer);
        assert_eq!(world.written.remove(&name(customer)).unwrap_or_default(), expected, "customer {customer} of seed {seed}");
        completed += expected.iter().filter(|(what, _)| *what == "completed").count();
        given_up += expected.iter().filter(|(what, _)| *what == "given_up").count();
    }
    let names: Vec<String> = (0..customers).map(name).collect();
    for names in names.chunks(1_000) {
        let loaded = world.sink.read(names, &[]).await.unwrap();
        assert!(loaded.profiles.values().all(|profile| profile.syncs.due().is_none()), "a sync never ends");
    }
    eprintln!("seed {seed}: {completed} completed, {given_up} given up, {} deaths", world.deaths);
    assert!(completed > customers / 2 && given_up > customers / 50 && world.deaths > 50);
}

/// `SYNCLINE_TEST_CUSTOMERS=10000` is the full size; `SYNCLINE_TEST_SEED=n` plays another week.
#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_thousands_of_customers_is_as_the_model_says() {
    let seed = std::env::var("SYNCLINE_TEST_SEED").map_or(7, |seed| seed.parse().unwrap());
    let customers = std::env::var("SYNCLINE_TEST_CUSTOMERS").map_or(3_000, |customers| customers.parse().unwrap());
    a_week(seed, customers).await;
}
