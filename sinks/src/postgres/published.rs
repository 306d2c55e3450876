//! What a row of PostgreSQL tells of a profile to publish.

use chrono::{DateTime, Utc};
use schemas::Fault;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

use super::fault;
use crate::changelog::PublishedRow;

impl PublishedRow for PgRow {
    fn text(&self, column: &'static str) -> Result<Option<String>, Fault> {
        value(self, column)
    }

    fn number(&self, column: &'static str) -> Result<i64, Fault> {
        value(self, column)
    }

    fn boolean(&self, column: &'static str) -> Result<bool, Fault> {
        value(self, column)
    }

    fn time(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Fault> {
        value(self, column)
    }
}

fn value<T: for<'r> Decode<'r, Postgres> + Type<Postgres>>(row: &PgRow, column: &'static str) -> Result<T, Fault> {
    row.try_get(column).map_err(|error| fault::of(&format!("reading column {column} of a profile to publish"), error))
}
