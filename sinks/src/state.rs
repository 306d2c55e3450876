//! What the engine remembers of a profile beside its columns: one JSON text, in the column `state`.
//!
//! ```json
//! {"type": {"at": "2026-03-01T08:00:00Z", "value": "PME"}, "dataVersion": {"at": "..", "value": "2.1"},
//!  "sections": {"basic": {"stamp": {"at": "..", "event_id": "..", "origin": {"topic": "..", "partition": 0, "offset": 7}}}},
//!  "overlays": [{"path": {"section": "basic", "below": ["name"]}, "overlay": {"stamp": {}, "value": "New name"}}],
//!  "waiting": {"4f53cda18c2baa0c0354bb5f9a3ecbe5 req-1": "2026-03-01T08:00:00Z"},
//!  "decided": {"9b2a5e1d7c6f40813f0e8d2b6a5c4f31 req-0": {"decidedAt": "2026-03-01T09:00:00Z", "verdict": "approved", "askedAt": "2026-02-28T08:00:00Z"}},
//!  "alerts": {"low_stock": {"raised": 1, "transition": 2, "last": {}}}, "correlationId": "corr-7"}
//! ```
//!
//! A section's column shows the view: with overlays over it. Where that is not what the event wrote, `raw` beside the stamp holds what
//! it wrote, for later merges. Times stand with all the digits that they have, so that merging a replayed event changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use schemas::profile::{
    AdminStatus, Administrative, AlertKind, AlertLog, CustomerType, Decision, Outline, Overlay, Path, Profile, Question, Rating,
    ReviewPriority, RiskLevel, Section, SectionName, Sections, Stamp, Stated,
};
use schemas::store::Row;
use schemas::sync::SyncState;
use schemas::{Fault, FaultKind, Json};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize};

use crate::columns;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    stated_type: Option<Stated<CustomerType>>,
    #[serde(rename = "dataVersion", skip_serializing_if = "Option::is_none")]
    stated_version: Option<Stated<String>>,
    sections: BTreeMap<SectionName, Written>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overlays: Vec<Shown>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    waiting: BTreeMap<Question, DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    decided: BTreeMap<Question, Decision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    complete_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    alerts: BTreeMap<AlertKind, AlertLog>,
    /// For the changelog: no merge reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
}

/// A section that an event wrote.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    stamp: Stamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Raw>,
}

/// What the event wrote, where the columns show something else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    value: Json,
    #[serde(default, deserialize_with = "stated_json", skip_serializing_if = "Option::is_none")]
    summary: Option<Json>,
}

/// A JSON map has string keys only, and a path is none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    path: Path,
    overlay: Overlay,
}

/// A member that stands there is a value, even `null`.
fn stated_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// The text of the column `state`.
pub(crate) fn encode(row: &Row) -> String {
    let Row { profile, view, .. } = row;
    let written = |name: SectionName, section: &Section| {
        let same = |shown: Option<schemas::JsonRef<'_>>, own: Option<&Json>| {
            // A column cannot tell JSON's null from nothing.
            shown.filter(|shown| !shown.is_null()).map(|shown| shown.text()) == own.map(|own| own.as_ref().text())
        };
        let shows = same(view.get(name), Some(&section.value)) && same(view.summary(name), section.summary.as_ref());
        let raw = (!shows).then(|| Raw { value: section.value.clone(), summary: section.summary.clone() });
        Written { stamp: section.stamp.clone(), raw }
    };
    let overlays = profile.overlays.iter().map(|(path, overlay)| Shown { path: path.clone(), overlay: overlay.clone() });
    let state = State {
        stated_type: profile.stated_type.clone(),
        stated_version: profile.stated_version.clone(),
        sections: profile.sections.iter().map(|(name, section)| (name, written(name, section))).collect(),
        overlays: overlays.collect(),
        waiting: profile.waiting.clone(),
        decided: profile.decided.clone(),
        complete_at: profile.complete_at,
        alerts: profile.alerts.clone(),
        correlation_id: row.correlation_id.as_deref().map(str::to_owned),
    };
    serde_json::to_string(&state).expect("our own types serialise: string keys, finite numbers")
}

/// The columns of a stored row that a profile is made of. JSON columns are texts.
#[derive(Debug, Clone)]
pub(crate) struct StoredProfile {
    pub(crate) customer_id: String,
    pub(crate) version: i64,
    /// The section columns, by [`SectionName`].
    pub(crate) sections: [Option<String>; SectionName::ALL.len()],
    pub(crate) assets_summary: Option<String>,
    pub(crate) stocks_summary: Option<String>,
    pub(crate) state: String,
    pub(crate) admin_status_by_hand: Option<String>,
    pub(crate) compliance_rating_by_hand: Option<String>,
    pub(crate) review_priority_by_hand: Option<String>,
    pub(crate) risk_flags_by_hand: String,
    pub(crate) sync_status: String,
    pub(crate) last_sync_at: Option<DateTime<Utc>>,
    pub(crate) completeness: i64,
    pub(crate) conformity_score: i64,
    pub(crate) compliance_rating: Option<String>,
    pub(crate) risk_level: Option<String>,
    pub(crate) admin_status: String,
    pub(crate) rules_hash: String,
    pub(crate) updated_at: DateTime<Utc>,
}

