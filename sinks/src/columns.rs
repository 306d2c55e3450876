//! The columns of `customer_detailed_profiles`, and what a row puts into them: the same in every database.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use schemas::profile::{Alert, SectionName};
use schemas::store::Row;
use serde::Serialize;

use self::ColumnKind::{Amount, Boolean, Integer, Json, Text, Time};
use crate::state;

/// A column of `customer_detailed_profiles`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Our name; `columns:` of the sink may rename it in a database.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds, whatever type the database keeps it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A string, or a word of a closed set.
    Text,
    /// A whole number.
    Integer,
    /// An amount of money.
    Amount,
    /// Yes or no.
    Boolean,
    /// A JSON document.
    Json,
    /// A moment, in UTC.
    Time,
}

/// Every column, in the table's order (spec/4 §1). The one list: checks, tests and documentation of the names follow it.
pub const COLUMNS: [Column; 61] = [
    column("customer_id", Text),
    column("customer_type", Text),
    column("name", Text),
    column("email", Text),
    column("status", Text),
    column("basic", Json),
    column("company_profile", Json),
    column("institution_profile", Json),
    column("specific_data", Json),
    column("extended_profile", Json),
    column("regulatory_profile", Json),
    column("assets", Json),
    column("assets_summary", Json),
    column("stocks", Json),
    column("stocks_summary", Json),
    column("performance_metrics", Json),
    column("producer_completeness", Json),
    column("completeness", Integer),
    column("completeness_detail", Json),
    column("conformity_score", Integer),
    column("is_conform", Boolean),
    column("conformity_issues", Json),
    column("compliance_rating", Text),
    column("risk_score", Integer),
    column("risk_level", Text),
    column("risk_factors", Json),
    column("risk_profile", Json),
    column("insights", Json),
    column("financial_metrics", Json),
    column("inventory_metrics", Json),
    column("alerts", Json),
    column("attention_reasons", Json),
    column("suggested_actions", Json),
    column("requires_attention", Boolean),
    column("review_priority", Text),
    column("urgency", Integer),
    column("data_richness", Integer),
    column("total_assets_value", Amount),
    column("total_stock_value", Amount),
    column("admin_status", Text),
    column("risk_flags", Json),
    column("admin_status_by_hand", Text),
    column("compliance_rating_by_hand", Text),
    column("review_priority_by_hand", Text),
    column("risk_flags_by_hand", Json),
    column("admin_notes", Text),
    column("reviewed_by", Text),
    column("reviewed_at", Time),
    column("sync_status", Text),
    column("last_sync_at", Time),
    column("next_scheduled_sync", Time),
    column("sync_errors", Json),
    column("sync_metadata", Json),
    column("data_version", Text),
    column("as_of", Time),
    column("state", Json),
    column("rules_hash", Text),
    column("last_event_id", Text),
    column("version", Integer),
    column("created_at", Time),
    column("updated_at", Time),
];

/// SQL for about how many bytes the JSON of a row has. `size` is the database's function that tells it of a column without reading it.
pub(crate) fn json_bytes(size: &str) -> String {
    let json = COLUMNS.iter().filter(|column| column.kind == Json);
    let sizes: Vec<_> = json.map(|column| format!("coalesce({size}({{{}}}), 0)", column.name)).collect();
    sizes.join(" + ")
}

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind }
}

/// The column of a section's content.
pub(crate) fn of_section(name: SectionName) -> &'static str {
    match name {
        SectionName::Basic => "basic",
        SectionName::CompanyProfile => "company_profile",
        SectionName::InstitutionProfile => "institution_profile",
        SectionName::SpecificData => "specific_data",
        SectionName::ExtendedProfile => "extended_profile",
        SectionName::RegulatoryProfile => "regulatory_profile",
        SectionName::Assets => "assets",
        SectionName::Stocks => "stocks",
        SectionName::PerformanceMetrics => "performance_metrics",
        SectionName::ProducerCompleteness => "producer_completeness",
    }
}

/// What stands for SQL's null where null means "as it is". A section that is JSON's null shows nothing.
const NOTHING: &str = "null";

