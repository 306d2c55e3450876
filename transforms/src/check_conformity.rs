//! Whether a profile conforms, and what is wrong with it (spec/2 §4).
//!
//! Score 100 minus points per issue, not under 0; conform from 70 without a critical issue. Issues stand in the order of the rules,
//! each with a JSON Pointer into the profile as the API serves it. `strict: true` adds the checklist of the source document.
//! Writes `conformity`.
//!
//! ```
//! use schemas::profile::SectionName::CompanyProfile;
//! use transforms::trial::Trial;
//!
//! let conformity = Trial::default()
//!     .section(CompanyProfile, r#"{"legalForm": "SARL", "industry": "commerce", "rccm": "CD/KIN/1"}"#)
//!     .run(&["check_conformity"])
//!     .conformity;
//! let found: Vec<_> = conformity.issues.iter().map(|issue| (issue.code, issue.field.as_str())).collect();
//! assert_eq!(found, [
//!     ("missing_field", "/companyProfile/activities"),
//!     ("form_incomplete", "/extendedProfile"),
//!     ("no_assets_or_stocks", "/patrimoine"),
//! ]);
//! assert_eq!((conformity.score, conformity.is_conform), (75, true));
//! ```

use schemars::JsonSchema;
use schemas::JsonRef;
use schemas::profile::{Computed, Conformity, CustomerType, Issue, IssueCategory, SectionName, Severity};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape};
use crate::message::Locale;
use crate::message::issue::{self, IssueText};
use crate::parameters::{Parameters, Score};
use crate::{Derive, Subject, field, form, parameters};

use checklist::Checklist;

mod checklist;

/// Parameters of `check_conformity`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConformityParams {
    /// The language of messages and recommendations.
    pub locale: Locale,
    /// Points that an issue takes from 100, by its severity.
    pub points: Points,
    /// Conform from this score on, where no issue is critical.
    pub conform_from: Score,
    /// Whether the checklist of the source document counts too.
    pub strict: bool,
    /// Limits of the checklist; they matter where `strict` is true.
    pub checklist: Checklist,
}

/// Points by severity.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Points {
    /// Of a critical issue.
    pub critical: Score,
    /// Of a high one.
    pub high: Score,
    /// Of a medium one.
    pub medium: Score,
    /// Of a low one.
    pub low: Score,
}

impl Default for Points {
    fn default() -> Self {
        Self { critical: Score::new(25), high: Score::new(15), medium: Score::new(10), low: Score::new(5) }
    }
}

impl Points {
    fn of(self, severity: Severity) -> u32 {
        let points = match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
        };
        u32::from(points.get())
    }
}

impl Default for ConformityParams {
    fn default() -> Self {
        Self {
            locale: Locale::default(),
            points: Points::default(),
            conform_from: Score::new(70),
            strict: false,
            checklist: Checklist::default(),
        }
    }
}

impl Parameters for ConformityParams {}

/// Checks conformity: see the module.
pub(crate) struct CheckConformity(ConformityParams);

/// The institution's fields that must be present.
const INSTITUTION: [&str; 5] =
    ["denominationSociale", "numeroAgrement", "autoriteSupervision", "typeInstitution", "capitalSocial"];

/// The company's fields that must be present.
const COMPANY: [&str; 4] = ["legalForm", "industry", "rccm", "activities"];

impl CheckConformity {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "check_conformity",
        summary: "whether a profile conforms, and what is wrong with it",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(ConformityParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: ConformityParams) -> Self {
        Self(params)
    }

    fn issues(&self, subject: &Subject<'_>) -> Vec<Issue> {
        let mut findings = Findings { locale: self.0.locale, issues: Vec::new() };
        if subject.profile.sections.is_empty() {
            findings.add(&issue::MISSING_PROFILE, IssueCategory::MissingData, Severity::Critical, "");
            return findings.issues;
        }
        match subject.profile.customer_type() {
            CustomerType::FinancialInstitution => {
                institution(subject, &mut findings);
                if self.0.strict {
                    checklist::institution(&self.0.checklist, subject, &mut findings);
                }
            }
            CustomerType::Pme => {
                company(subject, &mut findings);
                if self.0.strict {
                    checklist::company(&self.0.checklist, subject, &mut findings);
                }
            }
        }
        findings.issues
    }
}

