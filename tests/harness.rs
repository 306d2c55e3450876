//! A pipeline under test: the shipped file, a folder of its own, and a store of its own that can be asked what it holds.

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemas::{Clock, Fault, Outgoing, Raw, SystemClock, TopicName};
use serde_json::Value;
use sinks::{COLUMNS, ColumnKind};
use sqlx::{Connection, Executor, Row};
use syncline::config::{self, Environment, Plan};
use syncline::record_line;
use syncline::run::{Counts, Health, Options, Pipeline, sink_settings};
use syncline::topics::{ReadLimits, TopicPartition, Topics};
use tempfile::TempDir;
use tokio::sync::watch;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Variables of a pipeline file, set for one test.
pub(crate) struct Variables(pub(crate) BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        self.0.get(name).cloned().ok_or(VarError::NotPresent)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// The databases that every test of the whole runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// A folder and a database for one test; both go with it.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) url: String,
    /// Whether the two stages pass records over a topic on the broker, instead of inside the process.
    pub(crate) split: bool,
    /// Variables that every plan and process of it has, beside those that point at it.
    pub(crate) more: BTreeMap<String, String>,
    created: Option<(String, String)>,
}

impl Bench {
    /// A fresh one.
    pub(crate) async fn new(database: Database) -> Self {
        match database {
            Database::Sqlite => {
                let dir = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}/profiles.db", dir.path().display());
                Self { dir, url, split: false, more: BTreeMap::new(), created: None }
            }
            Database::Postgres => {
                let server = std::env::var("SYNCLINE_TEST_POSTGRES")
                    .expect("SYNCLINE_TEST_POSTGRES names no server: run `make test`, or scripts/with-postgres cargo test");
                Self::on(&server).await
            }
        }
    }

    /// A fresh one on this server of PostgreSQL.
    pub(crate) async fn on(server: &str) -> Self {
        let name = format!("bench_{:032x}", rand::random::<u128>());
        let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
        admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let (dir, url) = (tempfile::tempdir().unwrap(), format!("{base}/{name}"));
        Self { dir, url, split: false, more: BTreeMap::new(), created: Some((server.to_owned(), name)) }
    }

    /// The variables that point the shipped file at this bench.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let dir = self.dir.path().display().to_string();
        let own = [("SYNCLINE_DIR", dir), ("DATABASE_URL", self.url.clone())].map(|(name, value)| (name.to_owned(), value));
        self.more.clone().into_iter().chain(own).collect()
    }

    /// The plan of the bench's own file, where [`Bench::file`] has made one, or else of the shipped one; with more variables.
    pub(crate) fn plan(&self, more: &[(&str, &str)]) -> Plan {
        let mut variables = self.variables();
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let own = self.dir.path().join("pipeline.yaml");
        let path = if own.exists() { own } else { root().join("pipeline.yaml") };
        let text = std::fs::read_to_string(&path).unwrap();
        let text =
            if self.split { text.replace("{internal: true, key: customerId}", "{partitions: 3, key: customerId}") } else { text };
        let checked = config::check(&text, &path, &Variables(variables), transforms::CATALOGUE);
        checked.unwrap_or_else(|errors| panic!("{errors}")).plan
    }

    /// The shipped file, edited, in the bench's folder, with its schemas beside it.
    pub(crate) fn file(&self, edit: impl FnOnce(String) -> String) -> PathBuf {
        let file = self.dir.path().join("pipeline.yaml");
        std::fs::write(&file, edit(std::fs::read_to_string(root().join("pipeline.yaml")).unwrap())).unwrap();
        std::os::unix::fs::symlink(root().join("schemas"), self.dir.path().join("schemas")).unwrap();
        file
    }

    /// The shipped pipeline, its tables migrated.
    pub(crate) async fn pipeline(&self, more: &[(&str, &str)]) -> Pipeline {
        self.connect(more).await.unwrap()
    }

    /// The same, by another clock.
    pub(crate) async fn pipeline_at(&self, more: &[(&str, &str)], clock: impl Clock + 'static) -> Pipeline {
        self.connect_at(more, clock).await.unwrap()
    }

    /// The same as [`Bench::pipeline`], or why it does not start.
    pub(crate) async fn connect(&self, more: &[(&str, &str)]) -> Result<Pipeline, Fault> {
        self.connect_at(more, SystemClock).await
    }

    async fn connect_at(&self, more: &[(&str, &str)], clock: impl Clock + 'static) -> Result<Pipeline, Fault> {
        let plan = self.plan(more);
        for sink in plan.sinks.values() {
            sinks::migrate_run(&sink.url, &sink_settings(&plan.name, sink)).await?;
        }
        let options = Options {
            clock: Arc::new(clock),
            owner: format!("test-{:016x}", rand::random::<u64>()),
            patience: Some(Duration::from_secs(20)),
            share: None,
            health: Arc::new(Health::default()),
            metrics: Arc::default(),
        };
        Pipeline::connect(plan, options).await
    }

    /// Writes records to the topics, and runs the pipeline to their ends.
    pub(crate) async fn run(&self, more: &[(&str, &str)], records: Vec<Outgoing>) -> Counts {
        let pipeline = self.pipeline(more).await;
        for batch in records.chunks(1_000) {
            pipeline.produce(batch.to_vec()).await.unwrap();
        }
        let (_stop, stopped) = watch::channel(false);
        pipeline.run_until_caught_up(stopped).await.unwrap();
        pipeline.sink().close().await;
        pipeline.counters().counts()
    }

    /// A query's rows as JSON objects, one text column each; see [`rows_query`].
    pub(crate) async fn json(&self, sql: &str) -> Vec<Value> {
        let texts: Vec<String> = if self.url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        };
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// Changes the store, which is PostgreSQL.
    pub(crate) async fn execute(&self, sql: &'static str) {
        sqlx::PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
    }

    /// The rows of a table as JSON objects of these columns: JSON columns as JSON, amounts as numbers.
    pub(crate) async fn rows(&self, table: &str, columns: &[&str], order: &str) -> Vec<Value> {
        self.json(&rows_query(table, columns, order, self.url.starts_with("sqlite"))).await
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let Some((server, name)) = self.created.take() else { return };
        // A thread of its own: dropping happens inside the test's runtime.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
            });
        });
        dropped.join().unwrap();
    }
}

