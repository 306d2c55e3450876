//! Whether an administrator must look at a customer, why, and how soon (spec/2 §8).
//!
//! Reads what the steps before computed, the sync state, and what administrators set by hand; writes the reasons, whether attention is
//! required, suggested actions, review priority, urgency and data richness (both 0 to 100), the status and the risk flags.
//!
//! ```
//! use schemas::profile::{AttentionReason, ReviewPriority, SectionName::Basic};
//! use transforms::trial::Trial;
//!
//! let attention = Trial::default()
//!     .section(Basic, r#"{"name": "Kin Agro", "email": "kin@agro.example"}"#)
//!     .run(&["measure_completeness", "rate_compliance", "set_attention"])
//!     .attention;
//! assert_eq!(attention.reasons, [AttentionReason::IncompleteProfile, AttentionReason::LowCompliance]);
//! assert_eq!(attention.actions, ["request_completion", "immediate_compliance_review"]);
//! assert_eq!((attention.required, attention.review_priority), (true, ReviewPriority::Medium));
//! assert_eq!((attention.urgency, attention.data_richness), (50, 20));
//! ```

use schemas::JsonRef;
use schemas::profile::{
    AdminStatus, AlertLevel, AlertStatus, Attention, AttentionReason, Computed, Profile, Rating, ReviewPriority, RiskLevel,
    SectionName, Severity, View,
};

use crate::catalogue::{Entry, Shape};
use crate::{Derive, Subject, field, form, parameters};

pub(crate) use params::AttentionParams;

mod params;

/// The computed risk flag of a high risk.
const HIGH_RISK_FLAG: &str = "high_risk_assessment";

/// Sets attention: see the module.
pub(crate) struct SetAttention(AttentionParams);

impl SetAttention {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "set_attention",
        summary: "whether an administrator must look, why, and how soon",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(AttentionParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: AttentionParams) -> Self {
        Self(params)
    }

    fn review_priority(&self, facts: &Facts<'_>) -> ReviewPriority {
        let computed = facts.computed;
        let open = || computed.alerts.values().map(|log| &log.last).filter(|alert| alert.is_open());
        let critical = computed.conformity.issues.iter().any(|issue| issue.severity == Severity::Critical);
        if critical || open().any(|alert| alert.level == AlertLevel::Urgent) {
            ReviewPriority::Urgent
        } else if facts.high_risk || facts.sync_failed {
            ReviewPriority::High
        } else if computed.conformity.is_conform
            && computed.completeness.percentage >= self.0.low_priority_from.get()
            && open().next().is_none()
        {
            ReviewPriority::Low
        } else {
            ReviewPriority::Medium
        }
    }

    fn urgency(&self, facts: &Facts<'_>, priority: ReviewPriority) -> u8 {
        let urgency = &self.0.urgency;
        let by_priority = match priority {
            ReviewPriority::Urgent => urgency.review_priority.urgent,
            ReviewPriority::High => urgency.review_priority.high,
            ReviewPriority::Medium => urgency.review_priority.medium,
            ReviewPriority::Low => urgency.review_priority.low,
        };
        let by_rating = match facts.computed.rating {
            Some(Rating::Critical) => Some(urgency.rating.critical),
            Some(Rating::Low) => Some(urgency.rating.low),
            Some(Rating::Medium | Rating::High) | None => None,
        };
        let by_risk = facts.high_risk.then_some(urgency.high_risk);
        let by_sync = facts.sync_failed.then_some(urgency.sync_failed);
        capped([Some(by_priority), by_rating, by_risk, by_sync].into_iter().flatten().map(|points| points.get()))
    }

    fn data_richness(&self, view: &View, computed: &Computed) -> u8 {
        let points = &self.0.richness;
        let is = |name| view.get(name).is_some_and(JsonRef::is_present);
        let [name, email] = field::pick_present(view.get(SectionName::Basic), ["name", "email"]);
        let known = [
            (name.is_some() && email.is_some(), points.identity),
            (is(SectionName::CompanyProfile) || is(SectionName::InstitutionProfile), points.profile),
            (is(SectionName::ExtendedProfile), points.extended_profile),
            (is(SectionName::Assets) || is(SectionName::Stocks), points.patrimony),
            (is(SectionName::RegulatoryProfile), points.regulatory_profile),
            (is(SectionName::PerformanceMetrics) || computed.financial_metrics.is_some(), points.metrics),
        ];
        capped(known.into_iter().filter(|(known, _)| *known).map(|(_, points)| points.get()))
    }
}

