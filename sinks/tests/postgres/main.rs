//! The contract of a sink, kept by PostgreSQL; and what is PostgreSQL's alone.
//!
//! `SYNCLINE_TEST_POSTGRES` holds the address of a server whose user may create databases; each test makes one and drops it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod beside_each_other;
#[path = "../contract/mod.rs"]
mod contract;
#[path = "../silence/mod.rs"]
mod silence;
mod tables;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::{Place, batch, json, noon, opened, partition, profile, read, row, settings, stamp, store, topic, write};
use schemas::FaultKind;
use schemas::profile::{Section, SectionName};
use schemas::store::{Batch, Claim, Outbound, Position, Written};
use sinks::{Settings, Sink};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};
use uuid::Uuid;

contract::contract!(database);

/// A database of the test's own, which goes when the test does.
struct Database {
    server: PgConnectOptions,
    name: String,
    url: String,
}

async fn database() -> Database {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("SYNCLINE_TEST_POSTGRES");
    let url = url.unwrap_or_else(|_| panic!("SYNCLINE_TEST_POSTGRES is not set: run `make test`, which starts a server"));
    let server = PgConnectOptions::from_str(&url).unwrap().statement_cache_capacity(0);
    let name = format!("syncline_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut connection = server.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    let url = server.clone().database(&name).to_url_lossy().to_string();
    Database { server, name, url }
}

impl Drop for Database {
    /// On a thread of its own: a test's runtime may be the one that is going.
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = server.connect().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
            });
        });
        assert!(dropping.join().is_ok() || std::thread::panicking(), "the test's database could not be dropped");
    }
}

impl Database {
    async fn connect(&self) -> PgConnection {
        self.server.clone().database(&self.name).connect().await.unwrap()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let rows = sqlx::query(sql).fetch_all(&mut self.connect().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

#[async_trait::async_trait]
impl Place for Database {
    fn url(&self) -> &str {
        &self.url
    }

    async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut self.connect().await).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn sessions_give_up_a_transaction_that_stands_still_for_a_lease() {
    let place = database().await;
    let sink = opened(&place, &Settings { lease: std::time::Duration::from_millis(1500), ..settings() }).await;
    // A trigger runs in the session of the sink, and tells what it is set to.
    let observe = "CREATE TABLE observed (setting text); \
         CREATE FUNCTION observe() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO observed VALUES (current_setting('idle_in_transaction_session_timeout')); RETURN NEW; END $$; \
         CREATE TRIGGER observe BEFORE INSERT ON seen_events FOR EACH ROW EXECUTE FUNCTION observe()";
    place.execute(observe).await;
    sink.write(&Batch { seen: vec!["event-1".into()], ..batch(vec![]) }).await.unwrap();
    assert_eq!(place.texts("SELECT setting FROM observed").await, ["1500ms"]);
}

#[tokio::test]
async fn a_value_that_no_index_can_hold_is_a_fault_of_the_data() {
    let place = database().await;
    let sink = store(&place).await;
    // Digits of hashes do not compress: an index keeps at most a third of a page a key.
    let digits = |number: u32| Uuid::new_v5(&Uuid::NAMESPACE_OID, &number.to_le_bytes()).simple().to_string();
    let id: String = (0..1_000).map(digits).collect();
    let seen = Batch { seen: vec![id], ..batch(vec![row(profile("c-1"))]) };
    assert_eq!(sink.write(&seen).await.unwrap_err().kind(), FaultKind::Data);
    assert!(read(&sink, "c-1").await.is_none());
}

#[tokio::test]
async fn a_connection_that_the_server_closes_may_come_back() {
    let place = database().await;
    let sink = opened(&place, &Settings { connections: 1, ..settings() }).await;
    write(&sink, vec![profile("c-1")]).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = 'syncline pipeline' AND datname = current_database()";
    place.execute(end).await;
    let position =
        Batch { positions: vec![Position { of: partition(0), offset: 1, incarnation: None }], now: noon(), ..Batch::default() };
    let kinds: Vec<FaultKind> = match sink.write(&position).await {
        Ok(_) => vec![],
        Err(fault) => vec![fault.kind()],
    };
    assert!(kinds.iter().all(|kind| *kind == FaultKind::Unavailable), "{kinds:?}");
    sink.write(&position).await.unwrap();
    assert_eq!(sink.positions("profile").await.unwrap(), position.positions);
}

#[tokio::test]
async fn programs_that_migrate_at_once_take_turns() {
    let place = database().await;
    let settings = settings();
    let (one, other) = tokio::join!(sinks::migrate_run(place.url(), &settings), sinks::migrate_run(place.url(), &settings));
    let applied = one.unwrap().len() + other.unwrap().len();
    assert_eq!(applied, sinks::migrate_show(place.url(), &settings).await.unwrap().len());
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_refused_with_advice() {
    let place = database().await;
    let url = place.url().replace(&place.name, "syncline_no_such_database");
    let fault = sinks::open(&url, &settings()).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.advice().contains("create the database"), "{fault}");
    assert!(
        sinks::open("postgres://nobody:secret@127.0.0.1:1/x", &settings()).await.err().unwrap().kind() == FaultKind::Unavailable
    );
}
