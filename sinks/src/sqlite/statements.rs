//! The statements of `sql/`, with the table's and the columns' names in them: made once, when the sink is opened.

use std::sync::Arc;

use schemas::Fault;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::fault;
use super::value::Value;
use crate::columns::json_bytes;
use crate::settings::Names;

/// Rows that one statement inserts at most. Measured with 5,000 profiles of 3 KB: 16 rows at a time take a third longer, single ones
/// three times as long, 512 no less, and their text is longer than the values.
const ROWS_AT_MOST: usize = 64;

/// A statement whose names are in place.
pub(super) type Sql = AssertSqlSafe<Arc<str>>;

/// An insert of many rows: what stands before and after its tuples.
#[derive(Debug)]
pub(super) struct Insert {
    what: &'static str,
    columns: usize,
    before: String,
    after: String,
}

impl Insert {
    fn new(names: &Names, what: &'static str, columns: usize, sql: &str) -> Result<Self, Fault> {
        let (before, after) = sql.split_once("{rows}").unwrap_or((sql, ""));
        Ok(Self { what, columns, before: names.render(before)?, after: names.render(after)? })
    }

    /// Inserts the rows whose values stand one after the other, and answers what the statement returns.
    ///
    /// The rows go in groups of a power of two: few texts in all, so that SQLite prepares each once.
    pub(super) async fn run(&self, connection: &mut SqliteConnection, values: Vec<Value>) -> Result<Vec<SqliteRow>, Fault> {
        debug_assert_eq!(values.len() % self.columns, 0, "{}: whole rows", self.what);
        let mut left = values.len() / self.columns;
        let mut values = values.into_iter();
        let mut returned = Vec::new();
        while left > 0 {
            let rows = ROWS_AT_MOST.min(1 << left.ilog2());
            left -= rows;
            let mut query = sqlx::query(AssertSqlSafe(self.sql(rows)));
            for value in values.by_ref().take(rows * self.columns) {
                query = value.bind(query);
            }
            returned.extend(query.fetch_all(&mut *connection).await.map_err(fault::when(self.what))?);
        }
        Ok(returned)
    }

    fn sql(&self, rows: usize) -> String {
        let tuple = format!("({})", vec!["?"; self.columns].join(", "));
        format!("{}{}{}", self.before, vec![tuple; rows].join(", "), self.after)
    }
}

/// Every statement that the sink runs.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) upsert_profiles: Insert,
    pub(super) upsert_alerts: Insert,
    pub(super) insert_history: Insert,
    pub(super) upsert_critical_changes: Insert,
    pub(super) upsert_sync_states: Insert,
    pub(super) upsert_sync_requests: Insert,
    pub(super) insert_sync_history: Insert,
    pub(super) insert_admin_activity: Insert,
    pub(super) insert_seen: Insert,
    pub(super) upsert_dead_letters: Insert,
    pub(super) insert_outbox: Insert,
    pub(super) upsert_positions: Insert,
    versions: Arc<str>,
    outbox: Arc<str>,
    read_profiles: Arc<str>,
    published_profiles: Arc<str>,
    published: Arc<str>,
    walk_profiles: Arc<str>,
}

impl Statements {
    /// # Errors
    ///
    /// `Bug` when a file names a column that is none of ours.
    pub(super) fn new(names: &Names) -> Result<Self, Fault> {
        let insert = |what, columns, sql| Insert::new(names, what, columns, sql);
        let sized = |sql: &str| names.render(&sql.replace("{json_bytes}", &json_bytes("octet_length")));
        Ok(Self {
            upsert_profiles: insert("writing profiles", 58, include_str!("sql/upsert_profiles.sql"))?,
            upsert_alerts: insert("writing alerts", 11, include_str!("sql/upsert_alerts.sql"))?,
            insert_history: insert("writing history", 7, include_str!("sql/insert_history.sql"))?,
            upsert_critical_changes: insert("writing critical changes", 12, include_str!("sql/upsert_critical_changes.sql"))?,
            upsert_sync_states: insert("writing syncs", 4, include_str!("sql/upsert_sync_states.sql"))?,
            upsert_sync_requests: insert("writing syncs", 15, include_str!("sql/upsert_sync_requests.sql"))?,
            insert_sync_history: insert("writing the history of syncs", 10, include_str!("sql/insert_sync_history.sql"))?,
            insert_admin_activity: insert("noting what administrators did", 10, include_str!("sql/insert_admin_activity.sql"))?,
            insert_seen: insert("remembering events", 3, include_str!("sql/insert_seen.sql"))?,
            upsert_dead_letters: insert("writing dead letters", 13, include_str!("sql/upsert_dead_letters.sql"))?,
            insert_outbox: insert("writing the outbox", 9, include_str!("sql/insert_outbox.sql"))?,
            upsert_positions: insert("writing positions", 8, include_str!("sql/upsert_positions.sql"))?,
            versions: names.render(include_str!("sql/versions.sql"))?.into(),
            outbox: sized(include_str!("sql/outbox.sql"))?.into(),
            read_profiles: sized(include_str!("sql/read_profiles.sql"))?.into(),
            published_profiles: names.render(include_str!("sql/published_profiles.sql"))?.into(),
            published: names.render(include_str!("sql/published.sql"))?.into(),
            walk_profiles: names.render(include_str!("sql/walk_profiles.sql"))?.into(),
        })
    }

    pub(super) fn versions(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.versions))
    }

    pub(super) fn outbox(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.outbox))
    }

    pub(super) fn read_profiles(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.read_profiles))
    }

    pub(super) fn published(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.published))
    }

    pub(super) fn walk_profiles(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.walk_profiles))
    }

    pub(super) fn published_profiles(&self) -> Sql {
        AssertSqlSafe(Arc::clone(&self.published_profiles))
    }
}
