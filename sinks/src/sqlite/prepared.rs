//! A batch made ready to be bound: done by the caller, so that the one writer has nothing to do but write.

use schemas::profile::AlertTransition;
use schemas::store::{Batch, CriticalChange, DeadLetter, Effect, HistoryEntry, Lease, Position};
use schemas::{Fault, TopicName};

use super::critical::PreparedRulings;
use super::syncs::PreparedSyncs;
use super::value::Value;
use crate::columns::ProfileColumns;
use crate::{dead_letters, headers};

/// A batch as values, table by table, row after row.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) leases: Vec<Lease>,
    /// The customers of the batch, in key order, with the version that each row was made from.
    pub(super) versions: Vec<(String, i64)>,
    /// The events that must not have been seen, as a JSON array.
    pub(super) seen_ids: Option<String>,
    pub(super) profiles: Vec<Value>,
    pub(super) alerts: Vec<Value>,
    pub(super) history: Vec<Value>,
    pub(super) critical_changes: Vec<Value>,
    pub(super) syncs: PreparedSyncs,
    pub(super) rulings: PreparedRulings,
    pub(super) seen: Vec<Value>,
    pub(super) dead_letters: Vec<Value>,
    /// Which dead letters are published where, if they are new: id, topic.
    pub(super) letters_to_publish: Vec<(String, TopicName)>,
    /// Effects in order, then the profiles that changed.
    pub(super) outbox: Vec<Value>,
    pub(super) positions: Vec<Value>,
}

impl Prepared {
    /// # Errors
    ///
    /// `Data` for an offset that the database cannot hold.
    pub(super) fn of(pipeline: &str, batch: &Batch) -> Result<Self, Fault> {
        let now = Value::from(batch.now);
        let mut columns: Vec<ProfileColumns> = batch.rows.iter().map(ProfileColumns::of).collect();
        columns.sort_unstable_by(|left, right| left.customer_id.cmp(&right.customer_id));
        let versions = columns.iter().map(|row| (row.customer_id.clone(), row.version - 1)).collect();
        let changed = columns.iter().flat_map(|row| {
            batch.changelog.iter().flat_map(|topic| changelog_entry(pipeline, topic, &row.customer_id, row.version))
        });
        let outbox = batch.effects.iter().flat_map(|effect| effect_entry(pipeline, effect)).chain(changed).collect();
        let letters = dead_letters::each_once(&batch.dead_letters);
        Ok(Self {
            leases: batch.leases.clone(),
            versions,
            seen_ids: (!batch.seen.is_empty()).then(|| json_array(&batch.seen)),
            outbox,
            profiles: columns.into_iter().flat_map(|row| profile(row, &now)).collect(),
            alerts: batch.alerts.iter().flat_map(alert).collect(),
            history: batch.history.iter().flat_map(|entry| history(entry, &now)).collect(),
            critical_changes: batch.critical_changes.iter().flat_map(critical_change).collect(),
            syncs: PreparedSyncs::of(&batch.syncs),
            rulings: PreparedRulings::of(batch),
            seen: batch.seen.iter().flat_map(|id| [pipeline.into(), id.as_str().into(), now.clone()]).collect(),
            dead_letters: rows(letters.iter().map(|letter| dead_letter(pipeline, letter, &now)))?,
            letters_to_publish: letters.iter().filter_map(|l| Some((l.id.to_string(), l.publish_to.clone()?))).collect(),
            positions: rows(batch.positions.iter().map(|position| of_position(pipeline, position, &now)))?,
        })
    }
}