/// The values that the pipeline writes for one profile. JSON columns are texts.
///
/// What only administrators write is here too, for a row that is new: an existing row keeps its own (spec/2 §1). Notes and reviews have
/// no place in a [`schemas::profile::Profile`]: a new row has none.
#[derive(Debug, Clone)]
pub(crate) struct ProfileColumns {
    pub(crate) customer_id: String,
    pub(crate) customer_type: &'static str,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) status: Option<String>,
    /// By [`SectionName`], as the view shows them. Over a stored row `None` leaves the column, and its summary's, as it is, and
    /// [`NOTHING`] empties it.
    pub(crate) sections: [Option<String>; SectionName::ALL.len()],
    pub(crate) assets_summary: Option<String>,
    pub(crate) stocks_summary: Option<String>,
    pub(crate) completeness: u8,
    pub(crate) completeness_detail: String,
    pub(crate) conformity_score: u8,
    pub(crate) is_conform: bool,
    pub(crate) conformity_issues: String,
    pub(crate) compliance_rating: Option<&'static str>,
    pub(crate) risk_score: Option<u8>,
    pub(crate) risk_level: Option<&'static str>,
    pub(crate) risk_factors: String,
    pub(crate) risk_profile: Option<String>,
    pub(crate) insights: String,
    pub(crate) financial_metrics: Option<String>,
    pub(crate) inventory_metrics: Option<String>,
    /// The alerts that hold, seen or not.
    pub(crate) alerts: String,
    pub(crate) attention_reasons: String,
    pub(crate) suggested_actions: String,
    pub(crate) requires_attention: bool,
    pub(crate) review_priority: &'static str,
    pub(crate) urgency: u8,
    pub(crate) data_richness: u8,
    pub(crate) total_assets_value: BigDecimal,
    pub(crate) total_stock_value: BigDecimal,
    pub(crate) admin_status: &'static str,
    pub(crate) risk_flags: String,
    /// For a new row only, like all down to `risk_flags_by_hand`.
    pub(crate) admin_status_by_hand: Option<&'static str>,
    pub(crate) compliance_rating_by_hand: Option<&'static str>,
    pub(crate) review_priority_by_hand: Option<&'static str>,
    pub(crate) risk_flags_by_hand: String,
    pub(crate) sync_status: &'static str,
    pub(crate) last_sync_at: Option<DateTime<Utc>>,
    pub(crate) next_scheduled_sync: Option<DateTime<Utc>>,
    pub(crate) sync_errors: String,
    /// The last syncs that ended.
    pub(crate) sync_metadata: String,
    pub(crate) data_version: Option<String>,
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) state: String,
    pub(crate) rules_hash: String,
    pub(crate) last_event_id: Option<String>,
    /// The version that the row will have: the one that was read, plus one.
    pub(crate) version: i64,
}

impl ProfileColumns {
    /// The columns of a row.
    pub(crate) fn of(row: &Row) -> Self {
        let Row { profile, view, unchanged, computed, .. } = row;
        let basic = |member| view.get(SectionName::Basic).and_then(|basic| basic.present(member)).map(text_of);
        let text = |name, shown: Option<schemas::JsonRef<'_>>| match shown.filter(|shown| !shown.is_null()) {
            _ if unchanged.contains(name) => None,
            None if profile.version > 0 => Some(NOTHING.to_owned()),
            shown => shown.map(|shown| shown.text().to_owned()),
        };
        let risk = computed.risk.as_ref();
        let attention = &computed.attention;
        let open: Vec<&Alert> = profile.alerts.values().map(|log| &log.last).filter(|alert| alert.is_open()).collect();
        let financial = computed.financial_metrics.as_ref();
        let inventory = computed.inventory_metrics.as_ref();
        Self {
            customer_id: profile.customer_id.clone(),
            customer_type: profile.customer_type().as_str(),
            name: basic("name"),
            email: basic("email"),
            status: basic("status"),
            sections: SectionName::ALL.map(|name| text(name, view.get(name))),
            assets_summary: text(SectionName::Assets, view.summary(SectionName::Assets)),
            stocks_summary: text(SectionName::Stocks, view.summary(SectionName::Stocks)),
            completeness: computed.completeness.percentage,
            completeness_detail: json(&computed.completeness),
            conformity_score: computed.conformity.score,
            is_conform: computed.conformity.is_conform,
            conformity_issues: json(&computed.conformity.issues),
            compliance_rating: computed.rating.map(|rating| rating.as_str()),
            risk_score: risk.map(|risk| risk.score),
            risk_level: risk.map(|risk| risk.level.as_str()),
            risk_factors: json(&risk.map_or_else(Vec::new, |risk| risk.factors.iter().map(|factor| factor.code).collect())),
            risk_profile: risk.map(json),
            insights: json(&computed.insights),
            financial_metrics: financial.map(json),
            inventory_metrics: inventory.map(json),
            alerts: json(&open),
            attention_reasons: json(&attention.reasons),
            suggested_actions: json(&attention.actions),
            requires_attention: attention.required,
            review_priority: attention.review_priority.as_str(),
            urgency: attention.urgency,
            data_richness: attention.data_richness,
            total_assets_value: financial.map(|metrics| metrics.total_assets_value.0.clone()).unwrap_or_default(),
            total_stock_value: inventory.map(|metrics| metrics.total_stock_value.0.clone()).unwrap_or_default(),
            admin_status: attention.admin_status.as_str(),
            risk_flags: json(&attention.risk_flags),
            admin_status_by_hand: profile.admin.status.map(|status| status.as_str()),
            compliance_rating_by_hand: profile.admin.rating.map(|rating| rating.as_str()),
            review_priority_by_hand: profile.admin.review_priority.map(|priority| priority.as_str()),
            risk_flags_by_hand: json(&profile.admin.risk_flags),
            sync_status: profile.sync_status.as_str(),
            last_sync_at: profile.last_sync_at,
            next_scheduled_sync: profile.syncs.next_start(),
            sync_errors: json(&profile.syncs.errors),
            sync_metadata: json(&profile.syncs.ended),
            data_version: profile.stated_version.as_ref().map(|stated| stated.value.clone()),
            as_of: profile.as_of(),
            state: state::encode(row),
            rules_hash: row.rules_hash.to_string(),
            last_event_id: row.last_event_id.as_deref().map(str::to_owned),
            version: profile.version + 1,
        }
    }
}

/// A string's characters; the text of what is no string, which only a critical sync can put there.
fn text_of(value: schemas::JsonRef<'_>) -> String {
    value.as_str().map_or_else(|| value.text().to_owned(), std::borrow::Cow::into_owned)
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types serialise: string keys, finite numbers")
}
