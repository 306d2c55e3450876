//! Profiles as they are published, read from their rows.

use std::collections::HashMap;

use schemas::Fault;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::read::get;
use super::statements::Statements;
use super::{fault, time};
use crate::changelog::{
    JsonText, Patrimoine, PublishedAdministrative, PublishedAttention, PublishedComputed, PublishedConformity, PublishedProfile,
    PublishedSections, PublishedSync,
};

/// By customer: the version and the record's value. `customers` is a JSON array.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    statements: &Statements,
    customers: &str,
) -> Result<HashMap<String, (i64, String)>, Fault> {
    let query = sqlx::query(statements.published_profiles()).bind(customers.to_owned());
    let rows = query.fetch_all(connection).await.map_err(fault::when("reading profiles to publish"))?;
    let publish = |row: &SqliteRow| {
        let profile = published(row)?;
        Ok((profile.customer_id.clone(), (profile.version, profile.into_json())))
    };
    rows.iter().map(publish).collect()
}

fn published(row: &SqliteRow) -> Result<PublishedProfile, Fault> {
    Ok(PublishedProfile {
        customer_id: get(row, "customer_id")?,
        version: get(row, "version")?,
        customer_type: get(row, "customer_type")?,
        sections: sections(row)?,
        computed: computed(row)?,
        administrative: PublishedAdministrative {
            admin_status: get(row, "admin_status")?,
            review_priority: get(row, "review_priority")?,
            risk_flags: json(row, "risk_flags")?,
            admin_notes: get(row, "admin_notes")?,
            reviewed_by: get(row, "reviewed_by")?,
            reviewed_at: time::optional(row, "reviewed_at")?,
        },
        sync: PublishedSync {
            sync_status: get(row, "sync_status")?,
            last_sync_at: time::optional(row, "last_sync_at")?,
            next_scheduled_sync: time::optional(row, "next_scheduled_sync")?,
            sync_errors: json(row, "sync_errors")?,
            sync_metadata: json(row, "sync_metadata")?,
            data_version: get(row, "data_version")?,
        },
        as_of: time::optional(row, "as_of")?,
        rules_hash: get(row, "rules_hash")?,
        last_event_id: get(row, "last_event_id")?,
        created_at: time::column(row, "created_at")?,
        updated_at: time::column(row, "updated_at")?,
    })
}

fn sections(row: &SqliteRow) -> Result<PublishedSections, Fault> {
    Ok(PublishedSections {
        basic: optional(row, "basic")?,
        company_profile: optional(row, "company_profile")?,
        institution_profile: optional(row, "institution_profile")?,
        specific_data: optional(row, "specific_data")?,
        extended_profile: optional(row, "extended_profile")?,
        regulatory_profile: optional(row, "regulatory_profile")?,
        patrimoine: Patrimoine {
            assets: optional(row, "assets")?,
            assets_summary: optional(row, "assets_summary")?,
            stocks: optional(row, "stocks")?,
            stocks_summary: optional(row, "stocks_summary")?,
        },
        performance_metrics: optional(row, "performance_metrics")?,
        producer_completeness: optional(row, "producer_completeness")?,
    })
}

fn computed(row: &SqliteRow) -> Result<PublishedComputed, Fault> {
    Ok(PublishedComputed {
        completeness: json(row, "completeness_detail")?,
        conformity: PublishedConformity {
            score: get(row, "conformity_score")?,
            is_conform: get(row, "is_conform")?,
            issues: json(row, "conformity_issues")?,
        },
        compliance_rating: get(row, "compliance_rating")?,
        risk_profile: optional(row, "risk_profile")?,
        insights: json(row, "insights")?,
        financial_metrics: optional(row, "financial_metrics")?,
        inventory_metrics: optional(row, "inventory_metrics")?,
        alerts: json(row, "alerts")?,
        attention: PublishedAttention {
            required: get(row, "requires_attention")?,
            reasons: json(row, "attention_reasons")?,
            suggested_actions: json(row, "suggested_actions")?,
            urgency: get(row, "urgency")?,
        },
        data_richness: get(row, "data_richness")?,
    })
}

fn json(row: &SqliteRow, column: &str) -> Result<JsonText, Fault> {
    JsonText::of(column, get(row, column)?)
}

fn optional(row: &SqliteRow, column: &str) -> Result<Option<JsonText>, Fault> {
    get::<Option<String>>(row, column)?.map(|text| JsonText::of(column, text)).transpose()
}
