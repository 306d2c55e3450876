//! A value to bind: what SQLite knows, nothing more.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind};
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::time;

/// A value of one of SQLite's storage classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Value {
    /// Binds the value as the query's next parameter.
    pub(super) fn bind(self, query: Query<'_, Sqlite, SqliteArguments>) -> Query<'_, Sqlite, SqliteArguments> {
        match self {
            Self::Null => query.bind(None::<i64>),
            Self::Integer(value) => query.bind(value),
            Self::Real(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Blob(value) => query.bind(value),
        }
    }

    /// An offset. SQLite's integers, like every broker's offsets, have 63 bits beside the sign.
    ///
    /// # Errors
    ///
    /// `Data` for an offset beyond them.
    pub(super) fn offset(offset: u64) -> Result<Self, Fault> {
        let signed = i64::try_from(offset);
        signed.map(Self::Integer).map_err(|error| Fault::caused(FaultKind::Data, format!("sqlite: offset {offset}"), error))
    }

    /// An amount as the nearest finite double: for panels that add and sort. Its digits stand in the metrics beside.
    pub(super) fn nearest(amount: &BigDecimal) -> Self {
        let nearest: f64 = amount.to_string().parse().unwrap_or_default();
        Self::Real(nearest.clamp(f64::MIN, f64::MAX))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Self::Integer(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Text(time::text(value))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
