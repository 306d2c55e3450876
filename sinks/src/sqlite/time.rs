//! Times in TEXT columns: RFC 3339 in UTC with six digits after the second, so that they sort as texts.

use chrono::{DateTime, SecondsFormat, Utc};
use schemas::{Fault, FaultKind};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::fault;

/// The text of a time.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A time column that is not null.
pub(super) fn column(row: &SqliteRow, name: &str) -> Result<DateTime<Utc>, Fault> {
    optional(row, name)?
        .ok_or_else(|| Fault::new(FaultKind::Lost, format!("sqlite: column {name} is null, and must hold a time")))
}

/// A time column.
pub(super) fn optional(row: &SqliteRow, name: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    let text: Option<String> = row.try_get(name).map_err(|error| fault::of(&format!("reading column {name}"), error))?;
    let read = |text: String| match DateTime::parse_from_rfc3339(&text) {
        Ok(at) => Ok(at.to_utc()),
        Err(error) => Err(Fault::caused(FaultKind::Lost, format!("sqlite: column {name} holds no time: {text:?}"), error)),
    };
    text.map(read).transpose()
}
