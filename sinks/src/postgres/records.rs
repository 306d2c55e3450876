//! What a batch has besides profiles: history, alerts, critical changes, seen events, dead letters, effects. One statement for all.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use schemas::profile::{AlertTransition, Question};
use schemas::store::{Batch, CriticalChange, DeadLetter, Effect, HistoryEntry};
use schemas::{Fault, TopicName};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::partitions::{number, offset};
use super::{Statement, fault};
use crate::{dead_letters, headers};

/// Whether the batch has any.
pub(super) fn any(batch: &Batch) -> bool {
    !(batch.history.is_empty()
        && batch.alerts.is_empty()
        && batch.critical_changes.is_empty()
        && batch.seen.is_empty()
        && batch.dead_letters.is_empty()
        && batch.effects.is_empty())
}

/// Writes them. Answers the events that were stored before; if there are any, the caller rolls back.
pub(super) async fn write(connection: &mut PgConnection, pipeline: &str, batch: &Batch) -> Result<Vec<String>, Fault> {
    // Sorted, each once: all who store events lock their keys in one order.
    let seen: BTreeSet<&str> = batch.seen.iter().map(String::as_str).collect();
    let mut query = sqlx::query(include_str!("sql/write_records.sql")).bind(pipeline).bind(batch.now);
    query = bind_history(query, &batch.history);
    query = bind_alerts(query, &batch.alerts);
    query = bind_changes(query, &batch.critical_changes);
    query = query.bind(seen.iter().copied().collect::<Vec<_>>());
    query = bind_letters(query, &batch.dead_letters)?;
    query = bind_effects(query, &batch.effects);
    let rows = query.fetch_all(connection).await.map_err(fault::when("writing what goes with the profiles"))?;
    let fresh = rows.iter().map(|row| row.try_get(0)).collect::<Result<BTreeSet<&str>, _>>();
    let fresh = fresh.map_err(fault::when("reading which events are new"))?;
    Ok(seen.difference(&fresh).map(|event| (*event).to_owned()).collect())
}

/// Which of these events were stored.
pub(super) async fn seen(connection: &mut PgConnection, pipeline: &str, event_ids: &[String]) -> Result<HashSet<String>, Fault> {
    if event_ids.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sqlx::query(include_str!("sql/seen_events.sql")).bind(pipeline).bind(event_ids);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading seen events"))?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(fault::when("reading seen events"))
}

/// Forgets events that were stored before a time, at most so many. Answers how many.
pub(super) async fn forget(
    connection: &mut PgConnection,
    pipeline: &str,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, Fault> {
    let query = sqlx::query(include_str!("sql/forget_events.sql")).bind(pipeline).bind(before).bind(i64::from(limit));
    let forgotten = query.execute(connection).await.map_err(fault::when("forgetting events"))?;
    Ok(forgotten.rows_affected())
}

/// One column of all entries.
fn column<'r, E, T>(entries: &'r [E], of: impl Fn(&'r E) -> T) -> Vec<T> {
    entries.iter().map(of).collect()
}

fn bind_history<'q>(query: Statement<'q>, entries: &[HistoryEntry]) -> Statement<'q> {
    query
        .bind(column(entries, |entry| entry.customer_id.as_str()))
        .bind(column(entries, |entry| entry.version))
        .bind(column(entries, |entry| entry.field))
        .bind(column(entries, |entry| entry.before.as_deref()))
        .bind(column(entries, |entry| entry.after.as_deref()))
        .bind(column(entries, |entry| entry.event_id.as_deref()))
}

