//! Partitions as arrays: one for each part of their key, as the statements over leases and positions take them.

use schemas::store::{Assigned, Position};
use schemas::{Fault, FaultKind, TopicName};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::fault;

/// The keys of some partitions, a column each.
#[derive(Debug, Default)]
pub(super) struct Partitions<'p> {
    pub(super) segments: Vec<&'p str>,
    pub(super) brokers: Vec<&'p str>,
    pub(super) topics: Vec<&'p str>,
    pub(super) numbers: Vec<i32>,
}

impl<'p> Partitions<'p> {
    /// The keys of these partitions, in their order.
    ///
    /// # Errors
    ///
    /// `Bug` for a partition number that no broker has.
    pub(super) fn of(all: impl IntoIterator<Item = &'p Assigned>) -> Result<Self, Fault> {
        let mut keys = Self::default();
        for of in all {
            keys.segments.push(&of.segment);
            keys.brokers.push(&of.broker);
            keys.topics.push(of.topic.as_str());
            keys.numbers.push(number(of.partition)?);
        }
        Ok(keys)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// A partition's number as the database keeps it.
pub(super) fn number(partition: u32) -> Result<i32, Fault> {
    i32::try_from(partition).map_err(|error| Fault::caused(FaultKind::Bug, format!("partition {partition}"), error))
}

/// An offset as the database keeps it.
pub(super) fn offset(offset: u64) -> Result<i64, Fault> {
    i64::try_from(offset).map_err(|error| Fault::caused(FaultKind::Bug, format!("offset {offset}"), error))
}

/// A partition's number or an offset that was stored.
pub(super) fn unsigned<S, U: TryFrom<S>>(row: &PgRow, column: &str) -> Result<U, Fault>
where
    S: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    U::Error: std::error::Error + Send + Sync + 'static,
{
    let stored: S = row.try_get(column).map_err(|error| fault::of(&format!("reading column {column}"), error))?;
    U::try_from(stored).map_err(|error| Fault::caused(FaultKind::Lost, format!("column {column} is negative"), error))
}

/// A topic's name that was stored.
pub(super) fn topic(row: &PgRow) -> Result<TopicName, Fault> {
    let name: &str = row.try_get("topic").map_err(fault::when("reading column topic"))?;
    TopicName::try_from(name).map_err(|error| Fault::caused(FaultKind::Lost, "column topic", error))
}

/// The partition of a stored row.
pub(super) fn assigned(row: &PgRow) -> Result<Assigned, Fault> {
    let reading = "reading a partition";
    Ok(Assigned {
        segment: row.try_get("segment").map_err(fault::when(reading))?,
        broker: row.try_get("broker").map_err(fault::when(reading))?,
        topic: topic(row)?,
        partition: unsigned::<i32, u32>(row, "partition")?,
    })
}

/// The positions of a segment.
pub(super) async fn positions(connection: &mut PgConnection, pipeline: &str, segment: &str) -> Result<Vec<Position>, Fault> {
    let query = sqlx::query(include_str!("sql/positions.sql")).bind(pipeline).bind(segment);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading positions"))?;
    let position = |row: &PgRow| {
        let incarnation: Option<String> = row.try_get("incarnation").map_err(fault::when("reading positions"))?;
        let (of, offset) = (assigned(row)?, unsigned::<i64, u64>(row, "offset")?);
        Ok(Position { of, offset, incarnation: incarnation.map(Into::into) })
    };
    rows.iter().map(position).collect()
}
