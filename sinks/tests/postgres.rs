//! The contract of a sink, kept by PostgreSQL; and what is PostgreSQL's alone.
//!
//! `SYNCLINE_TEST_POSTGRES` holds the address of a server whose user may create databases; each test makes one and drops it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod silence;

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
async fn every_table_view_and_column_has_a_comment() {
    let place = database().await;
    store(&place).await;
    let undescribed = place.texts(
        "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c \
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'public'::regnamespace \
         AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    );
    assert_eq!(undescribed.await, [""; 0]);
    assert!(place.number("SELECT count(*) FROM pg_class WHERE relname LIKE 'dash_%'").await >= 8);
}

#[tokio::test]
async fn the_table_has_the_columns_of_the_list_in_its_order_and_of_its_kinds() {
    let place = database().await;
    store(&place).await;
    let stored = place.texts(
        "SELECT column_name || ' ' || CASE udt_name WHEN 'jsonb' THEN 'Json' WHEN 'bool' THEN 'Boolean' WHEN 'numeric' THEN 'Amount' \
         WHEN 'timestamptz' THEN 'Time' WHEN 'int2' THEN 'Integer' WHEN 'int8' THEN 'Integer' ELSE 'Text' END \
         FROM information_schema.columns WHERE table_name = 'customer_detailed_profiles' ORDER BY ordinal_position",
    );
    assert_eq!(stored.await, sinks::COLUMNS.map(|column| format!("{} {:?}", column.name, column.kind)));
}

#[tokio::test]
async fn events_are_forgotten_by_their_index() {
    let place = database().await;
    store(&place).await;
    let mut connection = place.connect().await;
    // Of an empty table the planner reads all there is, which tells nothing.
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    let explained = AssertSqlSafe(format!("EXPLAIN {}", include_str!("../src/postgres/sql/forget_events.sql")));
    let plan = sqlx::query(explained).bind("pipeline").bind(noon()).bind(10_i64).fetch_all(&mut connection).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("seen_events_by_age") && !plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
}

/// Looking at sizes must not read what is large: a portion costs what is in it, and not what it leaves.
#[tokio::test]
async fn profiles_are_found_by_their_key_and_those_that_are_left_are_not_read() {
    let place = database().await;
    let sink = store(&place).await;
    let customers: Vec<String> = (0..200).map(|number| format!("c-{number}")).collect();
    write(&sink, customers.iter().map(|customer| profile(customer)).collect()).await;
    // What does not compress lies beside the table, in many rows.
    let noise = "SELECT jsonb_agg(gen_random_uuid()) FROM generate_series(1, 1000) WHERE customer_id IS NOT NULL";
    place.execute(&format!("UPDATE customer_detailed_profiles SET assets = ({noise}), stocks = ({noise})")).await;
    place.execute("ANALYZE").await;
    let statement = include_str!("../src/postgres/sql/read_profiles.sql")
        .replace("{json_bytes}", "pg_column_size(assets) + pg_column_size(stocks)")
        .replace("{table}", "customer_detailed_profiles");
    let statement =
        sinks::COLUMNS.iter().fold(statement, |sql, column| sql.replace(&format!("{{{}}}", column.name), column.name));
    let mut connection = place.connect().await;
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    let mut blocks_read = Vec::new();
    for bytes in [1_i64, i64::MAX] {
        let explained = AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {statement}"));
        let plan = sqlx::query(explained).bind(&customers).bind(bytes).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("customer_detailed_profiles_pkey") && !plan.contains("Sort") && !plan.contains("Disk"), "{plan}");
        let hits = plan.split_once("shared hit=").unwrap_or_else(|| panic!("{plan}")).1;
        blocks_read.push(hits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse::<u32>().unwrap());
    }
    assert!(blocks_read[0] * 10 < blocks_read[1], "{blocks_read:?}");
}

