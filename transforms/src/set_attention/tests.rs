#![allow(clippy::unwrap_used)]

use chrono::DateTime;
use schemas::Json;
use schemas::profile::AttentionReason::{
    HighRisk, IncompleteProfile, LowCompliance, PendingApproval, SyncIssues, UnacknowledgedAlerts,
};
use schemas::profile::SectionName::{
    Assets, Basic, CompanyProfile, ExtendedProfile, InstitutionProfile, PerformanceMetrics, RegulatoryProfile, SpecificData,
    Stocks,
};
use schemas::profile::SyncStatus;
use schemas::profile::{Alert, AlertKind, AlertLog, Completeness, Conformity, Question, RiskAssessment};

use super::*;
use crate::trial::Trial;

/// A profile that nobody needs to look at.
fn quiet() -> Computed {
    Computed {
        completeness: Completeness { percentage: 90, ..Completeness::default() },
        rating: Some(Rating::High),
        conformity: Conformity { score: 100, is_conform: true, issues: Vec::new() },
        ..Computed::default()
    }
}

fn risky() -> Computed {
    let risk = RiskAssessment { score: 60, level: RiskLevel::High, factors: Vec::new(), recommendations: Vec::new() };
    Computed { risk: Some(risk), ..quiet() }
}

fn alerted(level: AlertLevel, status: AlertStatus) -> Computed {
    let at = DateTime::UNIX_EPOCH;
    let kind = AlertKind::LowStock;
    let data = Json::parse_own("{}").unwrap();
    let message = String::new();
    let last =
        Alert { id: uuid::Uuid::nil(), kind, level, status, message, data, raised_at: at, updated_at: at, resolved_at: None };
    Computed { alerts: [(kind, AlertLog { raised: 1, transition: 1, last })].into(), ..quiet() }
}

fn attention(trial: &Trial, mut computed: Computed) -> Attention {
    let view = View::of(&trial.profile);
    let subject = Subject { pipeline: "p", profile: &trial.profile, view: &view, as_of: DateTime::UNIX_EPOCH };
    SetAttention::new(AttentionParams::default()).derive(&subject, &mut computed);
    computed.attention
}

fn with(change: impl FnOnce(&mut Profile)) -> Trial {
    let mut trial = Trial::default();
    change(&mut trial.profile);
    trial
}

fn failed() -> Trial {
    with(|profile| profile.sync_status = SyncStatus::SyncFailed)
}

fn waiting() -> Trial {
    with(|profile| {
        profile.waiting.insert(Question::from("r-1".to_owned()), DateTime::UNIX_EPOCH);
    })
}

#[test]
fn nothing_to_see_is_low_and_not_required() {
    let attention = attention(&Trial::default(), quiet());
    assert_eq!((attention.required, attention.urgency, attention.data_richness), (false, 10, 0));
    assert_eq!((attention.reasons, attention.actions), (vec![], vec![]));
    assert_eq!((attention.review_priority, attention.admin_status), (ReviewPriority::Low, AdminStatus::UnderReview));
}

#[test]
fn each_reason_has_its_cause_its_action_and_its_weight() {
    let incomplete = Computed { completeness: Completeness { percentage: 69, ..Completeness::default() }, ..quiet() };
    let low = Computed { rating: Some(Rating::Low), ..quiet() };
    let critical = Computed { rating: Some(Rating::Critical), ..quiet() };
    let seen = alerted(AlertLevel::Low, AlertStatus::Acknowledged);
    for (trial, computed, reason, action, required) in [
        (Trial::default(), incomplete, Some(IncompleteProfile), Some("request_completion"), true),
        (Trial::default(), low, Some(LowCompliance), Some("immediate_compliance_review"), false),
        (Trial::default(), critical, Some(LowCompliance), Some("immediate_compliance_review"), true),
        (Trial::default(), risky(), Some(HighRisk), Some("risk_mitigation"), true),
        (failed(), quiet(), Some(SyncIssues), Some("retry_sync"), true),
        (Trial::default(), alerted(AlertLevel::Low, AlertStatus::Open), Some(UnacknowledgedAlerts), None, false),
        (Trial::default(), seen, None, None, false),
        (waiting(), quiet(), Some(PendingApproval), Some("approve_changes"), true),
    ] {
        let attention = attention(&trial, computed);
        assert_eq!(attention.reasons, Vec::from_iter(reason));
        assert_eq!(attention.actions, Vec::from_iter(action), "{reason:?}");
        assert_eq!(attention.required, required, "{reason:?}");
    }
}

