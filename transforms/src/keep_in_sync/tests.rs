#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::{DateTime, TimeDelta, Utc};
use schemas::profile::{Profile, Section, SectionName, Stamp, SyncStatus};
use schemas::sync::{Phase, SyncPriority, SyncState};
use schemas::{Json, Origin, Record, Tolerated, TopicName};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const ID: Uuid = Uuid::from_u128(7);

fn at(minute: i64) -> DateTime<Utc> {
    "2026-03-01T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

fn record(kind: &str, payload: &Value) -> Record {
    Record {
        key: Some("c-1".to_owned()),
        value: Json::parse_own(&payload.to_string()).unwrap(),
        kind: kind.into(),
        id: "e-1".into(),
        event_time: at(0),
        timestamp: at(0),
        origin: Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 0 },
        correlation_id: None,
        tolerated: Tolerated::default(),
    }
}

fn ask(kind: &str, payload: &Value) -> Ask {
    Workflow::new(SyncParams::default()).ask_of(&record(kind, payload), ID).unwrap()
}

/// A customer whose workflow the test runs.
struct Rig {
    workflow: Workflow,
    state: SyncState,
    profile: Profile,
}

impl Rig {
    fn new() -> Self {
        Self { workflow: Workflow::new(SyncParams::default()), state: SyncState::default(), profile: Profile::new("c-1") }
    }

    fn asks(&mut self, priority: &str, minute: i64) -> Vec<Act> {
        let payload = json!({"customerId": "c-1", "requestId": "r", "priority": priority});
        let ask = self.workflow.ask_of(&record("sync_request", &payload), ID).unwrap();
        let mut acts = vec![self.workflow.ask(&mut self.state, ask, &self.profile, at(minute))];
        acts.extend(self.passes(minute));
        acts
    }

    fn passes(&mut self, minute: i64) -> Vec<Act> {
        self.workflow.pass(&mut self.state, &self.profile, at(minute))
    }

    fn has(&mut self, section: SectionName, minute: i64) {
        let origin = Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 0 };
        let stamp = Stamp { at: at(minute), event_id: "e".into(), origin };
        self.profile.join_section(section, Section { stamp, value: Json::parse_own("{}").unwrap(), summary: None });
    }
}

fn names(acts: &[Act]) -> Vec<&'static str> {
    acts.iter().map(|act| act.stage().as_str()).collect()
}

#[test]
fn a_notification_asks_as_soon_as_its_impact_says() {
    use SyncPriority::{High, Low, Medium, Urgent};
    let fields = |count: usize| (0..count).map(|at| format!("f{at}")).collect::<Vec<_>>();
    let of = |impact: Value, fields: Vec<String>| {
        let asked = ask("profile_updated", &json!({"customerId": "c-1", "updatedFields": fields, "impact": impact}));
        (asked.priority, asked.delay.num_minutes())
    };
    let critical = || vec!["financial_data.revenue".to_owned()];
    assert_eq!(of(Value::Null, critical()), (Urgent, 0));
    assert_eq!(of(Value::Null, vec!["identification".into()]), (Urgent, 0));
    assert_eq!(of(json!("high"), fields(1)), (Urgent, 0));
    // As given, though a critical section changed; the priority knows.
    assert_eq!(of(json!("low"), critical()), (Urgent, 30));
    assert_eq!(of(Value::Null, fields(6)), (High, 30));
    assert_eq!(of(json!("low"), fields(6)), (High, 30));
    assert_eq!(of(Value::Null, fields(5)), (High, 30), "three to five are of medium impact");
    assert_eq!(of(json!("medium"), fields(1)), (High, 30));
    assert_eq!(of(json!("low"), fields(3)), (Medium, 30));
    assert_eq!(of(Value::Null, fields(2)), (Low, 30));
    assert_eq!(of(Value::Null, fields(0)), (Low, 30));
}

#[test]
fn a_request_asks_as_soon_as_its_priority_says() {
    let of = |priority: Value| {
        let asked = ask("sync_request", &json!({"customerId": "c-1", "requestId": "r-1", "priority": priority}));
        (asked.priority.as_str(), asked.delay.num_minutes())
    };
    assert_eq!(of(json!("urgent")), ("urgent", 0));
    assert_eq!(of(json!("high")), ("high", 0));
    assert_eq!(of(json!("normal")), ("medium", 5));
    assert_eq!(of(Value::Null), ("medium", 5));
    assert_eq!(of(json!("low")), ("low", 5));
}

#[test]
fn a_record_asks_once() {
    let payload = json!({"customerId": "c-1", "requestId": "r-1"});
    let id = |kind| Workflow::ask_id(&record(kind, &payload));
    assert_eq!(id("stocks"), None);
    assert!(id("sync_request").is_some() && id("sync_request") != id("profile_updated"));
}

