//! Profiles as they are published, read from their rows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemas::Fault;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::read::get;
use super::statements::Statements;
use super::{fault, time};
use crate::aside;
use crate::changelog::{PublishedRow, published};

/// By customer: the version and the record's value. `customers` is a JSON array.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    statements: &Statements,
    customers: &str,
) -> Result<HashMap<String, (i64, String)>, Fault> {
    let query = sqlx::query(statements.published_profiles()).bind(customers.to_owned());
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading profiles to publish"))?;
    let publish = |row: &SqliteRow| {
        let profile = published(row)?;
        Ok((profile.customer_id.clone(), (profile.version, profile.into_json())))
    };
    aside::run(|| rows.iter().map(publish).collect())
}

impl PublishedRow for SqliteRow {
    fn text(&self, column: &'static str) -> Result<Option<String>, Fault> {
        get(self, column)
    }

    fn number(&self, column: &'static str) -> Result<i64, Fault> {
        get(self, column)
    }

    fn boolean(&self, column: &'static str) -> Result<bool, Fault> {
        get(self, column)
    }

    fn time(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Fault> {
        time::optional(self, column)
    }
}