/// What the table compresses to a tenth is ten times as much here: of that, too, no more is sent than is kept.
#[tokio::test]
async fn what_compresses_well_is_not_sent_again_for_each_portion() {
    let place = database().await;
    let sink = opened(&place, &Settings { loaded_bytes: 1_500_000, ..settings() }).await;
    let mut asked: Vec<String> = (0..200).map(|number| format!("c-{number}")).collect();
    write(&sink, asked.iter().map(|customer| profile(customer)).collect()).await;
    let lines = "SELECT jsonb_agg(md5(customer_id || line / 20)) FROM generate_series(1, 8000) AS line";
    place.execute(&format!("UPDATE customer_detailed_profiles SET assets = ({lines})")).await;
    let beside =
        place.texts("SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = 'customer_detailed_profiles'").await;
    let rows = place.number(&format!("SELECT count(*) FROM {}", beside[0])).await;
    assert!(rows >= 200, "{rows} rows beside the table");
    let mut portions = 0;
    while !asked.is_empty() {
        asked = sink.read(&asked, &[]).await.unwrap().left.into_iter().collect();
        portions += 1;
    }
    assert!((10..=60).contains(&portions), "{portions}");
    // A session tells what it did before it is gone.
    sink.close().await;
    let others = "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    while place.number(others).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let blocks = place.number(&format!("SELECT pg_stat_get_blocks_fetched('{}'::regclass)", beside[0])).await;
    // With those that writing took. Where each portion is sent as many bytes of what the table keeps, it is 6 a row.
    assert!(blocks < 4 * rows, "{blocks} blocks for {rows} rows in {portions} portions");
}

/// Any other index that holds the pipeline costs the planner the same as the key, once the statistics say that the outbox is empty; it reads
/// all that waits for each entry.
#[tokio::test]
async fn no_index_but_the_key_leads_from_the_pipeline_into_the_outbox() {
    let place = database().await;
    store(&place).await;
    let leading = place.texts(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) \
         WHERE indrelid = 'outbox'::regclass AND attname = 'pipeline'",
    );
    assert_eq!(leading.await, ["outbox_pkey"]);
}

/// However small it was while the server could have kept a plan for it.
#[tokio::test]
async fn a_full_outbox_is_emptied_by_its_key() {
    let place = database().await;
    let sink = store(&place).await;
    let filled = |entries: u32| {
        format!(
            "INSERT INTO outbox (pipeline, id, kind, topic, key, value, headers, record_timestamp) \
             SELECT 'pipeline', gen_random_uuid(), 'effect', 't', 'c', 'x', '[]', now() FROM generate_series(1, {entries})"
        )
    };
    // The server keeps a plan, where it does, from the sixth time on.
    for _ in 0..10 {
        place.execute(&filled(1)).await;
        sink.published(&sink.outbox(500).await.unwrap(), &[]).await.unwrap();
    }
    place.execute(&filled(20_000)).await;
    sink.published(&sink.outbox(500).await.unwrap(), &[]).await.unwrap();
    // A session tells what it did when it ends.
    sink.close().await;
    while place.number("SELECT pg_stat_get_tuples_deleted('outbox'::regclass)").await < 510 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let read = "SELECT sum(pg_stat_get_tuples_returned(of))::bigint FROM unnest('{outbox, outbox_pkey, outbox_by_id}'::regclass[]) AS of";
    let read = place.number(read).await;
    assert!(read < 100_000, "{read} rows were read");
    assert_eq!(place.number("SELECT count(*) FROM outbox").await, 19_500);
}

/// A column that every write changes must not stand in an index: no update would be HOT.
#[tokio::test]
async fn no_index_holds_what_every_write_changes() {
    let place = database().await;
    store(&place).await;
    let indexed = place.texts(
        "SELECT DISTINCT indexname::text FROM pg_indexes WHERE tablename = 'customer_detailed_profiles' \
         AND indexdef ~ '(updated_at|as_of|last_event_id|state|sections|completeness|[^_]version)'",
    );
    assert_eq!(indexed.await, [""; 0]);
}

