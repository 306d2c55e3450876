//! Alerts: raised once, updated when what they say changes, resolved when it no longer holds (spec/2 §7).
//!
//! Reads the sections, what the steps before computed, and the alerts that the profile remembers; writes the alerts afterwards, and
//! what happened to them. The ports are the kinds. Nothing to say again gives no transition, so a replay is silent.
//!
//! ```
//! use schemas::profile::{AlertKind, AlertLevel, SectionName::Stocks};
//! use transforms::trial::Trial;
//!
//! let lines = r#"[{"id": "s-1", "nomProduit": "Riz", "quantiteStock": 0, "seuilMinimum": 20, "etatStock": "disponible"}]"#;
//! let computed = Trial::default().section(Stocks, lines).run(&["raise_alerts"]);
//! let alert = &computed.alerts[&AlertKind::LowStock].last;
//! assert_eq!((alert.level, alert.is_open()), (AlertLevel::High, true));
//! assert_eq!(alert.data.as_ref().text(), r#"{"lines":[{"id":"s-1","name":"Riz","quantity":0,"minimum":20}]}"#);
//! ```

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use schemas::Json;
use schemas::json::normalised;
use schemas::profile::{Alert, AlertKind, AlertLevel, AlertLog, AlertStatus, AlertTransition, Computed, TransitionKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::{Entry, Shape};
use crate::message::Locale;
use crate::parameters::{Parameters, Percent, Score, Threshold, all_optional};
use crate::{Derive, Subject, parameters};

mod condition;

/// The ports: the kinds of alert, in the order of the rules.
pub(crate) const PORTS: [&str; AlertKind::ALL.len()] = {
    let mut ports = [""; AlertKind::ALL.len()];
    let mut kind = 0;
    while kind < ports.len() {
        ports[kind] = AlertKind::ALL[kind].as_str();
        kind += 1;
    }
    ports
};

/// The namespace of the alerts' ids: `alerts.syncline` under the DNS namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0xa3f1_9c1e_52d7_5b0a_9a64_6b1d_20e8_77c4);

/// Parameters of `raise_alerts`: the limits that alerts are held against.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlertParams {
    /// The language of the alerts' messages.
    pub locale: Locale,
    /// Stock lines at or under their own minimum.
    pub low_stock: LowStock,
    /// Assets that lost most of what they cost.
    pub asset_depreciated: AssetDepreciated,
    /// The solvency ratio of an institution.
    pub solvency_low: SolvencyLow,
    /// Completeness.
    pub incomplete_profile: IncompleteProfile,
}

impl Parameters for AlertParams {}

/// Limits of `low_stock`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct LowStock {
    /// The alert is high once a listed line has just this quantity.
    pub empty_quantity: Threshold,
}

impl Default for LowStock {
    fn default() -> Self {
        Self { empty_quantity: 0.into() }
    }
}

/// Limits of `asset_depreciated`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct AssetDepreciated {
    /// An asset is depreciated when it is worth less than this share of its price, in percent.
    pub below_percent: Percent,
}

impl Default for AssetDepreciated {
    fn default() -> Self {
        Self { below_percent: Percent::new(Score::new(20)) }
    }
}

/// Limits of `solvency_low`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct SolvencyLow {
    /// Solvency is low below this ratio, in percent.
    pub below: Threshold,
}

impl Default for SolvencyLow {
    fn default() -> Self {
        Self { below: 8.into() }
    }
}

/// Limits of `incomplete_profile`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct IncompleteProfile {
    /// A profile is incomplete below this completeness, in percent.
    pub below: Score,
}

impl Default for IncompleteProfile {
    fn default() -> Self {
        Self { below: Score::new(70) }
    }
}

/// Raises alerts: see the module.
pub(crate) struct RaiseAlerts(AlertParams);

impl RaiseAlerts {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "raise_alerts",
        summary: "alerts: raised once, updated when they change, resolved when they no longer hold",
        shape: Shape::Derive,
        ports: &PORTS,
        parameters: || schemars::schema_for!(AlertParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: AlertParams) -> Self {
        Self(params)
    }
}

impl Derive for RaiseAlerts {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let mut alerts = subject.profile.alerts.clone();
        let mut transitions = Vec::new();
        for kind in AlertKind::ALL {
            let holds = condition::holds(kind, &self.0, subject, computed);
            let Some((log, what)) = next(kind, alerts.get(&kind), holds, subject) else { continue };
            transitions.push(AlertTransition { what, number: log.transition, alert: log.last.clone() });
            alerts.insert(kind, log);
        }
        computed.alerts = alerts;
        computed.transitions = transitions;
    }
}

/// What an alert says while its condition holds.
struct Holds {
    level: AlertLevel,
    message: String,
    data: Json,
}

/// What becomes of a kind of alert; `None` where nothing changes.
fn next(
    kind: AlertKind,
    log: Option<&AlertLog>,
    holds: Option<Holds>,
    subject: &Subject<'_>,
) -> Option<(AlertLog, TransitionKind)> {
    // "As of" is the latest time of the sections, and of the critical syncs where no section is: a customer's first section may take it
    // back. An alert's own times go on.
    let at = log.map_or(subject.as_of, |log| subject.as_of.max(log.last.updated_at));
    match (log.filter(|log| log.last.is_open()), holds) {
        (None, Some(holds)) => {
            let raised = log.map_or(0, |log| log.raised) + 1;
            let id = alert_id(subject.pipeline, &subject.profile.customer_id, kind, raised);
            Some((AlertLog { raised, transition: 1, last: raise(id, kind, holds, at) }, TransitionKind::Raised))
        }
        (Some(open), Some(holds)) if says_something_else(&open.last, &holds) => {
            let Holds { level, message, data } = holds;
            let last = Alert { level, message, data, updated_at: at, ..open.last.clone() };
            Some((AlertLog { transition: open.transition + 1, last, ..*open }, TransitionKind::Updated))
        }
        (Some(open), None) => {
            let last = Alert { status: AlertStatus::Resolved, updated_at: at, resolved_at: Some(at), ..open.last.clone() };
            Some((AlertLog { transition: open.transition + 1, last, ..*open }, TransitionKind::Resolved))
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn raise(id: Uuid, kind: AlertKind, holds: Holds, at: DateTime<Utc>) -> Alert {
    let Holds { level, message, data } = holds;
    Alert { id, kind, level, status: AlertStatus::Open, message, data, raised_at: at, updated_at: at, resolved_at: None }
}

/// Data are compared by meaning: a store may give them back with members in another order.
fn says_something_else(alert: &Alert, holds: &Holds) -> bool {
    let same_data = alert.data == holds.data || normalised(alert.data.as_ref()) == normalised(holds.data.as_ref());
    alert.level != holds.level || alert.message != holds.message || !same_data
}

/// The UUIDv5 of (pipeline, customer, kind, how many times it was raised). No NUL stands in a name, so no two lists are one text.
fn alert_id(pipeline: &str, customer_id: &str, kind: AlertKind, raised: u32) -> Uuid {
    let name = format!("{pipeline}\0{customer_id}\0{}\0{raised}", kind.as_str());
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests;
