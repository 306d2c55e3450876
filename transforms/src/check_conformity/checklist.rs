//! The checklist of the source document, behind `strict: true` (spec/2 §4).

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use schemas::JsonRef;
use schemas::profile::IssueCategory::{ComplianceIssue, IncompleteSection, InvalidData, MissingData};
use schemas::profile::Severity::{Critical, High, Low, Medium};
use schemas::profile::{Amount, SectionName};
use serde::{Deserialize, Serialize};

use super::Findings;
use crate::message::issue;
use crate::parameters::{Percent, Score, Threshold};
use crate::{Subject, date, field, report};

/// Limits of the checklist.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Checklist {
    /// Institution: the greatest age of the solvency ratio, in months.
    pub solvency_max_age_months: u32,
    /// Institution: the greatest age of the external audit, in months.
    pub audit_max_age_months: u32,
    /// Institution: the greatest sum of the shareholders' parts, in percent; a little over 100 for rounding.
    pub shareholding_max_percent: Threshold,
    /// Company: the greatest age of an asset's valuation, in months.
    pub valuation_max_age_months: u32,
    /// Company: how far the stock summary may be from its lines, in percent of what the lines sum to.
    pub summary_tolerance_percent: Percent,
}

impl Default for Checklist {
    fn default() -> Self {
        Self {
            solvency_max_age_months: 12,
            audit_max_age_months: 18,
            shareholding_max_percent: Threshold::new(1005, 1),
            valuation_max_age_months: 24,
            summary_tolerance_percent: Percent::new(Score::new(1)),
        }
    }
}

/// The fields that the checklist reads, in the order of [`institution`]'s pattern.
const FIELDS: [&str; 13] = [
    "ratioSolvabilite",
    "historiquePerformances",
    "auditExterne",
    "certificationsISO",
    "certificationsObtenues",
    "conseilAdministration",
    "directionGenerale",
    "siteWeb",
    "servicesEnLigne",
    "rapportsConformite",
    "structureActionnariat",
    "capitalSocial",
    "capitalMinimumReglementaire",
];

/// The institution's rows.
pub(super) fn institution(limits: &Checklist, subject: &Subject<'_>, findings: &mut Findings) {
    let [solvency, history, audit, iso, certified, board, management, site, online, reports, shares, capital, minimum] =
        field::institution(subject.view, FIELDS);
    if field::number(solvency).is_some() {
        solvency_age(limits, subject, history, findings);
    }
    audit_age(limits, subject.as_of, audit, findings);
    if iso.or(certified).is_none() {
        findings.add(&issue::NO_CERTIFICATION, MissingData, Low, "/specificData/certificationsISO");
    }
    if board.and(management).is_none() {
        let missing = if board.is_none() { "/specificData/conseilAdministration" } else { "/specificData/directionGenerale" };
        findings.add(&issue::GOVERNANCE_INCOMPLETE, IncompleteSection, Medium, missing);
    }
    if site.or(online).is_none() {
        findings.add(&issue::NO_DIGITAL_PRESENCE, MissingData, Low, "/specificData/siteWeb");
    }
    if reports.is_some_and(report::any_non_compliant) {
        findings.add(&issue::NON_COMPLIANT_REPORT, ComplianceIssue, High, "/specificData/rapportsConformite");
    }
    if let Some(shares) = shares {
        shareholding(limits, shares, findings);
    }
    if let (Some(capital), Some(minimum)) = (field::number(capital), field::number(minimum))
        && capital < minimum
    {
        let (capital, minimum) = (Amount(capital).to_string(), Amount(minimum).to_string());
        let values = [("capital", &*capital), ("minimum", &*minimum)];
        findings.add_with(&issue::CAPITAL_BELOW_MINIMUM, ComplianceIssue, Critical, "/specificData/capitalSocial", &values);
    }
}

/// The ratio is as old as the end of the newest year of `historiquePerformances`; without one, as the event that wrote its section.
fn solvency_age(limits: &Checklist, subject: &Subject<'_>, history: Option<JsonRef<'_>>, findings: &mut Findings) {
    let years = history.into_iter().flat_map(JsonRef::elements).filter_map(|year| whole_year(year.get("annee")?));
    let end_of_year = years.max().and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31));
    let Some(day) = end_of_year.or_else(|| solvency_event_day(subject)) else { return };
    if date::is_older(day, limits.solvency_max_age_months, subject.as_of) {
        let values = [("date", &*day.to_string()), ("months", &*limits.solvency_max_age_months.to_string())];
        findings.add_with(&issue::SOLVENCY_OUTDATED, ComplianceIssue, Medium, "/specificData/ratioSolvabilite", &values);
    }
}

