//! Dead letters as they were stored.

use std::collections::BTreeMap;

use schemas::store::{DeadLetter, DeadLetterFilter, PUBLISHED_LETTER_BYTES, StoredDeadLetter};
use schemas::{Fault, FaultKind, Origin, Reason};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::partitions::{topic, unsigned};
use super::{Statement, fault};
use crate::headers;

/// Those that the filter lets through, oldest first.
pub(super) async fn list(
    session: &mut PgConnection,
    pipeline: &str,
    filter: &DeadLetterFilter,
) -> Result<Vec<StoredDeadLetter>, Fault> {
    // No value is longer than the greatest integer.
    let value_bytes = filter.value_bytes.map(|bytes| i32::try_from(bytes).unwrap_or(i32::MAX));
    let query = filtered(include_str!("sql/dead_letters.sql"), pipeline, filter).bind(i64::from(filter.limit)).bind(value_bytes);
    let rows = query.fetch_all(session).await.map_err(fault::when("reading dead letters"))?;
    rows.iter().map(stored).collect()
}

/// A statement whose first parameters are the pipeline and the filter.
fn filtered<'q>(sql: &'static str, pipeline: &'q str, filter: &'q DeadLetterFilter) -> Statement<'q> {
    sqlx::query(sql)
        .bind(pipeline)
        .bind(filter.reason.map(Reason::as_str))
        .bind(filter.stage.as_deref())
        .bind(filter.topic.as_deref())
        .bind(filter.since)
        .bind(filter.until)
        .bind(filter.ids.as_ref().map(|ids| *ids.start()))
        .bind(filter.ids.as_ref().map(|ids| *ids.end()))
}

/// Those of these ids, with the beginning of their values.
pub(super) async fn to_publish(session: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<StoredDeadLetter>, Fault> {
    let cut = i32::try_from(PUBLISHED_LETTER_BYTES).expect("256 KiB fit");
    let query = sqlx::query(include_str!("sql/published_letters.sql")).bind(ids).bind(cut);
    let rows = query.fetch_all(session).await.map_err(fault::when("reading dead letters to publish"))?;
    rows.iter().map(stored).collect()
}

/// How many the filter lets through, whatever its limit.
pub(super) async fn counts(
    session: &mut PgConnection,
    pipeline: &str,
    filter: &DeadLetterFilter,
) -> Result<BTreeMap<Reason, u64>, Fault> {
    let query = filtered(include_str!("sql/dead_letter_counts.sql"), pipeline, filter);
    let rows = query.fetch_all(session).await.map_err(fault::when("counting dead letters"))?;
    let counted = |row: &PgRow| -> Result<(Reason, u64), Fault> {
        let reason = row.try_get("reason").map_err(fault::when("counting dead letters"))?;
        Ok((known(reason)?, unsigned::<i64, u64>(row, "number")?))
    };
    rows.iter().map(counted).collect()
}

fn stored(row: &PgRow) -> Result<StoredDeadLetter, Fault> {
    let reading = || fault::when("reading a dead letter");
    let reason: &str = row.try_get("reason").map_err(reading())?;
    let violations: &str = row.try_get("violations").map_err(reading())?;
    let letter = DeadLetter {
        id: row.try_get("id").map_err(reading())?,
        stage: row.try_get("stage").map_err(reading())?,
        reason: known(reason)?,
        violations: serde_json::from_str(violations)
            .map_err(|error| Fault::caused(FaultKind::Lost, "the violations of a dead letter cannot be read", error))?,
        origin: Origin {
            topic: topic(row)?,
            partition: unsigned::<i32, u32>(row, "partition")?,
            offset: unsigned::<i64, u64>(row, "offset")?,
        },
        key: row.try_get("key").map_err(reading())?,
        headers: headers::decode(row.try_get("headers").map_err(reading())?)?,
        value: row.try_get("value").map_err(reading())?,
        timestamp: row.try_get("record_timestamp").map_err(reading())?,
        publish_to: None,
    };
    Ok(StoredDeadLetter {
        letter,
        first_seen: row.try_get("first_seen").map_err(reading())?,
        attempts: row.try_get("attempts").map_err(reading())?,
        size_bytes: unsigned::<i64, u64>(row, "size_bytes")?,
    })
}

fn known(reason: &str) -> Result<Reason, Fault> {
    let unknown = || Fault::new(FaultKind::Lost, format!("a dead letter has the reason {reason:?}, which is not known"));
    Reason::ALL.into_iter().find(|known| known.as_str() == reason).ok_or_else(unknown)
}