impl Derive for CheckConformity {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let issues = self.issues(subject);
        let lost: u32 = issues.iter().map(|issue| self.0.points.of(issue.severity)).sum();
        let score = u8::try_from(100_u32.saturating_sub(lost)).unwrap_or(100);
        let critical = issues.iter().any(|issue| issue.severity == Severity::Critical);
        computed.conformity = Conformity { score, is_conform: score >= self.0.conform_from.get() && !critical, issues };
    }
}

fn institution(subject: &Subject<'_>, findings: &mut Findings) {
    let view = subject.view;
    if view.exists(SectionName::InstitutionProfile) || view.exists(SectionName::SpecificData) {
        let found = field::institution(view, INSTITUTION);
        findings.missing_fields("/specificData/", Severity::High, &INSTITUTION, &found);
    } else {
        let text = &issue::MISSING_INSTITUTION_DATA;
        findings.add(text, IssueCategory::MissingData, Severity::Critical, "/specificData");
    }
    let regulatory = view.get(SectionName::RegulatoryProfile);
    if regulatory.and_then(|regulatory| regulatory.present("complianceStatus")).is_none() {
        let text = &issue::MISSING_COMPLIANCE_STATUS;
        findings.add(text, IssueCategory::ComplianceIssue, Severity::High, "/regulatoryProfile/complianceStatus");
    }
}

fn company(subject: &Subject<'_>, findings: &mut Findings) {
    let view = subject.view;
    if view.exists(SectionName::CompanyProfile) {
        let found = field::pick_present(view.get(SectionName::CompanyProfile), COMPANY);
        findings.missing_fields("/companyProfile/", Severity::Medium, &COMPANY, &found);
    } else {
        let text = &issue::MISSING_COMPANY_PROFILE;
        findings.add(text, IssueCategory::MissingData, Severity::Critical, "/companyProfile");
    }
    if !form::is_complete(view) {
        let form = view.get(SectionName::ExtendedProfile).filter(|_| view.exists(SectionName::ExtendedProfile));
        let absent = form.is_none_or(|form| !form.is_present());
        let field = if absent { "/extendedProfile" } else { "/extendedProfile/isComplete" };
        findings.add(&issue::FORM_INCOMPLETE, IssueCategory::IncompleteSection, Severity::Medium, field);
    }
    let lines = |name| view.get(name).is_some_and(JsonRef::is_present);
    if !lines(SectionName::Assets) && !lines(SectionName::Stocks) {
        findings.add(&issue::NO_ASSETS_OR_STOCKS, IssueCategory::MissingData, Severity::Low, "/patrimoine");
    }
}

/// Issues, as they are found.
struct Findings {
    locale: Locale,
    issues: Vec<Issue>,
}

impl Findings {
    /// Adds an issue whose texts take no values.
    fn add(&mut self, text: &IssueText, category: IssueCategory, severity: Severity, field: &str) {
        self.add_with(text, category, severity, field, &[]);
    }

    /// Adds an issue.
    fn add_with(&mut self, text: &IssueText, category: IssueCategory, severity: Severity, field: &str, values: &[(&str, &str)]) {
        self.issues.push(Issue {
            category,
            severity,
            code: text.code,
            field: field.to_owned(),
            message: text.message.fill(self.locale, values),
            recommendation: text.recommendation.fill(self.locale, values),
        });
    }

    /// Adds an issue for each field that is not found.
    fn missing_fields(&mut self, section: &str, severity: Severity, names: &[&str], found: &[Option<JsonRef<'_>>]) {
        for (name, _) in names.iter().zip(found).filter(|(_, value)| value.is_none()) {
            let field = format!("{section}{name}");
            self.add_with(&issue::MISSING_FIELD, IssueCategory::MissingData, severity, &field, &[("field", name)]);
        }
    }
}

#[cfg(test)]
mod tests;
