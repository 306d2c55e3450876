//! Alerts as they go out on topics: CloudEvents 1.0, structured JSON (spec/1 §4).

use chrono::{DateTime, Utc};
use schemas::profile::{Alert, AlertTransition};
use serde::Serialize;

/// The media type of what [`cloud_event`] writes.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// Members in the order of the CloudEvents specification; `correlationid` is an extension.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    r#type: String,
    subject: &'a str,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<&'a str>,
    data: &'a Alert,
}

/// The CloudEvent of what happened to an alert, as UTF-8 JSON.
///
/// Its id is the alert's and the number of the transition, so the same transition is the same event however often it is sent. Its time
/// is the profile's "as of" when it happened, never the wall clock.
///
/// ```
/// use schemas::profile::SectionName::SpecificData;
/// use transforms::{cloud_event, trial::Trial};
///
/// let computed = Trial::default().section(SpecificData, r#"{"ratioSolvabilite": 6.5}"#).run(&["raise_alerts"]);
/// let solvency = computed.transitions.iter().find(|transition| transition.alert.kind.as_str() == "solvency_low");
/// let event = cloud_event(solvency.expect("6.5 is under 8"), "customer-profiles", "c-1", Some("corr-7"));
/// let event: serde_json::Value = serde_json::from_slice(&event)?;
/// assert_eq!(event["type"], "com.wanzo.profile.alert.solvency_low.raised");
/// assert_eq!(event["subject"], "c-1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn cloud_event(transition: &AlertTransition, pipeline: &str, customer_id: &str, correlation_id: Option<&str>) -> Vec<u8> {
    let AlertTransition { what, number, alert } = transition;
    let event = CloudEvent {
        specversion: "1.0",
        id: format!("{}-{number}", alert.id),
        source: pipeline,
        r#type: format!("com.wanzo.profile.alert.{}.{}", alert.kind.as_str(), what.as_str()),
        subject: customer_id,
        time: alert.updated_at,
        datacontenttype: "application/json",
        correlationid: correlation_id,
        data: alert,
    };
    serde_json::to_vec(&event).expect("an alert serialises: string keys, finite numbers")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use schemas::profile::SectionName::SpecificData;
    use serde_json::{Value, json};

    use super::*;
    use crate::trial::Trial;

    fn event(correlation_id: Option<&str>) -> Value {
        let trial = Trial::default().section(SpecificData, r#"{"ratioSolvabilite": 6.50}"#);
        let computed = trial.run_with(&[("raise_alerts", json!({"incomplete_profile": {"below": 0}}))]);
        serde_json::from_slice(&cloud_event(&computed.transitions[0], "customer-profiles", "c-1", correlation_id)).unwrap()
    }

    #[test]
    fn every_attribute_that_the_contract_names_is_there() {
        let event = event(Some("corr-7"));
        let id = event["data"]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            event,
            json!({
                "specversion": "1.0",
                "id": format!("{id}-1"),
                "source": "customer-profiles",
                "type": "com.wanzo.profile.alert.solvency_low.raised",
                "subject": "c-1",
                "time": "2026-03-01T08:00:00Z",
                "datacontenttype": "application/json",
                "correlationid": "corr-7",
                "data": {
                    "id": id,
                    "kind": "solvency_low",
                    "level": "high",
                    "status": "open",
                    "message": "Le ratio de solvabilité, 6.50 %, est inférieur à 8 %",
                    "data": {"ratio": 6.50, "limit": 8},
                    "raisedAt": "2026-03-01T08:00:00Z",
                    "updatedAt": "2026-03-01T08:00:00Z",
                    "resolvedAt": null,
                },
            })
        );
    }

    #[test]
    fn without_a_correlation_there_is_no_such_attribute() {
        assert!(!event(None).as_object().unwrap().contains_key("correlationid"));
    }
}