/// The year that a number writes, in whatever notation: 2024.0 and 2.024e3 are whole numbers to the schema, too.
fn whole_year(number: JsonRef<'_>) -> Option<i32> {
    let number = number.as_decimal()?;
    // Bounded before it is written out: an exponent may stand for hundreds of digits.
    let is_year = number.is_integer() && number.abs() <= i32::MAX;
    if is_year { number.with_scale(0).to_plain_string().parse().ok() } else { None }
}

/// The day of the event that wrote the section which the ratio was taken from.
fn solvency_event_day(subject: &Subject<'_>) -> Option<NaiveDate> {
    let own = subject.view.get(SectionName::SpecificData).and_then(|section| section.present("ratioSolvabilite"));
    let section = if own.is_some() { SectionName::SpecificData } else { SectionName::InstitutionProfile };
    subject.profile.sections.get(section).map(|section| section.stamp.at.date_naive())
}

fn audit_age(limits: &Checklist, as_of: DateTime<Utc>, audit: Option<JsonRef<'_>>, findings: &mut Findings) {
    let Some(audit) = audit else {
        findings.add(&issue::AUDIT_MISSING, ComplianceIssue, Medium, "/specificData/auditExterne");
        return;
    };
    let Some(day) = audit.get("derniereDate").and_then(date::day) else { return };
    if date::is_older(day, limits.audit_max_age_months, as_of) {
        let values = [("date", &*day.to_string()), ("months", &*limits.audit_max_age_months.to_string())];
        findings.add_with(&issue::AUDIT_OUTDATED, ComplianceIssue, Medium, "/specificData/auditExterne/derniereDate", &values);
    }
}

fn shareholding(limits: &Checklist, shares: JsonRef<'_>, findings: &mut Findings) {
    let sum: BigDecimal = shares.elements().filter_map(|share| field::number(share.get("pourcentage"))).sum();
    if sum > *limits.shareholding_max_percent.get() {
        let (sum, limit) = (Amount(sum).to_string(), limits.shareholding_max_percent.to_string());
        let values = [("sum", &*sum), ("limit", &*limit)];
        findings.add_with(&issue::SHAREHOLDING_OVER_TOTAL, InvalidData, Medium, "/specificData/structureActionnariat", &values);
    }
}

/// The company's rows.
pub(super) fn company(limits: &Checklist, subject: &Subject<'_>, findings: &mut Findings) {
    let view = subject.view;
    let assets = view.get(SectionName::Assets).into_iter().flat_map(JsonRef::elements);
    let is_old = |day| date::is_older(day, limits.valuation_max_age_months, subject.as_of);
    let outdated = assets.filter(|line| line.get("dateEvaluation").and_then(date::day).is_some_and(is_old)).count();
    if outdated > 0 {
        let values = [("count", &*outdated.to_string()), ("months", &*limits.valuation_max_age_months.to_string())];
        findings.add_with(&issue::VALUATION_OUTDATED, InvalidData, Low, "/patrimoine/assets", &values);
    }
    stock_summary(limits, subject, findings);
    let form = view.get(SectionName::ExtendedProfile).and_then(|form| form.present("performance"));
    if view.get(SectionName::PerformanceMetrics).filter(|metrics| metrics.is_present()).or(form).is_none() {
        findings.add(&issue::NO_PERFORMANCE, MissingData, Low, "/performanceMetrics");
    }
}

/// Compares the producer's total with the sum of its lines; a line that lacks its value counts as 0.
fn stock_summary(limits: &Checklist, subject: &Subject<'_>, findings: &mut Findings) {
    let stated = subject.view.summary(SectionName::Stocks).and_then(|summary| summary.get("totalStockValue"));
    let (Some(stated), Some(lines)) = (field::number(stated), subject.view.get(SectionName::Stocks)) else { return };
    let sum: BigDecimal = lines.elements().filter_map(|line| field::number(line.get("valeurTotaleStock"))).sum();
    if (&stated - &sum).abs() * BigDecimal::from(100) > limits.summary_tolerance_percent.get() * sum.abs() {
        let (stated, sum) = (Amount(stated).to_string(), Amount(sum).to_string());
        let values = [("summary", &*stated), ("lines", &*sum)];
        findings.add_with(&issue::STOCK_SUMMARY_MISMATCH, InvalidData, Low, "/patrimoine/stocksSummary/totalStockValue", &values);
    }
}
