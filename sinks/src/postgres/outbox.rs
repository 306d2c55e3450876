//! What waits to be published (`architecture.md`, rule 7).

use std::collections::{BTreeMap, HashMap};

use schemas::store::{Effect, Lease, Outbound, OutboxEntry, PUBLISHED_LETTER_BYTES, StoredDeadLetter};
use schemas::{Fault, FaultKind, TopicName};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::partitions::{Partitions, topic, unsigned};
use super::{Statements, dead_letters, fault, leases};
use crate::aside;
use crate::changelog;
use crate::headers;
use crate::outbox::BYTES_AT_ONCE;

/// The oldest entries of the pipeline's outbox for these topics, with what they name.
pub(super) async fn next(
    session: &mut PgConnection,
    statements: &Statements,
    pipeline: &str,
    limit: u32,
    topics: Option<&[TopicName]>,
) -> Result<Vec<OutboxEntry>, Fault> {
    let query = sqlx::query(AssertSqlSafe(statements.outbox.clone()))
        .bind(pipeline)
        .bind(i64::from(limit))
        .bind(BYTES_AT_ONCE)
        .bind(i64::from(PUBLISHED_LETTER_BYTES))
        .bind(topics.map(names));
    let rows = query.fetch_all(&mut *session).await.map_err(fault::when("reading the outbox"))?;
    let rows = rows.iter().map(Waiting::of).collect::<Result<Vec<_>, _>>()?;
    let mut profiles = changed(session, statements, &rows).await?;
    let mut letters = refused(session, &rows).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for Waiting { seq, topic, what, version } in rows {
        let what = match what {
            What::Effect(effect) => Some(Outbound::Effect(effect)),
            What::Profile(customer) => profiles.remove(&customer),
            What::DeadLetter(id) => letters.remove(&id).map(|letter| Outbound::DeadLetter(Box::new(letter))),
        };
        entries.push(OutboxEntry { seq, topic, what: what.unwrap_or(Outbound::Gone { version }) });
    }
    Ok(entries)
}

fn names(topics: &[TopicName]) -> Vec<&str> {
    topics.iter().map(TopicName::as_str).collect()
}

/// How many entries the pipeline's outbox holds for other topics.
pub(super) async fn beside(
    session: &mut PgConnection,
    pipeline: &str,
    topics: &[TopicName],
) -> Result<BTreeMap<TopicName, u64>, Fault> {
    let query =
        sqlx::query("SELECT topic, count(*) AS entries FROM outbox WHERE pipeline = $1 AND topic <> ALL ($2) GROUP BY topic")
            .bind(pipeline)
            .bind(names(topics));
    let rows = query.fetch_all(session).await.map_err(fault::when("counting what waits in the outbox"))?;
    rows.iter().map(|row| Ok((topic(row)?, unsigned::<i64, u64>(row, "entries")?))).collect()
}

/// The number of the newest entry of the pipeline's outbox, or 0.
pub(super) async fn end(session: &mut PgConnection, pipeline: &str) -> Result<i64, Fault> {
    let query = sqlx::query_scalar("SELECT coalesce((SELECT seq FROM outbox WHERE pipeline = $1 ORDER BY seq DESC LIMIT 1), 0)")
        .bind(pipeline);
    query.fetch_one(session).await.map_err(fault::when("looking for the end of the outbox"))
}

/// Deletes what was sent, if the leases are still ours.
pub(super) async fn published(
    session: &mut PgConnection,
    statements: &Statements,
    pipeline: &str,
    entries: &[OutboxEntry],
    held: &[Lease],
) -> Result<(), Fault> {
    let versions: Vec<Option<i64>> = entries
        .iter()
        .map(|entry| match &entry.what {
            Outbound::Profile { version, .. } => Some(*version),
            Outbound::Gone { version } => *version,
            Outbound::Effect(_) | Outbound::DeadLetter(_) => None,
        })
        .collect();
    let keys = Partitions::of(held.iter().map(|lease| &lease.of))?;
    let query = leases::bind(sqlx::query(AssertSqlSafe(statements.published.clone())), pipeline, &keys)
        .bind(leases::epochs(held))
        .bind(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>())
        .bind(versions)
        .bind(entries.iter().map(|entry| matches!(entry.what, Outbound::Gone { .. })).collect::<Vec<_>>());
    let row = query.fetch_one(session).await.map_err(fault::when("deleting published records"))?;
    leases::all_ours(&row, held)
}

/// An entry as it is stored.
struct Waiting {
    seq: i64,
    topic: TopicName,
    what: What,
    version: Option<i64>,
}

/// What it is, or which row it names.
enum What {
    Effect(Effect),
    Profile(String),
    DeadLetter(Uuid),
}

impl Waiting {
    fn of(row: &PgRow) -> Result<Self, Fault> {
        let reading = || fault::when("reading an entry of the outbox");
        let topic = topic(row)?;
        let key: String = row.try_get("key").map_err(reading())?;
        let what = match row.try_get("kind").map_err(reading())? {
            "profile" => What::Profile(key),
            "dead_letter" => What::DeadLetter(
                key.parse()
                    .map_err(|error| Fault::caused(FaultKind::Lost, "an entry of the outbox names no dead letter", error))?,
            ),
            _ => What::Effect(Effect {
                id: row.try_get("id").map_err(reading())?,
                topic: topic.clone(),
                key,
                value: row.try_get("value").map_err(reading())?,
                headers: headers::decode(row.try_get("headers").map_err(reading())?)?,
                timestamp: row.try_get("record_timestamp").map_err(reading())?,
            }),
        };
        let (seq, version) = (row.try_get("seq").map_err(reading())?, row.try_get("version").map_err(reading())?);
        Ok(Self { seq, topic, what, version })
    }
}

async fn changed(
    session: &mut PgConnection,
    statements: &Statements,
    rows: &[Waiting],
) -> Result<HashMap<String, Outbound>, Fault> {
    let customers: Vec<&str> = rows
        .iter()
        .filter_map(|row| match &row.what {
            What::Profile(customer) => Some(customer.as_str()),
            What::Effect(_) | What::DeadLetter(_) => None,
        })
        .collect();
    if customers.is_empty() {
        return Ok(HashMap::new());
    }
    let query = sqlx::query(AssertSqlSafe(statements.published_profiles.clone())).bind(customers);
    let rows = query.fetch_all(&mut *session).await.map_err(fault::when("reading profiles to publish"))?;
    let outbound = |row: &PgRow| {
        let profile = changelog::published(row)?;
        let (customer_id, version) = (profile.customer_id.clone(), profile.version);
        Ok((customer_id.clone(), Outbound::Profile { customer_id, version, value: profile.into_json() }))
    };
    aside::run(|| rows.iter().map(outbound).collect())
}

async fn refused(session: &mut PgConnection, rows: &[Waiting]) -> Result<HashMap<Uuid, StoredDeadLetter>, Fault> {
    let ids: Vec<Uuid> = rows
        .iter()
        .filter_map(|row| match row.what {
            What::DeadLetter(id) => Some(id),
            What::Effect(_) | What::Profile(_) => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let letters = dead_letters::to_publish(session, &ids).await?;
    Ok(letters.into_iter().map(|letter| (letter.letter.id, letter)).collect())
}