impl Derive for SetAttention {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let profile = subject.profile;
        let facts = Facts::of(profile, computed, self.0.incomplete_below.get());
        let admin_status = profile.admin.status.unwrap_or_else(|| facts.admin_status(subject.view));
        let review_priority = profile.admin.review_priority.unwrap_or_else(|| self.review_priority(&facts));
        let reasons = facts.reasons();
        computed.attention = Attention {
            required: facts.requires_attention(admin_status),
            actions: reasons.iter().filter_map(|reason| action(*reason)).collect(),
            reasons,
            review_priority,
            urgency: self.urgency(&facts, review_priority),
            data_richness: self.data_richness(subject.view, computed),
            admin_status,
            risk_flags: risk_flags(&profile.admin.risk_flags, facts.high_risk),
        };
    }
}

/// What the rules of this step ask about a profile.
struct Facts<'a> {
    computed: &'a Computed,
    incomplete: bool,
    high_risk: bool,
    sync_failed: bool,
    pending_approval: bool,
}

impl<'a> Facts<'a> {
    fn of(profile: &Profile, computed: &'a Computed, incomplete_below: u8) -> Self {
        Self {
            computed,
            incomplete: computed.completeness.percentage < incomplete_below,
            high_risk: computed.risk.as_ref().is_some_and(|risk| risk.level == RiskLevel::High),
            sync_failed: profile.sync_is_given_up(),
            pending_approval: !profile.waiting.is_empty(),
        }
    }

    /// The reasons that hold, in the order of the rules; they stand whether or not attention is required.
    fn reasons(&self) -> Vec<AttentionReason> {
        let low_compliance = matches!(self.computed.rating, Some(Rating::Low | Rating::Critical));
        let unacknowledged = self.computed.alerts.values().any(|log| log.last.status == AlertStatus::Open);
        let reasons = [
            (self.incomplete, AttentionReason::IncompleteProfile),
            (low_compliance, AttentionReason::LowCompliance),
            (self.high_risk, AttentionReason::HighRisk),
            (self.sync_failed, AttentionReason::SyncIssues),
            (unacknowledged, AttentionReason::UnacknowledgedAlerts),
            (self.pending_approval, AttentionReason::PendingApproval),
        ];
        reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
    }

    fn requires_attention(&self, status: AdminStatus) -> bool {
        let by_status = match status {
            AdminStatus::Flagged | AdminStatus::Suspended | AdminStatus::RequiresAttention => true,
            AdminStatus::UnderReview | AdminStatus::Validated | AdminStatus::Archived | AdminStatus::Rejected => false,
        };
        let critical = self.computed.rating == Some(Rating::Critical);
        self.incomplete || critical || self.high_risk || self.sync_failed || self.pending_approval || by_status
    }

    /// The status, where none is set by hand.
    fn admin_status(&self, view: &View) -> AdminStatus {
        if self.high_risk {
            AdminStatus::Flagged
        } else if self.sync_failed || self.pending_approval {
            AdminStatus::RequiresAttention
        } else if form::is_complete(view) && form::names_validator(view) {
            AdminStatus::Validated
        } else {
            AdminStatus::UnderReview
        }
    }
}

/// What to do about a reason; alerts are acknowledged one by one, which is no action on the profile.
fn action(reason: AttentionReason) -> Option<&'static str> {
    match reason {
        AttentionReason::IncompleteProfile => Some("request_completion"),
        AttentionReason::LowCompliance => Some("immediate_compliance_review"),
        AttentionReason::HighRisk => Some("risk_mitigation"),
        AttentionReason::SyncIssues => Some("retry_sync"),
        AttentionReason::UnacknowledgedAlerts => None,
        AttentionReason::PendingApproval => Some("approve_changes"),
    }
}

/// The flags set by hand and the computed one, sorted, each once.
fn risk_flags(by_hand: &[String], high_risk: bool) -> Vec<String> {
    let mut flags = by_hand.to_vec();
    flags.extend(high_risk.then(|| HIGH_RISK_FLAG.to_owned()));
    flags.sort_unstable();
    flags.dedup();
    flags
}

/// The sum, at most 100.
fn capped(points: impl Iterator<Item = u8>) -> u8 {
    u8::try_from(points.map(u32::from).sum::<u32>().min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests;
