//! What the workflow publishes: requests to the source, and notifications for administrators (spec/1 §4, spec/3 §3).

use chrono::{DateTime, Utc};
use schemas::Json;
use schemas::store::CriticalChange;
use schemas::sync::Sync;
use serde::Serialize;

use crate::cloud_event::CONTENT_TYPE;

/// The version of the messages, and of what they ask for.
const VERSION: &str = "2.1";

/// A record to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Deterministic: the same happening has the same id however often it is sent.
    pub id: String,
    /// Its media type.
    pub content_type: &'static str,
    /// The record's value: UTF-8 JSON.
    pub value: Vec<u8>,
}

impl Message {
    fn of(id: String, content_type: &'static str, value: &impl Serialize) -> Self {
        Self { id, content_type, value: serde_json::to_vec(value).expect("a message serialises: string keys, finite numbers") }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standard<'a> {
    id: &'a str,
    event_type: &'static str,
    data: SourceRequest<'a>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceRequest<'a> {
    customer_id: &'a str,
    sync_id: String,
    request_id: &'a str,
    priority: &'static str,
    requested_data: &'a [String],
    reason: &'a str,
    requesting_service: &'a str,
    timestamp: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    id: &'a str,
    correlation_id: String,
    timestamp: DateTime<Utc>,
    source: &'a str,
    version: Version,
    retry_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: &'static str,
    schema_version: &'static str,
    compatible_versions: [&'static str; 1],
}

/// The request to the source that an attempt of a sync sends: a standard message (spec/1 §1). `correlationId` is the sync's id, by which
/// the requests of its attempts belong together.
#[must_use]
pub fn source_request(sync: &Sync, pipeline: &str, customer_id: &str, now: DateTime<Utc>) -> Message {
    let id = format!("{}-{}", sync.id, sync.attempt);
    let request = Standard {
        id: &id,
        event_type: "customer.sync.request",
        data: SourceRequest {
            customer_id,
            sync_id: sync.id.to_string(),
            request_id: &id,
            priority: sync.priority.as_str(),
            requested_data: &sync.data,
            reason: &sync.reason,
            requesting_service: pipeline,
            timestamp: now,
        },
        metadata: Metadata {
            id: &id,
            correlation_id: sync.id.to_string(),
            timestamp: now,
            source: pipeline,
            version: Version { version: VERSION, schema_version: VERSION, compatible_versions: [VERSION] },
            retry_count: sync.attempt.saturating_sub(1),
        },
    };
    Message::of(id.clone(), "application/json", &request)
}

/// A CloudEvent, members in the order of its specification.
#[derive(Serialize)]
struct Notification<'a, D> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'static str,
    subject: &'a str,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<&'a str>,
    data: D,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp<'a> {
    customer_id: &'a str,
    sync_id: String,
    priority: &'static str,
    reason: &'a str,
    attempts: u32,
    started_at: Option<DateTime<Utc>>,
    error: Option<&'a str>,
}

/// Says that a sync was given up.
#[must_use]
pub fn given_up(sync: &Sync, pipeline: &str, customer_id: &str, now: DateTime<Utc>) -> Message {
    let id = format!("{}-given-up", sync.id);
    let data = GivenUp {
        customer_id,
        sync_id: sync.id.to_string(),
        priority: sync.priority.as_str(),
        reason: &sync.reason,
        attempts: sync.attempt,
        started_at: sync.started_at,
        error: sync.error.as_deref(),
    };
    // The requests to the source carried it.
    let correlation_id = data.sync_id.clone();
    let about = About { id, pipeline, customer_id, at: now, correlation_id: Some(&correlation_id) };
    about.says("com.wanzo.profile.sync.given_up", data)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApprovalWanted<'a> {
    customer_id: &'a str,
    request_id: &'a str,
    sync_type: &'a str,
    priority: &'a str,
    source: Option<&'a str>,
    /// Left out where they are large: `critical_changes` has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a Json>,
}

/// How many bytes of changes a notification shows, so that it fits into any topic.
const SHOWN_BYTES: usize = 256 << 10;

/// Says that a critical sync waits for an administrator (spec/2 §1).
#[must_use]
pub fn approval_wanted(change: &CriticalChange, pipeline: &str) -> Message {
    let id = format!("{}/{}/approval-wanted", change.customer_id, change.question);
    let data = ApprovalWanted {
        customer_id: &change.customer_id,
        request_id: &change.question.request_id,
        sync_type: &change.sync_type,
        priority: &change.priority,
        source: change.source.as_deref(),
        changes: Some(&change.changes).filter(|changes| changes.as_ref().text().len() <= SHOWN_BYTES),
    };
    let correlation_id = change.correlation_id.as_deref();
    let about = About { id, pipeline, customer_id: &change.customer_id, at: change.at, correlation_id };
    about.says("com.wanzo.profile.critical_change.approval_wanted", data)
}

/// What a notification is about.
struct About<'a> {
    id: String,
    pipeline: &'a str,
    customer_id: &'a str,
    at: DateTime<Utc>,
    correlation_id: Option<&'a str>,
}

impl About<'_> {
    fn says(self, what: &'static str, data: impl Serialize) -> Message {
        let event = Notification {
            specversion: "1.0",
            id: &self.id,
            source: self.pipeline,
            r#type: what,
            subject: self.customer_id,
            time: self.at,
            datacontenttype: "application/json",
            correlationid: self.correlation_id,
            data,
        };
        Message::of(self.id.clone(), CONTENT_TYPE, &event)
    }
}
