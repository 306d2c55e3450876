//! The profile as it is published on `customer.profiles` (spec/1 §4): what the sink stores, as one camelCase JSON object.
//!
//! Built from columns that were read back, so a consumer sees what a dashboard sees; JSON columns go in as they stand, amounts with all
//! their digits. Sections that do not exist, and values that are absent, are left out.

mod row;

use chrono::{DateTime, SecondsFormat, Utc};
use schemas::{Fault, FaultKind};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

pub(crate) use row::{PublishedRow, published};

/// A JSON column's text, to be published as it stands.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct JsonText(Box<RawValue>);

impl JsonText {
    /// The text of a JSON column.
    ///
    /// # Errors
    ///
    /// `Lost`, naming the column, when it holds no JSON.
    pub(crate) fn of(column: &str, text: String) -> Result<Self, Fault> {
        let raw = RawValue::from_string(text);
        raw.map(Self)
            .map_err(|error| Fault::caused(FaultKind::Lost, format!("column {column} of a profile holds no JSON"), error))
    }
}

/// A stored profile, as published.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedProfile {
    pub(crate) customer_id: String,
    pub(crate) version: i64,
    pub(crate) customer_type: String,
    #[serde(flatten)]
    pub(crate) sections: PublishedSections,
    #[serde(flatten)]
    pub(crate) computed: PublishedComputed,
    #[serde(flatten)]
    pub(crate) administrative: PublishedAdministrative,
    #[serde(flatten)]
    pub(crate) sync: PublishedSync,
    #[serde(serialize_with = "time_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<DateTime<Utc>>,
    pub(crate) rules_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correlation_id: Option<String>,
    #[serde(serialize_with = "time")]
    pub(crate) created_at: DateTime<Utc>,
    #[serde(serialize_with = "time")]
    pub(crate) updated_at: DateTime<Utc>,
}

/// The sections, by their names on the wire.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedSections {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basic: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) company_profile: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) institution_profile: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) specific_data: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_profile: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) regulatory_profile: Option<JsonText>,
    #[serde(skip_serializing_if = "Patrimoine::is_empty")]
    pub(crate) patrimoine: Patrimoine,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) performance_metrics: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) producer_completeness: Option<JsonText>,
}

/// Assets and stocks, each with the producer's summary.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patrimoine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assets: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assets_summary: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stocks: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stocks_summary: Option<JsonText>,
}

impl Patrimoine {
    fn is_empty(&self) -> bool {
        self.assets.is_none() && self.assets_summary.is_none() && self.stocks.is_none() && self.stocks_summary.is_none()
    }
}

/// What the rules computed (spec/2 §2 to §8). Totals of assets and stocks stand, exact, in the metrics.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedComputed {
    pub(crate) completeness: JsonText,
    pub(crate) conformity: PublishedConformity,
    pub(crate) compliance_rating: Option<String>,
    /// `null` where nothing was assessed.
    pub(crate) risk_profile: Option<JsonText>,
    pub(crate) insights: JsonText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) financial_metrics: Option<JsonText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inventory_metrics: Option<JsonText>,
    pub(crate) alerts: JsonText,
    pub(crate) attention: PublishedAttention,
    /// 0 to 100.
    pub(crate) data_richness: i64,
}

/// spec/2 §4
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedConformity {
    /// 0 to 100.
    pub(crate) score: i64,
    pub(crate) is_conform: bool,
    pub(crate) issues: JsonText,
}

/// spec/2 §8
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedAttention {
    pub(crate) required: bool,
    pub(crate) reasons: JsonText,
    pub(crate) suggested_actions: JsonText,
    /// 0 to 100.
    pub(crate) urgency: i64,
}

/// What administrators set; status, priority and flags with what is computed where they set nothing.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedAdministrative {
    pub(crate) admin_status: String,
    pub(crate) review_priority: String,
    pub(crate) risk_flags: JsonText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reviewed_by: Option<String>,
    #[serde(serialize_with = "time_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
}

/// Where the synchronisation stands (spec/3).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedSync {
    pub(crate) sync_status: String,
    #[serde(serialize_with = "time_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) last_sync_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "time_or_none", skip_serializing_if = "Option::is_none")]
    pub(crate) next_scheduled_sync: Option<DateTime<Utc>>,
    pub(crate) sync_errors: JsonText,
    pub(crate) sync_metadata: JsonText,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_version: Option<String>,
}

impl PublishedProfile {
    /// The record's value.
    pub(crate) fn into_json(self) -> String {
        serde_json::to_string(&self).expect("texts that were checked to be JSON, string keys")
    }
}

fn time<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

fn time_or_none<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}