fn rows<const N: usize>(rows: impl Iterator<Item = Result<[Value; N], Fault>>) -> Result<Vec<Value>, Fault> {
    let rows: Vec<[Value; N]> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// Strings as one parameter, for `json_each`.
pub(super) fn json_array(strings: &[impl AsRef<str>]) -> String {
    let strings: Vec<&str> = strings.iter().map(AsRef::as_ref).collect();
    serde_json::to_string(&strings).expect("strings serialise")
}

/// In the order of `sql/upsert_profiles.sql`.
fn profile(row: ProfileColumns, now: &Value) -> [Value; 58] {
    let [basic, company, institution, specific, extended, regulatory, assets, stocks, performance, completeness] = row.sections;
    [
        row.customer_id.into(),
        row.customer_type.into(),
        row.name.into(),
        row.email.into(),
        row.status.into(),
        basic.into(),
        company.into(),
        institution.into(),
        specific.into(),
        extended.into(),
        regulatory.into(),
        assets.into(),
        row.assets_summary.into(),
        stocks.into(),
        row.stocks_summary.into(),
        performance.into(),
        completeness.into(),
        row.completeness.into(),
        row.completeness_detail.into(),
        row.conformity_score.into(),
        row.is_conform.into(),
        row.conformity_issues.into(),
        row.compliance_rating.into(),
        row.risk_score.into(),
        row.risk_level.into(),
        row.risk_factors.into(),
        row.risk_profile.into(),
        row.insights.into(),
        row.financial_metrics.into(),
        row.inventory_metrics.into(),
        row.alerts.into(),
        row.attention_reasons.into(),
        row.suggested_actions.into(),
        row.requires_attention.into(),
        row.review_priority.into(),
        row.urgency.into(),
        row.data_richness.into(),
        Value::nearest(&row.total_assets_value),
        Value::nearest(&row.total_stock_value),
        row.admin_status.into(),
        row.risk_flags.into(),
        row.admin_status_by_hand.into(),
        row.compliance_rating_by_hand.into(),
        row.review_priority_by_hand.into(),
        row.risk_flags_by_hand.into(),
        row.sync_status.into(),
        row.last_sync_at.into(),
        row.data_version.into(),
        row.as_of.into(),
        row.state.into(),
        row.rules_hash.into(),
        row.last_event_id.into(),
        row.version.into(),
        now.clone(),
        now.clone(),
        row.next_scheduled_sync.into(),
        row.sync_errors.into(),
        row.sync_metadata.into(),
    ]
}

/// In the order of `sql/upsert_alerts.sql`.
fn alert((customer, transition): &(String, AlertTransition)) -> [Value; 11] {
    let alert = &transition.alert;
    [
        alert.id.to_string().into(),
        customer.as_str().into(),
        alert.kind.as_str().into(),
        alert.level.as_str().into(),
        alert.status.as_str().into(),
        alert.message.as_str().into(),
        alert.data.as_ref().text().into(),
        alert.raised_at.into(),
        alert.updated_at.into(),
        alert.resolved_at.into(),
        transition.number.into(),
    ]
}

/// In the order of `sql/insert_history.sql`.
fn history(entry: &HistoryEntry, now: &Value) -> [Value; 7] {
    [
        entry.customer_id.as_str().into(),
        entry.version.into(),
        entry.field.into(),
        entry.before.as_deref().into(),
        entry.after.as_deref().into(),
        entry.event_id.as_deref().into(),
        now.clone(),
    ]
}

/// In the order of `sql/upsert_critical_changes.sql`.
fn critical_change(change: &CriticalChange) -> [Value; 12] {
    [
        change.customer_id.as_str().into(),
        change.question.request_id.as_str().into(),
        change.question.changes_hash.as_str().into(),
        change.sync_type.as_str().into(),
        change.priority.as_str().into(),
        change.changes.as_ref().text().into(),
        change.source.as_deref().into(),
        change.status.as_str().into(),
        change.event_id.as_ref().into(),
        change.at.into(),
        serde_json::to_string(&change.origin).expect("an origin serialises: a name and two numbers").into(),
        change.correlation_id.as_deref().into(),
    ]
}

/// In the order of `sql/upsert_dead_letters.sql`.
fn dead_letter(pipeline: &str, letter: &DeadLetter, now: &Value) -> Result<[Value; 13], Fault> {
    Ok([
        letter.id.to_string().into(),
        pipeline.into(),
        letter.stage.as_str().into(),
        letter.reason.as_str().into(),
        serde_json::to_string(&letter.violations).expect("violations serialise: strings").into(),
        letter.origin.topic.as_str().into(),
        letter.origin.partition.into(),
        Value::offset(letter.origin.offset)?,
        letter.key.clone().into(),
        headers::encode(&letter.headers).into(),
        letter.value.clone().into(),
        letter.timestamp.into(),
        now.clone(),
    ])
}

/// In the order of `sql/insert_outbox.sql`, like the two after it.
fn effect_entry(pipeline: &str, effect: &Effect) -> [Value; 9] {
    [
        pipeline.into(),
        effect.id.as_str().into(),
        "effect".into(),
        effect.topic.as_str().into(),
        effect.key.as_str().into(),
        effect.value.clone().into(),
        headers::encode(&effect.headers).into(),
        effect.timestamp.into(),
        Value::Null,
    ]
}

/// A profile waits once (`architecture.md`, rule 7), for the topic that the changelog has now.
fn changelog_entry(pipeline: &str, topic: &TopicName, customer: &str, version: i64) -> [Value; 9] {
    let id = format!("profile/{customer}");
    let empty = Value::Null;
    [
        pipeline.into(),
        id.into(),
        "profile".into(),
        topic.as_str().into(),
        customer.into(),
        empty.clone(),
        empty.clone(),
        empty,
        version.into(),
    ]
}

/// The entry of a dead letter that was not there before.
pub(super) fn letter_entry(pipeline: &str, id: &str, topic: &TopicName) -> [Value; 9] {
    let entry = format!("dead_letter/{id}");
    let empty = Value::Null;
    [
        pipeline.into(),
        entry.into(),
        "dead_letter".into(),
        topic.as_str().into(),
        id.into(),
        empty.clone(),
        empty.clone(),
        empty.clone(),
        empty,
    ]
}

/// In the order of `sql/upsert_positions.sql`.
fn of_position(pipeline: &str, position: &Position, now: &Value) -> Result<[Value; 8], Fault> {
    Ok([
        pipeline.into(),
        position.of.segment.as_str().into(),
        position.of.broker.as_str().into(),
        position.of.topic.as_str().into(),
        position.of.partition.into(),
        Value::offset(position.offset)?,
        position.incarnation.as_deref().into(),
        now.clone(),
    ])
}
