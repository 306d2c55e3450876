//! Dead letters, read back.

use std::collections::{BTreeMap, HashMap};

use schemas::store::{DeadLetter, DeadLetterFilter, PUBLISHED_LETTER_BYTES, StoredDeadLetter};
use schemas::{Fault, FaultKind, Origin, Reason, Violation};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection};
use uuid::Uuid;

use super::read::{get, topic};
use super::{fault, time};
use crate::headers;

/// The dead letters of a pipeline that the filter lets through, oldest first.
pub(super) async fn list(
    connection: &mut SqliteConnection,
    pipeline: &str,
    filter: &DeadLetterFilter,
) -> Result<Vec<StoredDeadLetter>, Fault> {
    let query = filtered(include_str!("sql/dead_letters.sql"), pipeline, filter).bind(filter.limit).bind(filter.value_bytes);
    let rows = query.fetch_all(connection).await.map_err(fault::when("listing dead letters"))?;
    rows.iter().map(stored).collect()
}

/// A statement whose first parameters are the pipeline and the filter.
fn filtered(sql: &'static str, pipeline: &str, filter: &DeadLetterFilter) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(sql)
        .bind(pipeline.to_owned())
        .bind(filter.reason.map(Reason::as_str))
        .bind(filter.stage.clone())
        .bind(filter.topic.clone())
        .bind(filter.since.map(time::text))
        .bind(filter.until.map(time::text))
        .bind(filter.ids.as_ref().map(|ids| ids.start().to_string()))
        .bind(filter.ids.as_ref().map(|ids| ids.end().to_string()))
}

/// How many the filter lets through, whatever its limit.
pub(super) async fn counts(
    connection: &mut SqliteConnection,
    pipeline: &str,
    filter: &DeadLetterFilter,
) -> Result<BTreeMap<Reason, u64>, Fault> {
    let query = filtered(include_str!("sql/dead_letter_counts.sql"), pipeline, filter);
    let rows = query.fetch_all(connection).await.map_err(fault::when("counting dead letters"))?;
    let counted = |row: &SqliteRow| -> Result<(Reason, u64), Fault> {
        Ok((known(get(row, "reason")?)?, u64::try_from(get::<i64>(row, "number")?).map_err(unreadable("number"))?))
    };
    rows.iter().map(counted).collect()
}

/// Dead letters by id, with the beginning of their values. `ids` is a JSON array.
pub(super) async fn to_publish(connection: &mut SqliteConnection, ids: &str) -> Result<HashMap<String, StoredDeadLetter>, Fault> {
    let query = sqlx::query(include_str!("sql/published_letters.sql")).bind(ids.to_owned()).bind(PUBLISHED_LETTER_BYTES);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading dead letters to publish"))?;
    rows.iter().map(|row| Ok((get(row, "id")?, stored(row)?))).collect()
}

fn stored(row: &SqliteRow) -> Result<StoredDeadLetter, Fault> {
    let id: Uuid = get::<&str>(row, "id")?.parse().map_err(unreadable("id"))?;
    let violations: Vec<Violation> = serde_json::from_str(get(row, "violations")?).map_err(unreadable("violations"))?;
    let offset = u64::try_from(get::<i64>(row, "offset")?).map_err(unreadable("offset"))?;
    let letter = DeadLetter {
        id,
        stage: get(row, "stage")?,
        reason: known(get(row, "reason")?)?,
        violations,
        origin: Origin { topic: topic(row)?, partition: get(row, "partition")?, offset },
        key: get(row, "key")?,
        headers: headers::decode(get(row, "headers")?)?,
        value: get(row, "value")?,
        timestamp: time::column(row, "record_timestamp")?,
        publish_to: None,
    };
    Ok(StoredDeadLetter {
        letter,
        first_seen: time::column(row, "first_seen")?,
        attempts: get(row, "attempts")?,
        size_bytes: u64::try_from(get::<i64>(row, "size_bytes")?).map_err(unreadable("size_bytes"))?,
    })
}

fn known(reason: &str) -> Result<Reason, Fault> {
    let known = Reason::ALL.into_iter().find(|known| known.as_str() == reason);
    known.ok_or_else(|| {
        Fault::new(FaultKind::Lost, format!("sqlite: a dead letter has the reason {reason:?}, which is not known"))
    })
}

fn unreadable<E: std::error::Error + Send + Sync + 'static>(column: &'static str) -> impl FnOnce(E) -> Fault {
    move |error| Fault::caused(FaultKind::Lost, format!("sqlite: column {column} of a dead letter cannot be read"), error)
}
