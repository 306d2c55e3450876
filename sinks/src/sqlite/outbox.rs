//! What is to be published (`architecture.md`, rule 7): small records with their payload, profiles and dead letters from their rows.

use std::collections::{BTreeMap, HashMap};

use schemas::store::{Effect, Outbound, OutboxEntry, PUBLISHED_LETTER_BYTES, StoredDeadLetter};
use schemas::{Fault, TopicName};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::prepared::json_array;
use super::read::{get, topic};
use super::statements::Statements;
use super::{changelog, dead_letters, fault, time};
use crate::headers;
use crate::outbox::BYTES_AT_ONCE;

/// The next entries for these topics, oldest first. The caller's transaction makes entries and rows of one moment.
pub(super) async fn next(
    connection: &mut SqliteConnection,
    statements: &Statements,
    pipeline: &str,
    limit: u32,
    topics: Option<&[TopicName]>,
) -> Result<Vec<OutboxEntry>, Fault> {
    let query = sqlx::query(statements.outbox())
        .bind(pipeline.to_owned())
        .bind(limit)
        .bind(BYTES_AT_ONCE)
        .bind(PUBLISHED_LETTER_BYTES)
        .bind(topics.map(names));
    let rows = query.fetch_all(&mut *connection).await.map_err(fault::when("reading the outbox"))?;
    let mut customers = Vec::new();
    let mut letters = Vec::new();
    for row in &rows {
        match get::<&str>(row, "kind")? {
            "profile" => customers.push(get::<&str>(row, "key")?),
            "dead_letter" => letters.push(get::<&str>(row, "key")?),
            _ => {}
        }
    }
    let profiles = changelog::read(connection, statements, &json_array(&customers)).await?;
    let letters = dead_letters::to_publish(connection, &json_array(&letters)).await?;
    rows.iter().map(|row| entry(row, &profiles, &letters)).collect()
}

fn entry(
    row: &SqliteRow,
    profiles: &HashMap<String, (i64, String)>,
    letters: &HashMap<String, StoredDeadLetter>,
) -> Result<OutboxEntry, Fault> {
    let key: String = get(row, "key")?;
    let what = match get::<&str>(row, "kind")? {
        "profile" => profiles.get(&key).map(|(version, value)| Outbound::Profile {
            customer_id: key,
            version: *version,
            value: value.clone(),
        }),
        "dead_letter" => letters.get(&key).map(|letter| Outbound::DeadLetter(Box::new(letter.clone()))),
        _ => Some(Outbound::Effect(Effect {
            id: get(row, "id")?,
            topic: topic(row)?,
            key,
            value: get(row, "value")?,
            headers: headers::decode(get(row, "headers")?)?,
            timestamp: time::column(row, "record_timestamp")?,
        })),
    };
    let what = match what {
        Some(what) => what,
        None => Outbound::Gone { version: get(row, "version")? },
    };
    Ok(OutboxEntry { seq: get(row, "seq")?, topic: topic(row)?, what })
}

fn names(topics: &[TopicName]) -> String {
    json_array(&topics.iter().map(TopicName::as_str).collect::<Vec<_>>())
}

/// How many entries there are for other topics.
pub(super) async fn beside(
    connection: &mut SqliteConnection,
    pipeline: &str,
    topics: &[TopicName],
) -> Result<BTreeMap<TopicName, u64>, Fault> {
    let text = "select topic, count(*) as entries from outbox
        where pipeline = ?1 and topic not in (select value from json_each(?2)) group by topic";
    let query = sqlx::query(text).bind(pipeline.to_owned()).bind(names(topics));
    let rows = query.fetch_all(connection).await.map_err(fault::when("counting what waits in the outbox"))?;
    rows.iter().map(|row| Ok((topic(row)?, get::<i64>(row, "entries")?.unsigned_abs()))).collect()
}

/// The number of the newest entry, or 0.
pub(super) async fn end(connection: &mut SqliteConnection, pipeline: &str) -> Result<i64, Fault> {
    let query = sqlx::query_scalar("select coalesce(max(seq), 0) from outbox where pipeline = ?1").bind(pipeline.to_owned());
    query.fetch_one(connection).await.map_err(fault::when("looking for the end of the outbox"))
}

/// What [`published`] is told of entries: a JSON array of their numbers, versions, and whether their rows were gone, without
/// their payloads.
pub(super) fn sent(entries: &[OutboxEntry]) -> String {
    let sent = |entry: &OutboxEntry| match &entry.what {
        Outbound::Profile { version, .. } => (entry.seq, *version, false),
        Outbound::Effect(_) | Outbound::DeadLetter(_) => (entry.seq, 0, false),
        Outbound::Gone { version } => (entry.seq, version.unwrap_or(0), true),
    };
    let sent: Vec<(i64, i64, bool)> = entries.iter().map(sent).collect();
    serde_json::to_string(&sent).expect("numbers and booleans serialise")
}

/// Forgets entries that were published.
pub(super) async fn published(
    connection: &mut SqliteConnection,
    statements: &Statements,
    pipeline: &str,
    sent: String,
) -> Result<(), Fault> {
    let query = sqlx::query(statements.published()).bind(pipeline.to_owned()).bind(sent);
    query.execute(connection).await.map_err(fault::when("forgetting what was published"))?;
    Ok(())
}
