//! A stored profile as the changelog shows it.

use schemas::Fault;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::fault;
use crate::changelog::{
    JsonText, Patrimoine, PublishedAdministrative, PublishedAttention, PublishedComputed, PublishedConformity, PublishedProfile,
    PublishedSections, PublishedSync,
};

/// The profile of a row of `published_profiles.sql`.
pub(super) fn profile(row: &PgRow) -> Result<PublishedProfile, Fault> {
    Ok(PublishedProfile {
        customer_id: value(row, "customer_id")?,
        version: value(row, "version")?,
        customer_type: value(row, "customer_type")?,
        sections: sections(row)?,
        computed: computed(row)?,
        administrative: PublishedAdministrative {
            admin_status: value(row, "admin_status")?,
            review_priority: value(row, "review_priority")?,
            risk_flags: json(row, "risk_flags")?,
            admin_notes: value(row, "admin_notes")?,
            reviewed_by: value(row, "reviewed_by")?,
            reviewed_at: value(row, "reviewed_at")?,
        },
        sync: PublishedSync {
            sync_status: value(row, "sync_status")?,
            last_sync_at: value(row, "last_sync_at")?,
            next_scheduled_sync: value(row, "next_scheduled_sync")?,
            sync_errors: json(row, "sync_errors")?,
            sync_metadata: json(row, "sync_metadata")?,
            data_version: value(row, "data_version")?,
        },
        as_of: value(row, "as_of")?,
        rules_hash: value(row, "rules_hash")?,
        last_event_id: value(row, "last_event_id")?,
        created_at: value(row, "created_at")?,
        updated_at: value(row, "updated_at")?,
    })
}

fn sections(row: &PgRow) -> Result<PublishedSections, Fault> {
    Ok(PublishedSections {
        basic: some_json(row, "basic")?,
        company_profile: some_json(row, "company_profile")?,
        institution_profile: some_json(row, "institution_profile")?,
        specific_data: some_json(row, "specific_data")?,
        extended_profile: some_json(row, "extended_profile")?,
        regulatory_profile: some_json(row, "regulatory_profile")?,
        patrimoine: Patrimoine {
            assets: some_json(row, "assets")?,
            assets_summary: some_json(row, "assets_summary")?,
            stocks: some_json(row, "stocks")?,
            stocks_summary: some_json(row, "stocks_summary")?,
        },
        performance_metrics: some_json(row, "performance_metrics")?,
        producer_completeness: some_json(row, "producer_completeness")?,
    })
}

fn computed(row: &PgRow) -> Result<PublishedComputed, Fault> {
    Ok(PublishedComputed {
        completeness: json(row, "completeness_detail")?,
        conformity: PublishedConformity {
            score: number(row, "conformity_score")?,
            is_conform: value(row, "is_conform")?,
            issues: json(row, "conformity_issues")?,
        },
        compliance_rating: value(row, "compliance_rating")?,
        risk_profile: some_json(row, "risk_profile")?,
        insights: json(row, "insights")?,
        financial_metrics: some_json(row, "financial_metrics")?,
        inventory_metrics: some_json(row, "inventory_metrics")?,
        alerts: json(row, "alerts")?,
        attention: PublishedAttention {
            required: value(row, "requires_attention")?,
            reasons: json(row, "attention_reasons")?,
            suggested_actions: json(row, "suggested_actions")?,
            urgency: number(row, "urgency")?,
        },
        data_richness: number(row, "data_richness")?,
    })
}

fn value<T>(row: &PgRow, column: &'static str) -> Result<T, Fault>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(fault::when("reading a profile to publish"))
}

fn number(row: &PgRow, column: &'static str) -> Result<i64, Fault> {
    Ok(i64::from(value::<i16>(row, column)?))
}

fn json(row: &PgRow, column: &'static str) -> Result<JsonText, Fault> {
    JsonText::of(column, value(row, column)?)
}

fn some_json(row: &PgRow, column: &'static str) -> Result<Option<JsonText>, Fault> {
    value::<Option<String>>(row, column)?.map(|text| JsonText::of(column, text)).transpose()
}