#[test]
fn wishes_join_the_one_that_is_planned() {
    let mut rig = Rig::new();
    assert_eq!(names(&rig.asks("low", 0)), ["scheduled"]);
    assert_eq!(rig.state.status(), SyncStatus::SyncScheduled);
    assert_eq!(names(&rig.asks("normal", 3)), ["joined"]);
    let planned = rig.state.planned.clone().unwrap();
    assert_eq!((planned.priority, planned.due), (SyncPriority::Medium, Some(at(5))), "the highest priority, the earliest time");
    assert_eq!(names(&rig.asks("urgent", 4)), ["joined", "started"]);
    let open = rig.state.open.clone().unwrap();
    assert_eq!((open.priority, open.due, open.attempt), (SyncPriority::Urgent, Some(at(6)), 1));
    assert_eq!(rig.state.status(), SyncStatus::PendingSync);
}

#[test]
fn all_that_was_requested_answers_it_and_so_does_a_complete_profile() {
    let mut rig = Rig::new();
    let Some(Act::Started(sync)) = rig.asks("high", 0).pop() else { panic!("it starts at once") };
    assert_eq!((sync.data[0].as_str(), sync.data.len()), ("basic_info", 8));
    use SectionName::{Assets, Basic, CompanyProfile, ExtendedProfile, RegulatoryProfile, Stocks};
    rig.has(Basic, -1);
    for section in [CompanyProfile, ExtendedProfile, Assets, Stocks, RegulatoryProfile] {
        rig.has(section, 1);
    }
    assert_eq!(rig.passes(2), [], "what is older does not answer");
    rig.has(Basic, 0);
    let acts = rig.passes(3);
    assert!(matches!(&acts[..], [Act::Completed(sync, took)] if sync.attempt == 1 && took.num_minutes() == 3), "{acts:?}");
    assert_eq!((rig.state.status(), rig.state.last_sync_at), (SyncStatus::Synced, Some(at(3))));

    let mut rig = Rig::new();
    rig.asks("high", 0);
    rig.profile.complete_at = Some(at(0) - TimeDelta::milliseconds(1));
    assert_eq!(rig.passes(1), []);
    rig.profile.complete_at = Some(at(0));
    assert_eq!(names(&rig.passes(1)), ["completed"]);
}

#[test]
fn an_answer_of_the_very_millisecond_counts() {
    let mut rig = Rig::new();
    let asked = ask("sync_request", &json!({"customerId": "c-1", "requestId": "r", "priority": "urgent"}));
    let now = at(0) + TimeDelta::microseconds(700);
    rig.workflow.ask(&mut rig.state, asked, &rig.profile, now);
    assert_eq!(names(&rig.workflow.pass(&mut rig.state, &rig.profile, now)), ["started"]);
    let asked = ask("sync_request", &json!({"customerId": "c-1", "requestId": "s", "priority": "low"}));
    rig.workflow.ask(&mut rig.state, asked, &rig.profile, now);
    rig.profile.complete_at = Some(at(0));
    assert_eq!(names(&rig.passes(1)), ["completed", "completed"]);
}