impl StoredProfile {
    /// The profile that was stored.
    ///
    /// # Errors
    ///
    /// `Lost`, naming the column, and the row by its version and time, when a column cannot be read: somebody else wrote it, or a newer
    /// program. Faults are logged, so the customer is not named.
    pub(crate) fn decode(self) -> Result<Profile, Fault> {
        let (version, written_at) = (self.version, self.updated_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        self.profile().map_err(|Unreadable { column, why }| {
            let what =
                format!("the profile of version {version}, written at {written_at}: its column {column} cannot be read: {why}");
            Fault::new(FaultKind::Lost, what).advise(format!(
                "one version of syncline for all workers, if a newer one wrote it; else mend the row (version = {version} and \
                 updated_at = '{written_at}')"
            ))
        })
    }

    fn profile(self) -> Result<Profile, Unreadable> {
        let state: State = serde_json::from_str(&self.state).map_err(|error| Unreadable::new("state", error))?;
        let stored = self.outline()?;
        let admin = self.admin()?;
        let sync_status = named(&self.sync_status).map_err(|error| Unreadable::new("sync_status", error))?;
        let Self { customer_id, version, sections, assets_summary, stocks_summary, last_sync_at, .. } = self;
        Ok(Profile {
            customer_id,
            version,
            stated_type: state.stated_type,
            stated_version: state.stated_version,
            sections: written(state.sections, sections, [assets_summary, stocks_summary])?,
            overlays: state.overlays.into_iter().map(|shown| (shown.path, shown.overlay)).collect(),
            waiting: state.waiting,
            decided: state.decided,
            complete_at: state.complete_at,
            admin,
            sync_status,
            last_sync_at,
            // From another table.
            syncs: SyncState::default(),
            alerts: state.alerts,
            stored,
        })
    }

    fn admin(&self) -> Result<Administrative, Unreadable> {
        let status: Option<AdminStatus> = self.admin_status_by_hand.as_deref().map(named).transpose().map_err(by_hand)?;
        let flags = serde_json::from_str(&self.risk_flags_by_hand);
        Ok(Administrative {
            status,
            rating: value("compliance_rating_by_hand", self.compliance_rating_by_hand.as_deref(), Rating::from_name)?,
            review_priority: value(
                "review_priority_by_hand",
                self.review_priority_by_hand.as_deref(),
                ReviewPriority::from_name,
            )?,
            risk_flags: flags.map_err(|error| Unreadable::new("risk_flags_by_hand", error))?,
        })
    }

    /// `None` for a row that no rules rated: one whose pipeline has no `rate_compliance`.
    fn outline(&self) -> Result<Option<Outline>, Unreadable> {
        let Some(rating) = value("compliance_rating", self.compliance_rating.as_deref(), Rating::from_name)? else {
            return Ok(None);
        };
        let percent = |column, value: i64| u8::try_from(value).map_err(|error| Unreadable::new(column, error));
        Ok(Some(Outline {
            completeness: percent("completeness", self.completeness)?,
            rating,
            conformity_score: percent("conformity_score", self.conformity_score)?,
            risk_level: value("risk_level", self.risk_level.as_deref(), RiskLevel::from_name)?,
            admin_status: named(&self.admin_status).map_err(|error| Unreadable::new("admin_status", error))?,
            rules_hash: self.rules_hash.clone(),
            updated_at: self.updated_at,
        }))
    }
}

/// The sections as events wrote them: from the columns, or from the state where the columns show something else.
fn written(
    stamps: BTreeMap<SectionName, Written>,
    mut columns: [Option<String>; SectionName::ALL.len()],
    [assets_summary, stocks_summary]: [Option<String>; 2],
) -> Result<Sections, Unreadable> {
    let mut summaries = BTreeMap::from([(SectionName::Assets, assets_summary), (SectionName::Stocks, stocks_summary)]);
    let mut sections = Sections::default();
    for (name, Written { stamp, raw }) in stamps {
        let parse = |text: String| Json::parse_own(&text).map_err(|error| Unreadable::new(columns::of_section(name), error));
        let (value, summary) = match raw {
            Some(raw) => (raw.value, raw.summary),
            None => {
                let text = columns[name as usize].take();
                let text =
                    text.ok_or_else(|| Unreadable::new(columns::of_section(name), "it is null, and its section exists"))?;
                (parse(text)?, summaries.remove(&name).flatten().map(parse).transpose()?)
            }
        };
        sections.join(name, Section { stamp, value, summary });
    }
    Ok(sections)
}

struct Unreadable {
    column: &'static str,
    why: String,
}

impl Unreadable {
    fn new(column: &'static str, why: impl ToString) -> Self {
        Self { column, why: why.to_string() }
    }
}

fn by_hand(error: serde::de::value::Error) -> Unreadable {
    Unreadable::new("admin_status_by_hand", error)
}

/// A value by the name that serde knows it by.
fn named<'t, T: Deserialize<'t>>(name: &'t str) -> Result<T, serde::de::value::Error> {
    T::deserialize(name.into_deserializer())
}

fn value<T>(column: &'static str, name: Option<&str>, of: fn(&str) -> Option<T>) -> Result<Option<T>, Unreadable> {
    let read = |name| of(name).ok_or_else(|| Unreadable::new(column, format!("{name:?} is no value of it")));
    name.map(read).transpose()
}

#[cfg(test)]
mod tests;