/// What a column of any table holds: the profiles' by their list, the few others by name.
fn kind_of(column: &str) -> ColumnKind {
    let profiles = COLUMNS.into_iter().find(|known| known.name == column);
    match (profiles, column) {
        (Some(known), _) => known.kind,
        (None, "data" | "violations" | "changes") => ColumnKind::Json,
        (None, _) => ColumnKind::Text,
    }
}

/// SQLite keeps JSON as text and booleans as numbers, and may keep amounts as whole numbers.
fn rows_query(table: &str, columns: &[&str], order: &str, sqlite: bool) -> String {
    let members = columns.iter().map(|column| {
        let value = match kind_of(column) {
            ColumnKind::Json if sqlite => format!("json({column})"),
            ColumnKind::Amount if sqlite => format!("CAST({column} AS REAL)"),
            ColumnKind::Boolean if sqlite => format!("json(iif({column}, 'true', 'false'))"),
            _ => format!("\"{column}\""),
        };
        format!("'{column}', {value}")
    });
    let members: Vec<_> = members.collect();
    if sqlite {
        return format!("SELECT json_object({}) FROM {table} ORDER BY {order}", members.join(", "));
    }
    // A function of PostgreSQL takes 100 arguments at most.
    let objects: Vec<_> = members.chunks(50).map(|members| format!("jsonb_build_object({})", members.join(", "))).collect();
    format!("SELECT ({})::text FROM {table} ORDER BY {order}", objects.join(" || "))
}

/// The record lines of a file.
pub(crate) fn record_lines(path: &Path) -> Vec<Outgoing> {
    let text = std::fs::read_to_string(path).unwrap();
    (1..).zip(text.lines()).map(|(number, line)| record_line::parse(number, line.as_bytes()).unwrap()).collect()
}

/// All records of a topic, partition after partition.
pub(crate) async fn held(topics: &dyn Topics, name: &str) -> Vec<Raw> {
    let partitions = topics.partitions(&[topic(name)]).await.unwrap()[&topic(name)];
    let mut records = Vec::new();
    for partition in 0..partitions {
        let of = TopicPartition { topic: topic(name), partition };
        let end = topics.bounds(&of).await.unwrap().end;
        let mut reader = topics.reader(&[(of, 0)]).await.unwrap();
        let mut next = 0;
        while next < end {
            let limits = ReadLimits { records: 1_000, bytes: usize::MAX, wait: Duration::from_secs(30) };
            let read = reader.read(&limits).await.unwrap();
            next =
                read.last().unwrap_or_else(|| panic!("{name}: {end} records, and after {next} nothing came")).origin.offset + 1;
            records.extend(read);
        }
    }
    records
}

/// A topic's name.
pub(crate) fn topic(name: &str) -> TopicName {
    TopicName::try_from(name).unwrap()
}
