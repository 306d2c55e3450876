//! The contract of a sink, kept by SQLite; and what is SQLite's alone.

#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;

use std::str::FromStr;
use std::sync::Arc;

use contract::Place;
use schemas::FaultKind;
use schemas::store::Written;
use sinks::Settings;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};

contract::contract!(file);

/// A database file in a folder of its own, which goes when the test does.
struct File {
    url: String,
    _folder: tempfile::TempDir,
}

async fn file() -> File {
    let folder = tempfile::tempdir().unwrap();
    File { url: format!("sqlite://{}/made/profiles.db", folder.path().display()), _folder: folder }
}

impl File {
    async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::from_str(&self.url).unwrap().connect().await.unwrap()
    }
}

#[async_trait::async_trait]
impl Place for File {
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
async fn a_store_in_memory_makes_its_own_tables_and_is_nobody_elses() {
    let settings = Settings::new("pipeline");
    let one = sinks::open("sqlite::memory:", &settings).await.unwrap();
    let other = sinks::open("sqlite::memory:", &settings).await.unwrap();
    let batch = contract::batch(vec![contract::row(contract::profile("c-1"))]);
    one.write(&batch).await.unwrap();
    assert_eq!(one.read(&["c-1".to_owned()], &[]).await.unwrap().profiles.len(), 1);
    assert_eq!(other.read(&["c-1".to_owned()], &[]).await.unwrap().profiles.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_is_read_while_it_is_written() {
    let sink = sinks::open("sqlite::memory:", &Settings::new("pipeline")).await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let sink = Arc::clone(&sink);
        readers.spawn(async move {
            for _ in 0..50 {
                let batch = contract::batch(vec![]);
                sink.read(&["c-1".to_owned()], &[]).await.unwrap();
                sink.outbox(10, None).await.unwrap();
                sink.write(&batch).await.unwrap();
            }
        });
    }
    for _ in 0..50 {
        let own = contract::read(&sink, "c-1").await.unwrap_or_else(|| contract::profile("c-1"));
        contract::write(&sink, vec![own]).await;
    }
    readers.join_all().await;
    assert_eq!(contract::read(&sink, "c-1").await.unwrap().version, 50);
}

#[tokio::test]
async fn a_file_that_does_not_exist_is_refused_and_not_made() {
    let place = file().await;
    let fault = sinks::open(place.url(), &Settings::new("pipeline")).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
    assert!(fault.advice().contains("syncline migrate run"), "{fault}");
    let path = place.url().trim_start_matches("sqlite://");
    assert!(!std::path::Path::new(path).exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profiles.db");
    std::fs::write(&path, "a text that is long enough to be taken for the header of a database, and is none").unwrap();
    let fault = sinks::open(&format!("sqlite://{}", path.display()), &Settings::new("pipeline")).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
}

#[tokio::test]
async fn a_write_waits_while_another_process_writes() {
    let place = file().await;
    let settings = Settings::new("pipeline");
    sinks::migrate_run(place.url(), &settings).await.unwrap();
    let sink = sinks::open(place.url(), &settings).await.unwrap();
    let mut other = place.connect().await;
    sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
    let batch = contract::batch(vec![contract::row(contract::profile("c-1"))]);
    let (written, ended) = tokio::join!(sink.write(&batch), sqlx::raw_sql("rollback").execute(&mut other));
    ended.unwrap();
    assert_eq!(written.unwrap(), Written::Durable);
}

/// What waits is read by its number up to a limit: sorting all of it for each portion took longer the more waited.
#[tokio::test]
async fn the_outbox_is_read_no_further_than_its_limit() {
    let place = file().await;
    sinks::migrate_run(place.url(), &Settings::new("pipeline")).await.unwrap();
    let statement = include_str!("../src/sqlite/sql/outbox.sql")
        .replace("{json_bytes}", "octet_length(basic)")
        .replace("{table}", "customer_detailed_profiles")
        .replace("{customer_id}", "customer_id");
    let explained = AssertSqlSafe(format!("explain query plan {statement}"));
    let plan = sqlx::query(explained).fetch_all(&mut place.connect().await).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    let plan = plan.join("\n");
    let scan = plan.find("SCAN outbox").unwrap_or_else(|| panic!("{plan}"));
    let limit = plan.find("SCAN (subquery").unwrap_or_else(|| panic!("{plan}"));
    assert!(scan < limit && !plan[scan..limit].contains("B-TREE"), "{plan}");
}

/// Each portion of a walk begins where the one before ended: reading from the first customer again took the square of the time.
#[tokio::test]
async fn a_walk_goes_on_where_it_was() {
    let place = file().await;
    sinks::migrate_run(place.url(), &Settings::new("pipeline")).await.unwrap();
    let mut statement = include_str!("../src/sqlite/sql/walk_profiles.sql").replace("{table}", "customer_detailed_profiles");
    for column in ["customer_id", "customer_type", "data_version", "sync_status", "last_sync_at"] {
        statement = statement.replace(&format!("{{{column}}}"), column);
    }
    let explained = AssertSqlSafe(format!("explain query plan {statement}"));
    let plan = sqlx::query(explained).fetch_all(&mut place.connect().await).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert!(plan.iter().any(|step| step.contains("SEARCH") && step.contains("(customer_id>?)")), "{plan:?}");
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let sink = sinks::open("sqlite::memory:", &Settings::new("pipeline")).await.unwrap();
    sink.close().await;
    sink.close().await;
    assert_eq!(sink.write(&contract::batch(vec![])).await.unwrap_err().kind(), FaultKind::Unavailable);
    assert_eq!(sink.ping().await.unwrap_err().kind(), FaultKind::Unavailable);
}

#[tokio::test]
async fn a_scheme_that_nothing_opens_is_refused_without_showing_the_password() {
    let fault = sinks::open("mysql://root:secret@localhost/db", &Settings::new("pipeline")).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Refused);
    assert!(fault.to_string().contains("sqlite://") && !fault.to_string().contains("secret"), "{fault}");
}
