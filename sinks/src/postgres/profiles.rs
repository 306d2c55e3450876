//! The profiles' rows: read, and written all in one statement.

use std::collections::BTreeSet;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use schemas::Fault;
use schemas::profile::SectionName;
use schemas::store::{Batch, Loaded};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row, ValueRef};

use super::expansion::Expansion;
use super::{Statement, Statements, fault};
use crate::aside;
use crate::columns::{ProfileColumns, of_section};
use crate::loaded::portion;
use crate::state::StoredProfile;

/// The profiles of these customers, until they have so many bytes together.
pub(super) async fn read(
    connection: &mut PgConnection,
    statements: &Statements,
    customers: &[String],
    loaded_bytes: u32,
    expansion: &Expansion,
) -> Result<Loaded, Fault> {
    if customers.is_empty() {
        return Ok(Loaded::default());
    }
    let query = sqlx::query(AssertSqlSafe(statements.read_profiles.clone())).bind(customers);
    let (rows, whole) = rows(query, connection, loaded_bytes.into(), expansion).await.map_err(fault::when("reading profiles"))?;
    let profile = |row: &PgRow| {
        let profile = stored(row).map_err(fault::when("reading profiles"))?.decode()?;
        Ok((profile.customer_id.clone(), profile))
    };
    let profiles = aside::run(|| rows.iter().map(profile).collect::<Result<_, Fault>>())?;
    Ok(portion(customers, profiles, whole))
}

/// The rows, and whether they are all that there are. The database counts what it keeps; what comes may be many times as much, so the rows
/// are counted again as they come. What is left of them then, the next statement of the session passes over.
async fn rows<'q>(
    query: Statement<'q>,
    connection: &mut PgConnection,
    loaded_bytes: u64,
    expansion: &Expansion,
) -> Result<(Vec<PgRow>, bool), sqlx::Error> {
    let kept_bytes = expansion.kept_bytes(loaded_bytes);
    let mut coming = query.bind(i64::try_from(kept_bytes).unwrap_or(i64::MAX)).fetch(connection);
    let mut rows = Vec::new();
    let mut size_bytes = 0;
    while let Some(row) = coming.try_next().await? {
        let counted = row.try_get::<i64, _>("bytes_until")?.unsigned_abs();
        size_bytes += received_bytes(&row)?;
        rows.push(row);
        if size_bytes >= loaded_bytes || counted >= kept_bytes {
            expansion.learn(counted, size_bytes);
            return Ok((rows, false));
        }
    }
    Ok((rows, true))
}

/// What a row takes as it came from the database.
fn received_bytes(row: &PgRow) -> Result<u64, sqlx::Error> {
    let mut size_bytes = 0;
    for column in 0..row.len() {
        let value = row.try_get_raw(column)?;
        size_bytes += if value.is_null() { 0 } else { value.as_bytes().map_err(sqlx::Error::Decode)?.len() as u64 };
    }
    Ok(size_bytes)
}