fn bind_alerts<'q>(query: Statement<'q>, transitions: &[(String, AlertTransition)]) -> Statement<'q> {
    // A statement writes a row once: of several transitions of an alert, the last.
    let mut last: BTreeMap<Uuid, &(String, AlertTransition)> = BTreeMap::new();
    for transition in transitions {
        let known = last.entry(transition.1.alert.id).or_insert(transition);
        if known.1.number < transition.1.number {
            *known = transition;
        }
    }
    let last: Vec<_> = last.into_values().collect();
    let alerts: Vec<_> = last.iter().map(|(_, transition)| &transition.alert).collect();
    query
        .bind(column(&alerts, |alert| alert.id))
        .bind(column(&last, |(customer, _)| customer.as_str()))
        .bind(column(&alerts, |alert| alert.kind.as_str()))
        .bind(column(&alerts, |alert| alert.level.as_str()))
        .bind(column(&alerts, |alert| alert.status.as_str()))
        .bind(column(&alerts, |alert| alert.message.as_str()))
        .bind(column(&alerts, |alert| alert.data.as_ref().text()))
        .bind(column(&alerts, |alert| alert.raised_at))
        .bind(column(&alerts, |alert| alert.updated_at))
        .bind(column(&alerts, |alert| alert.resolved_at))
        .bind(column(&last, |(_, transition)| i64::from(transition.number)))
}

fn bind_changes<'q>(query: Statement<'q>, changes: &[CriticalChange]) -> Statement<'q> {
    // A statement writes a row once: of several events that put one question, the one that stands. In key order, as all who lock these rows.
    let mut standing: BTreeMap<(&str, &Question), &CriticalChange> = BTreeMap::new();
    for change in changes {
        let known = standing.entry((&change.customer_id, &change.question)).or_insert(change);
        if change.stands_over(known) {
            *known = change;
        }
    }
    let changes: Vec<&CriticalChange> = standing.into_values().collect();
    let changes = changes.as_slice();
    query
        .bind(column(changes, |change| change.customer_id.as_str()))
        .bind(column(changes, |change| change.question.request_id.as_str()))
        .bind(column(changes, |change| change.question.changes_hash.as_str()))
        .bind(column(changes, |change| change.sync_type.as_str()))
        .bind(column(changes, |change| change.priority.as_str()))
        .bind(column(changes, |change| change.changes.as_ref().text()))
        .bind(column(changes, |change| change.source.as_deref()))
        .bind(column(changes, |change| change.status.as_str()))
        .bind(column(changes, |change| &*change.event_id))
        .bind(column(changes, |change| change.at))
        .bind(column(changes, |change| json(&change.origin)))
        .bind(column(changes, |change| change.correlation_id.as_deref()))
}

fn bind_letters<'q>(query: Statement<'q>, letters: &[DeadLetter]) -> Result<Statement<'q>, Fault> {
    let letters = dead_letters::each_once(letters);
    let letters = letters.as_slice();
    let partitions = letters.iter().map(|letter| number(letter.origin.partition)).collect::<Result<Vec<i32>, _>>()?;
    let offsets = letters.iter().map(|letter| offset(letter.origin.offset)).collect::<Result<Vec<i64>, _>>()?;
    Ok(query
        .bind(column(letters, |letter| letter.id))
        .bind(column(letters, |letter| letter.stage.as_str()))
        .bind(column(letters, |letter| letter.reason.as_str()))
        .bind(column(letters, |letter| json(&letter.violations)))
        .bind(column(letters, |letter| letter.origin.topic.as_str()))
        .bind(partitions)
        .bind(offsets)
        .bind(column(letters, |letter| letter.key.as_deref()))
        .bind(column(letters, |letter| headers::encode(&letter.headers)))
        .bind(column(letters, |letter| letter.value.as_slice()))
        .bind(column(letters, |letter| letter.timestamp))
        .bind(column(letters, |letter| letter.publish_to.as_ref().map(TopicName::as_str))))
}

fn bind_effects<'q>(query: Statement<'q>, effects: &[Effect]) -> Statement<'q> {
    let timestamps: Vec<DateTime<Utc>> = column(effects, |effect| effect.timestamp);
    query
        .bind(column(effects, |effect| effect.id.as_str()))
        .bind(column(effects, |effect| effect.topic.as_str()))
        .bind(column(effects, |effect| effect.key.as_str()))
        .bind(column(effects, |effect| effect.value.as_slice()))
        .bind(column(effects, |effect| headers::encode(&effect.headers)))
        .bind(timestamps)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types serialise: string keys, finite numbers")
}
