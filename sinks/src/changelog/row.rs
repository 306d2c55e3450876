//! From a row of `published_profiles.sql`, of whatever database, to the profile as it is published.

use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind};

use super::{
    JsonText, Patrimoine, PublishedAdministrative, PublishedAttention, PublishedComputed, PublishedConformity, PublishedProfile,
    PublishedSections, PublishedSync,
};

/// What a database's row tells of its columns. Each fails with a fault that names the column where it holds something else.
pub(crate) trait PublishedRow {
    /// Text, JSON too; `None`: null.
    fn text(&self, column: &'static str) -> Result<Option<String>, Fault>;
    /// A whole number.
    fn number(&self, column: &'static str) -> Result<i64, Fault>;
    /// Yes or no.
    fn boolean(&self, column: &'static str) -> Result<bool, Fault>;
    /// A moment; `None`: null.
    fn time(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Fault>;
}

/// The profile of a row of `published_profiles.sql`.
///
/// # Errors
///
/// `Lost`, naming the column, where it holds something else.
pub(crate) fn published(row: &impl PublishedRow) -> Result<PublishedProfile, Fault> {
    Ok(PublishedProfile {
        customer_id: required(row.text("customer_id")?, "customer_id")?,
        version: row.number("version")?,
        customer_type: required(row.text("customer_type")?, "customer_type")?,
        sections: sections(row)?,
        computed: computed(row)?,
        administrative: PublishedAdministrative {
            admin_status: required(row.text("admin_status")?, "admin_status")?,
            review_priority: required(row.text("review_priority")?, "review_priority")?,
            risk_flags: json(row, "risk_flags")?,
            admin_notes: row.text("admin_notes")?,
            reviewed_by: row.text("reviewed_by")?,
            reviewed_at: row.time("reviewed_at")?,
        },
        sync: PublishedSync {
            sync_status: required(row.text("sync_status")?, "sync_status")?,
            last_sync_at: row.time("last_sync_at")?,
            next_scheduled_sync: row.time("next_scheduled_sync")?,
            sync_errors: json(row, "sync_errors")?,
            sync_metadata: json(row, "sync_metadata")?,
            data_version: row.text("data_version")?,
        },
        as_of: row.time("as_of")?,
        rules_hash: required(row.text("rules_hash")?, "rules_hash")?,
        last_event_id: row.text("last_event_id")?,
        correlation_id: row.text("correlation_id")?,
        created_at: required(row.time("created_at")?, "created_at")?,
        updated_at: required(row.time("updated_at")?, "updated_at")?,
    })
}

fn sections(row: &impl PublishedRow) -> Result<PublishedSections, Fault> {
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

fn computed(row: &impl PublishedRow) -> Result<PublishedComputed, Fault> {
    Ok(PublishedComputed {
        completeness: json(row, "completeness_detail")?,
        conformity: PublishedConformity {
            score: row.number("conformity_score")?,
            is_conform: row.boolean("is_conform")?,
            issues: json(row, "conformity_issues")?,
        },
        compliance_rating: row.text("compliance_rating")?,
        risk_profile: some_json(row, "risk_profile")?,
        insights: json(row, "insights")?,
        financial_metrics: some_json(row, "financial_metrics")?,
        inventory_metrics: some_json(row, "inventory_metrics")?,
        alerts: json(row, "alerts")?,
        attention: PublishedAttention {
            required: row.boolean("requires_attention")?,
            reasons: json(row, "attention_reasons")?,
            suggested_actions: json(row, "suggested_actions")?,
            urgency: row.number("urgency")?,
        },
        data_richness: row.number("data_richness")?,
    })
}

fn required<T>(value: Option<T>, column: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::new(FaultKind::Lost, format!("column {column} of a profile is null")))
}

fn json(row: &impl PublishedRow, column: &'static str) -> Result<JsonText, Fault> {
    JsonText::of(column, required(row.text(column)?, column)?)
}

fn some_json(row: &impl PublishedRow, column: &'static str) -> Result<Option<JsonText>, Fault> {
    row.text(column)?.map(|text| JsonText::of(column, text)).transpose()
}