#[test]
fn without_an_answer_it_is_asked_three_times_and_given_up_and_a_late_answer_counts() {
    let mut rig = Rig::new();
    rig.asks("urgent", 0);
    assert_eq!(rig.state.due(), Some(at(2)));
    assert_eq!(names(&rig.passes(2)), ["failed"]);
    let retrying = rig.state.open.clone().unwrap();
    assert_eq!((retrying.phase, retrying.priority), (Phase::Retrying, SyncPriority::High));
    let waits = retrying.due.unwrap() - at(2);
    assert!((TimeDelta::seconds(108)..=TimeDelta::seconds(132)).contains(&waits), "2 minutes, give or take a tenth: {waits}");
    assert_eq!(rig.state.status(), SyncStatus::PendingSync);
    assert_eq!(names(&rig.passes(5)), ["started"]);
    assert_eq!(names(&rig.passes(10)), ["failed"]);
    let waits = rig.state.due().unwrap() - at(10);
    assert!((TimeDelta::seconds(216)..=TimeDelta::seconds(264)).contains(&waits), "4 minutes, give or take a tenth: {waits}");
    assert_eq!(names(&rig.passes(15)), ["started"]);
    assert_eq!(names(&rig.passes(20)), ["given_up"]);
    assert_eq!((rig.state.status(), rig.state.due()), (SyncStatus::SyncFailed, None));
    assert_eq!(rig.state.errors.iter().map(|error| error.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(rig.state.ended.last().unwrap().status, Phase::GivenUp);
    rig.profile.complete_at = Some(at(1));
    assert_eq!(names(&rig.passes(90)), ["completed"]);
    assert_eq!(rig.state.status(), SyncStatus::Synced);
    assert_eq!(rig.state.ended.len(), 1, "it ended once, after all");
    assert_eq!(rig.state.ended[0].status, Phase::Completed);
}

#[test]
fn a_failure_stands_until_the_source_answers() {
    let mut rig = Rig::new();
    rig.asks("urgent", 0);
    let mut minute = 0;
    while rig.state.given_up.is_none() {
        minute += 1;
        rig.passes(minute);
    }
    assert_eq!(names(&rig.asks("low", minute)), ["scheduled"]);
    assert_eq!(rig.state.status(), SyncStatus::SyncFailed);
    assert_eq!(names(&rig.passes(minute + 5)), ["started"]);
    assert_eq!(rig.state.status(), SyncStatus::PendingSync);
    rig.profile.syncs = rig.state.clone();
    assert!(rig.profile.sync_is_given_up(), "though the next one is open");
    rig.profile.complete_at = Some(at(minute + 6));
    assert_eq!(names(&rig.passes(minute + 7)), ["completed", "completed"]);
    assert_eq!((rig.state.status(), &rig.state.given_up), (SyncStatus::Synced, &None));
}

#[test]
fn who_asks_while_one_is_open_waits_for_its_end_and_has_what_it_brings() {
    let mut rig = Rig::new();
    rig.asks("urgent", 0);
    assert_eq!(names(&rig.asks("urgent", 1)), ["scheduled"], "one at a time");
    rig.profile.complete_at = Some(at(0));
    assert_eq!(names(&rig.passes(2)), ["completed", "started"], "the answer is older than the second wish");
    assert_eq!(names(&rig.asks("low", 3)), ["scheduled"]);
    rig.profile.complete_at = Some(at(3));
    assert_eq!(names(&rig.passes(4)), ["completed", "completed"]);
    assert_eq!(rig.state.due(), None);
}

#[test]
fn a_request_to_the_source_is_a_standard_message() {
    let mut rig = Rig::new();
    let Some(Act::Started(sync)) = rig.asks("high", 0).pop() else { panic!("it starts at once") };
    let Message { id, value, .. } = source_request(&sync, "customer-profiles", "c-1", at(0));
    let message: Value = serde_json::from_slice(&value).unwrap();
    assert_eq!(
        (message["id"].as_str(), id.as_str()),
        (Some("00000000-0000-0000-0000-000000000007-1"), message["id"].as_str().unwrap())
    );
    assert_eq!(message["data"]["customerId"], "c-1");
    assert_eq!(message["data"]["syncId"], ID.to_string());
    assert_eq!(message["data"]["requestedData"].as_array().unwrap().len(), 8);
    assert_eq!(message["data"]["requestingService"], "customer-profiles");
    assert_eq!(message["metadata"]["retryCount"], 0);
    assert_eq!(sync.steps.len(), 4);
}

#[test]
fn every_duration_can_be_set_and_none_is_nothing() {
    let built = |with: Value| (Workflow::ENTRY.build)(&with, &crate::Surroundings::default()).map(|_| ());
    built(json!({"deadline": {"urgent": "30s"}, "retry": {"attempts": 1, "backoff": "5s", "jitter": 0}, "delay": {"request": "0s"}})).unwrap();
    assert_eq!(built(json!({"deadline": {"low": "0s"}})).unwrap_err().path, ["deadline", "low"]);
    assert_eq!(built(json!({"retry": {"attempts": 0}})).unwrap_err().path, ["retry", "attempts"]);
}

#[test]
fn what_others_write_into_a_request_has_a_bound() {
    let mut rig = Rig::new();
    let codes: Vec<_> = (0..10_000).map(|code| format!("code_{code:05}")).collect();
    let payload = json!({
        "customerId": "c-1", "requestId": "é".repeat(100_000), "requestingService": "s".repeat(100_000), "requestedData": codes, "priority": "urgent",
    });
    let ask = rig.workflow.ask_of(&record("sync_request", &payload), ID).unwrap();
    rig.workflow.ask(&mut rig.state, ask, &rig.profile, at(0));
    let [Act::Started(sync)] = &rig.passes(0)[..] else { panic!("it starts at once") };
    assert_eq!(sync.reason.chars().count(), 1_000);
    assert!(sync.reason.starts_with("requested (éé") && sync.reason.ends_with("é…"), "{}", &sync.reason[..20]);
    assert_eq!(sync.by.chars().count(), 255);
    assert!(sync.data.iter().any(|code| code == "basic_info"), "who names more than is kept asks for all: {:?}", sync.data);
    let request = source_request(sync, "p", "c-1", at(0));
    assert!(request.value.len() < 8_000, "{} bytes", request.value.len());
    assert!(rig.state.size_bytes() < 20_000, "{} bytes", rig.state.size_bytes());
}