#[test]
fn completeness_of_70_is_no_reason() {
    let computed = Computed { completeness: Completeness { percentage: 70, ..Completeness::default() }, ..quiet() };
    assert_eq!(attention(&Trial::default(), computed).reasons, []);
}

#[test]
fn some_statuses_set_by_hand_require_attention() {
    for (status, required) in [
        (AdminStatus::Flagged, true),
        (AdminStatus::Suspended, true),
        (AdminStatus::RequiresAttention, true),
        (AdminStatus::UnderReview, false),
        (AdminStatus::Validated, false),
        (AdminStatus::Archived, false),
        (AdminStatus::Rejected, false),
    ] {
        let found = attention(&with(|profile| profile.admin.status = Some(status)), quiet());
        assert_eq!((found.required, found.admin_status, found.reasons), (required, status, vec![]));
    }
    let archived = attention(&with(|profile| profile.admin.status = Some(AdminStatus::Archived)), risky());
    assert_eq!(
        (archived.admin_status, archived.required),
        (AdminStatus::Archived, true),
        "by hand it stays, and the risk counts"
    );
}

#[test]
fn the_first_priority_that_holds_counts() {
    let priority = |trial: &Trial, computed: Computed| attention(trial, computed).review_priority;
    let none = Trial::default();
    assert_eq!(priority(&none, alerted(AlertLevel::Urgent, AlertStatus::Open)), ReviewPriority::Urgent);
    assert_eq!(priority(&none, alerted(AlertLevel::Urgent, AlertStatus::Acknowledged)), ReviewPriority::Urgent);
    assert_eq!(priority(&none, alerted(AlertLevel::Urgent, AlertStatus::Resolved)), ReviewPriority::Low);
    assert_eq!(priority(&none, risky()), ReviewPriority::High);
    assert_eq!(priority(&failed(), quiet()), ReviewPriority::High);
    assert_eq!(priority(&none, alerted(AlertLevel::Low, AlertStatus::Acknowledged)), ReviewPriority::Medium);
    let incomplete = Computed { completeness: Completeness { percentage: 89, ..Completeness::default() }, ..quiet() };
    assert_eq!(priority(&none, incomplete), ReviewPriority::Medium);
    assert_eq!(priority(&none, Computed { conformity: Conformity::default(), ..quiet() }), ReviewPriority::Medium);
    let critical = none.clone().section(Basic, "{}").run(&["check_conformity"]).conformity;
    assert_eq!(priority(&none, Computed { conformity: critical, ..risky() }), ReviewPriority::Urgent);
    let by_hand = with(|profile| profile.admin.review_priority = Some(ReviewPriority::Low));
    assert_eq!(priority(&by_hand, risky()), ReviewPriority::Low);
}

#[test]
fn urgency_adds_up_to_100() {
    let urgency = |trial: &Trial, computed: Computed| attention(trial, computed).urgency;
    assert_eq!(urgency(&Trial::default(), Computed { rating: Some(Rating::Low), ..quiet() }), 30);
    assert_eq!(urgency(&Trial::default(), Computed { rating: Some(Rating::Medium), ..risky() }), 50);
    assert_eq!(urgency(&failed(), Computed { rating: Some(Rating::Critical), ..quiet() }), 70);
    assert_eq!(urgency(&waiting(), Computed { conformity: Conformity::default(), ..quiet() }), 20);
    let urgent = with(|profile| {
        profile.admin.review_priority = Some(ReviewPriority::Urgent);
        profile.sync_status = SyncStatus::SyncFailed;
    });
    assert_eq!(urgency(&urgent, Computed { rating: Some(Rating::Critical), ..risky() }), 100);
    assert_eq!(urgency(&urgent, Computed { rating: Some(Rating::Low), ..risky() }), 90);
}