fn stored(row: &PgRow) -> Result<StoredProfile, sqlx::Error> {
    let mut sections = [const { None }; SectionName::ALL.len()];
    for name in SectionName::ALL {
        sections[name as usize] = row.try_get(of_section(name))?;
    }
    Ok(StoredProfile {
        customer_id: row.try_get("customer_id")?,
        version: row.try_get("version")?,
        sections,
        assets_summary: row.try_get("assets_summary")?,
        stocks_summary: row.try_get("stocks_summary")?,
        state: row.try_get("state")?,
        admin_status_by_hand: row.try_get("admin_status_by_hand")?,
        compliance_rating_by_hand: row.try_get("compliance_rating_by_hand")?,
        review_priority_by_hand: row.try_get("review_priority_by_hand")?,
        risk_flags_by_hand: row.try_get("risk_flags_by_hand")?,
        sync_status: row.try_get("sync_status")?,
        last_sync_at: row.try_get("last_sync_at")?,
        completeness: row.try_get::<i16, _>("completeness")?.into(),
        conformity_score: row.try_get::<i16, _>("conformity_score")?.into(),
        compliance_rating: row.try_get("compliance_rating")?,
        risk_level: row.try_get("risk_level")?,
        admin_status: row.try_get("admin_status")?,
        rules_hash: row.try_get("rules_hash")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// The batch's rows, in key order.
pub(super) fn columns(batch: &Batch) -> Vec<ProfileColumns> {
    if batch.rows.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<ProfileColumns> = aside::run(|| batch.rows.iter().map(ProfileColumns::of).collect());
    rows.sort_unstable_by(|left, right| left.customer_id.cmp(&right.customer_id));
    rows
}

/// Writes the batch's rows, which [`columns`] made. Answers the customers whose stored version is not the one that was read; if there
/// are any, the caller rolls back.
pub(super) async fn merge(
    connection: &mut PgConnection,
    statements: &Statements,
    pipeline: &str,
    batch: &Batch,
    rows: &[ProfileColumns],
) -> Result<Vec<String>, Fault> {
    let query = sqlx::query(AssertSqlSafe(statements.merge_profiles.clone()))
        .bind(batch.now)
        .bind(pipeline)
        .bind(batch.changelog.as_ref().map(|topic| topic.as_str()));
    let query = bind_administrative(bind_computed(bind_sections(query, rows), rows), rows);
    let written = query.fetch_all(connection).await.map_err(fault::when("writing profiles"))?;
    stale(rows, &written).map_err(fault::when("writing profiles"))
}

/// Those that were not written, and those that came to be although they had been read: somebody erased them meanwhile.
fn stale(rows: &[ProfileColumns], written: &[PgRow]) -> Result<Vec<String>, sqlx::Error> {
    let mut inserted = BTreeSet::new();
    let mut updated = BTreeSet::new();
    for row in written {
        let into = if row.try_get("inserted")? { &mut inserted } else { &mut updated };
        into.insert(row.try_get::<&str, _>("customer_id")?);
    }
    let durable = |row: &ProfileColumns| {
        let as_read = if row.version == 1 { &inserted } else { &updated };
        as_read.contains(row.customer_id.as_str())
    };
    Ok(rows.iter().filter(|row| !durable(row)).map(|row| row.customer_id.clone()).collect())
}

/// One column of all rows.
fn column<'r, T>(rows: &'r [ProfileColumns], of: impl Fn(&'r ProfileColumns) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// A column of texts that a row may lack.
fn texts<'r>(rows: &'r [ProfileColumns], of: impl Fn(&'r ProfileColumns) -> Option<&'r str>) -> Vec<Option<&'r str>> {
    column(rows, of)
}

fn bind_sections<'q>(query: Statement<'q>, rows: &[ProfileColumns]) -> Statement<'q> {
    let section = |name: SectionName| texts(rows, move |row| row.sections[name as usize].as_deref());
    query
        .bind(column(rows, |row| row.customer_id.as_str()))
        .bind(column(rows, |row| row.customer_type))
        .bind(texts(rows, |row| row.name.as_deref()))
        .bind(texts(rows, |row| row.email.as_deref()))
        .bind(texts(rows, |row| row.status.as_deref()))
        .bind(section(SectionName::Basic))
        .bind(section(SectionName::CompanyProfile))
        .bind(section(SectionName::InstitutionProfile))
        .bind(section(SectionName::SpecificData))
        .bind(section(SectionName::ExtendedProfile))
        .bind(section(SectionName::RegulatoryProfile))
        .bind(section(SectionName::Assets))
        .bind(texts(rows, |row| row.assets_summary.as_deref()))
        .bind(section(SectionName::Stocks))
        .bind(texts(rows, |row| row.stocks_summary.as_deref()))
        .bind(section(SectionName::PerformanceMetrics))
        .bind(section(SectionName::ProducerCompleteness))
}

fn bind_computed<'q>(query: Statement<'q>, rows: &[ProfileColumns]) -> Statement<'q> {
    let percent = |of: fn(&ProfileColumns) -> u8| column(rows, move |row| i16::from(of(row)));
    let amount = |of: fn(&ProfileColumns) -> &BigDecimal| -> Vec<BigDecimal> { column(rows, move |row| of(row).clone()) };
    query
        .bind(percent(|row| row.completeness))
        .bind(column(rows, |row| row.completeness_detail.as_str()))
        .bind(percent(|row| row.conformity_score))
        .bind(column(rows, |row| row.is_conform))
        .bind(column(rows, |row| row.conformity_issues.as_str()))
        .bind(texts(rows, |row| row.compliance_rating))
        .bind(column(rows, |row| row.risk_score.map(i16::from)))
        .bind(texts(rows, |row| row.risk_level))
        .bind(column(rows, |row| row.risk_factors.as_str()))
        .bind(texts(rows, |row| row.risk_profile.as_deref()))
        .bind(column(rows, |row| row.insights.as_str()))
        .bind(texts(rows, |row| row.financial_metrics.as_deref()))
        .bind(texts(rows, |row| row.inventory_metrics.as_deref()))
        .bind(column(rows, |row| row.alerts.as_str()))
        .bind(column(rows, |row| row.attention_reasons.as_str()))
        .bind(column(rows, |row| row.suggested_actions.as_str()))
        .bind(column(rows, |row| row.requires_attention))
        .bind(column(rows, |row| row.review_priority))
        .bind(percent(|row| row.urgency))
        .bind(percent(|row| row.data_richness))
        .bind(amount(|row| &row.total_assets_value))
        .bind(amount(|row| &row.total_stock_value))
        .bind(column(rows, |row| row.admin_status))
        .bind(column(rows, |row| row.risk_flags.as_str()))
}

fn bind_administrative<'q>(query: Statement<'q>, rows: &[ProfileColumns]) -> Statement<'q> {
    let time = |of: fn(&ProfileColumns) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> { column(rows, of) };
    query
        .bind(texts(rows, |row| row.admin_status_by_hand))
        .bind(texts(rows, |row| row.compliance_rating_by_hand))
        .bind(texts(rows, |row| row.review_priority_by_hand))
        .bind(column(rows, |row| row.risk_flags_by_hand.as_str()))
        .bind(column(rows, |row| row.sync_status))
        .bind(time(|row| row.last_sync_at))
        .bind(texts(rows, |row| row.data_version.as_deref()))
        .bind(time(|row| row.as_of))
        .bind(column(rows, |row| row.state.as_str()))
        .bind(column(rows, |row| row.rules_hash.as_str()))
        .bind(texts(rows, |row| row.last_event_id.as_deref()))
        .bind(column(rows, |row| row.version))
        .bind(time(|row| row.next_scheduled_sync))
        .bind(column(rows, |row| row.sync_errors.as_str()))
        .bind(column(rows, |row| row.sync_metadata.as_str()))
}
