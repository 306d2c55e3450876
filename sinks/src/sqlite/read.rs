//! Reading profiles back.

use std::collections::HashSet;

use schemas::profile::SectionName;
use schemas::store::Loaded;
use schemas::{Fault, FaultKind, TopicName};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, SqliteConnection, Type};

use super::prepared::json_array;
use super::statements::Statements;
use super::{fault, seen, time};
use crate::aside;
use crate::columns;
use crate::loaded::portion;
use crate::state::StoredProfile;

/// The profiles of these customers, until they have so many bytes together.
pub(super) async fn profiles(
    connection: &mut SqliteConnection,
    statements: &Statements,
    customers: &[String],
    loaded_bytes: u32,
) -> Result<Loaded, Fault> {
    if customers.is_empty() {
        return Ok(Loaded::default());
    }
    let query = sqlx::query(statements.read_profiles()).bind(json_array(customers)).bind(loaded_bytes);
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading profiles"))?;
    let mut whole = true;
    for row in &rows {
        whole &= get::<i64>(row, "bytes_until")? < i64::from(loaded_bytes);
    }
    let decode = |row: &SqliteRow| stored(row)?.decode().map(|profile| (profile.customer_id.clone(), profile));
    let profiles = aside::run(|| rows.iter().map(decode).collect::<Result<_, Fault>>())?;
    Ok(portion(customers, profiles, whole))
}

/// Which of these events were seen.
pub(super) async fn seen(
    connection: &mut SqliteConnection,
    pipeline: &str,
    event_ids: &[String],
) -> Result<HashSet<String>, Fault> {
    if event_ids.is_empty() {
        return Ok(HashSet::new());
    }
    seen::which(connection, pipeline, &json_array(event_ids)).await
}

fn stored(row: &SqliteRow) -> Result<StoredProfile, Fault> {
    let mut sections = [const { None }; SectionName::ALL.len()];
    for name in SectionName::ALL {
        sections[name as usize] = get(row, columns::of_section(name))?;
    }
    Ok(StoredProfile {
        customer_id: get(row, "customer_id")?,
        version: get(row, "version")?,
        sections,
        assets_summary: get(row, "assets_summary")?,
        stocks_summary: get(row, "stocks_summary")?,
        state: get(row, "state")?,
        admin_status_by_hand: get(row, "admin_status_by_hand")?,
        compliance_rating_by_hand: get(row, "compliance_rating_by_hand")?,
        review_priority_by_hand: get(row, "review_priority_by_hand")?,
        risk_flags_by_hand: get(row, "risk_flags_by_hand")?,
        sync_status: get(row, "sync_status")?,
        last_sync_at: time::optional(row, "last_sync_at")?,
        completeness: get(row, "completeness")?,
        conformity_score: get(row, "conformity_score")?,
        compliance_rating: get(row, "compliance_rating")?,
        risk_level: get(row, "risk_level")?,
        admin_status: get(row, "admin_status")?,
        rules_hash: get(row, "rules_hash")?,
        updated_at: time::column(row, "updated_at")?,
    })
}

/// A column's value.
///
/// # Errors
///
/// `Lost`, naming the column, when it holds something else.
pub(super) fn get<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(row: &'r SqliteRow, column: &str) -> Result<T, Fault> {
    row.try_get(column).map_err(|error| fault::of(&format!("reading column {column}"), error))
}

/// A column that holds a topic's name.
pub(super) fn topic(row: &SqliteRow) -> Result<TopicName, Fault> {
    let name: String = get(row, "topic")?;
    TopicName::try_from(name.as_str()).map_err(|error| Fault::caused(FaultKind::Lost, "sqlite: column topic", error))
}