#[test]
fn the_status_is_computed_in_the_order_of_the_rules() {
    let status = |trial: &Trial, computed: Computed| attention(trial, computed).admin_status;
    assert_eq!(status(&failed(), risky()), AdminStatus::Flagged);
    assert_eq!(status(&failed(), quiet()), AdminStatus::RequiresAttention);
    assert_eq!(status(&waiting(), quiet()), AdminStatus::RequiresAttention);
    let form = |json: &str| Trial::default().section(ExtendedProfile, json);
    assert_eq!(status(&form(r#"{"isComplete": true, "validatedBy": "u-1"}"#), quiet()), AdminStatus::Validated);
    for json in [r#"{"isComplete": true}"#, r#"{"isComplete": true, "validatedBy": ""}"#, r#"{"validatedBy": "u-1"}"#] {
        assert_eq!(status(&form(json), quiet()), AdminStatus::UnderReview, "{json}");
    }
}

#[test]
fn richness_counts_what_is_known() {
    let richness = |sections: &[(SectionName, &str)]| {
        let trial = sections.iter().fold(Trial::default(), |trial, (name, json)| trial.section(*name, json));
        trial.run(&["measure_patrimony", "set_attention"]).attention.data_richness
    };
    assert_eq!(richness(&[(Basic, r#"{"name": "K", "email": "k"}"#)]), 20);
    assert_eq!(richness(&[(Basic, r#"{"name": "K", "email": ""}"#)]), 0);
    assert_eq!(richness(&[(CompanyProfile, r#"{"rccm": "1"}"#), (InstitutionProfile, r#"{"type": "x"}"#)]), 30);
    assert_eq!(richness(&[(CompanyProfile, "{}"), (SpecificData, r#"{"statut": "x"}"#)]), 0);
    assert_eq!(richness(&[(ExtendedProfile, r#"{"isComplete": false}"#)]), 25);
    assert_eq!(richness(&[(Stocks, r#"[{"id": "s"}]"#)]), 15);
    assert_eq!(richness(&[(Assets, r#"[{"id": "a"}]"#), (Stocks, r#"[{"id": "s"}]"#)]), 25, "assets have financial metrics");
    assert_eq!(richness(&[(Assets, r#"[{"id": "a"}]"#), (PerformanceMetrics, r#"{"roi": 0}"#)]), 25);
    assert_eq!(richness(&[(RegulatoryProfile, r#"{"complianceStatus": "x"}"#)]), 15);
    let all = [
        (Basic, r#"{"name": "K", "email": "k"}"#),
        (CompanyProfile, r#"{"rccm": "1"}"#),
        (ExtendedProfile, r#"{"isComplete": true}"#),
        (Assets, r#"[{"id": "a"}]"#),
        (RegulatoryProfile, r#"{"complianceStatus": "x"}"#),
    ];
    assert_eq!(richness(&all), 100, "115, capped");
}

#[test]
fn the_computed_flag_joins_those_set_by_hand_once() {
    let trial =
        with(|profile| profile.admin.risk_flags = vec!["zone".to_owned(), "high_risk_assessment".to_owned(), "fraud".to_owned()]);
    assert_eq!(attention(&trial, risky()).risk_flags, ["fraud", "high_risk_assessment", "zone"]);
    assert_eq!(attention(&Trial::default(), risky()).risk_flags, ["high_risk_assessment"]);
    assert!(attention(&Trial::default(), quiet()).risk_flags.is_empty());
}