/// Merges one section into a customer, as a pipeline that gets no other does: read, merge, write, until it is durable.
async fn merge(sink: Arc<dyn Sink>, name: SectionName, upto: i64) {
    for number in 1..=upto {
        loop {
            let mut own = read(&sink, "c-1").await.unwrap_or_else(|| schemas::profile::Profile::new("c-1"));
            let section = Section { stamp: stamp(number), value: json(&format!(r#"{{"number":{number}}}"#)), summary: None };
            own.sections.join(name, section);
            match sink.write(&batch(vec![row(own)])).await.unwrap() {
                Written::Durable => break,
                Written::Stale(customers) => assert_eq!(customers, ["c-1"]),
            }
        }
    }
}

#[tokio::test]
async fn two_pipelines_that_merge_one_customer_lose_neither() {
    let place = database().await;
    let one = store(&place).await;
    let other = opened(&place, &Settings::new("another")).await;
    tokio::join!(merge(Arc::clone(&one), SectionName::Assets, 25), merge(other, SectionName::Stocks, 25));
    let merged = read(&one, "c-1").await.unwrap();
    assert_eq!(merged.version, 50, "every durable write made a version");
    for name in [SectionName::Assets, SectionName::Stocks] {
        let section = merged.sections.get(name).unwrap();
        assert_eq!(section.value.as_ref().at(&["number"]).unwrap().text(), "25");
    }
}

/// Writes these customers, in this order, until each is durable.
async fn overlapping(sink: Arc<dyn Sink>, customers: Vec<String>) {
    for _ in 0..10 {
        loop {
            let loaded = sink.read(&customers, &[]).await.unwrap().profiles;
            let own = |customer: &String| loaded.get(customer).cloned().unwrap_or_else(|| profile(customer));
            let rows = customers.iter().map(|customer| row(own(customer))).collect();
            let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(rows) };
            // A deadlock would be a fault of kind `Conflict`.
            if sink.write(&changed).await.unwrap() == Written::Durable {
                break;
            }
        }
    }
}

#[tokio::test]
async fn batches_that_share_customers_never_deadlock() {
    let place = database().await;
    let sink = store(&place).await;
    let ascending: Vec<String> = (0..60).map(|number| format!("c-{number:02}")).collect();
    let descending = ascending.iter().rev().take(40).cloned().collect();
    tokio::join!(
        overlapping(Arc::clone(&sink), ascending),
        overlapping(Arc::clone(&sink), descending),
        publisher(Arc::clone(&sink))
    );
    assert_eq!(place.number("SELECT sum(version)::bigint FROM customer_detailed_profiles").await, 10 * (60 + 40));
}

/// Publishes beside the writers.
async fn publisher(sink: Arc<dyn Sink>) {
    for _ in 0..50 {
        let entries = sink.outbox(100).await.unwrap();
        sink.published(&entries, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn a_profile_that_was_erased_meanwhile_does_not_come_back() {
    let place = database().await;
    let sink = store(&place).await;
    write(&sink, vec![profile("c-1"), profile("c-2")]).await;
    let before = read(&sink, "c-1").await.unwrap();
    place.execute("DELETE FROM customer_detailed_profiles WHERE customer_id = 'c-1'").await;
    let late = batch(vec![row(before), row(read(&sink, "c-2").await.unwrap())]);
    assert_eq!(sink.write(&late).await.unwrap(), Written::Stale(vec!["c-1".into()]));
    assert_eq!(place.number("SELECT count(*) FROM customer_detailed_profiles").await, 1);
}

#[tokio::test]
async fn a_changelog_entry_goes_although_another_pipeline_raised_the_version() {
    let place = database().await;
    let sink = store(&place).await;
    let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(profile("c-1"))]) };
    sink.write(&changed).await.unwrap();
    // A pipeline without a changelog writes the row: the entry still says version 1.
    let other = opened(&place, &Settings::new("another")).await;
    write(&other, vec![read(&other, "c-1").await.unwrap()]).await;
    let entries = sink.outbox(10).await.unwrap();
    assert!(matches!(&entries[0].what, Outbound::Profile { version: 2, .. }), "{entries:?}");
    sink.published(&entries, &[]).await.unwrap();
    assert!(sink.outbox(10).await.unwrap().is_empty(), "what was sent is newer than the entry");
}

#[tokio::test]
async fn a_claim_waits_for_the_commit_under_the_lease_that_it_takes() {
    let place = database().await;
    let sink = opened(&place, &Settings { lease: std::time::Duration::ZERO, ..settings() }).await;
    let Claim::Granted(leases) = sink.claim(&[partition(0)], "worker-1").await.unwrap() else { panic!("it is free") };
    // A commit that is under way: it holds the lease's row as every batch does.
    let mut commit = place.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM leases FOR KEY SHARE").execute(&mut commit).await.unwrap();
    let claiming = tokio::spawn({
        let sink = Arc::clone(&sink);
        async move { sink.claim(&[partition(0)], "worker-2").await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while place.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!claiming.is_finished());
    sink.renew(&leases).await.unwrap_or_else(|fault| panic!("a heartbeat waits for nobody: {fault}"));
    sqlx::raw_sql("COMMIT").execute(&mut commit).await.unwrap();
    assert!(matches!(claiming.await.unwrap().unwrap(), Claim::Granted(_)));
    assert_eq!(sink.renew(&leases).await.unwrap_err().kind(), FaultKind::Fenced);
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
