//! What can be asked for, by code, and when a request is answered (spec/3 §3, §4).

use chrono::{DateTime, Utc};
use schemas::profile::{CustomerType, SectionName};
use schemas::sync::Requested;

use super::Answers;

/// All there is to ask for of an institution (spec/3 §3).
const OF_INSTITUTIONS: [&str; 8] = [
    "basic_info",
    "institution_specific_data",
    "regulatory_data",
    "compliance_info",
    "performance_metrics",
    "digital_presence",
    "governance_structure",
    "financial_metrics",
];

/// All there is to ask for of a company (spec/3 §3).
const OF_COMPANIES: [&str; 8] = [
    "basic_info",
    "company_profile",
    "extended_identification",
    "assets_data",
    "stocks_data",
    "financial_data",
    "performance_data",
    "compliance_info",
];

/// Every code that some data satisfies, in no order that matters.
#[must_use]
pub fn known_codes() -> Vec<&'static str> {
    let mut known: Vec<_> = OF_INSTITUTIONS.into_iter().chain(OF_COMPANIES).collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// What a request asks for, by code: in the order of spec/3 §3, then what was named beside that.
pub(super) fn codes(requested: &Requested, customer: CustomerType) -> Vec<String> {
    let all: &[&str] = match customer {
        _ if !requested.all => &[],
        CustomerType::FinancialInstitution => &OF_INSTITUTIONS,
        CustomerType::Pme => &OF_COMPANIES,
    };
    let beside = requested.named.iter().filter(|code| !all.contains(&code.as_str()));
    all.iter().map(|code| (*code).to_owned()).chain(beside.cloned()).collect()
}

/// The sections of which any satisfies a code (spec/3 §3); none for a code that is unknown: a complete profile alone answers it.
pub(super) fn satisfied_by(code: &str) -> &'static [SectionName] {
    use SectionName::{
        Assets, Basic, CompanyProfile, ExtendedProfile, PerformanceMetrics, RegulatoryProfile, SpecificData, Stocks,
    };
    match code {
        "basic_info" => &[Basic],
        "institution_specific_data" | "digital_presence" | "governance_structure" | "financial_metrics" => &[SpecificData],
        "regulatory_data" => &[RegulatoryProfile],
        "compliance_info" => &[RegulatoryProfile, SpecificData],
        "performance_metrics" | "performance_data" => &[PerformanceMetrics, ExtendedProfile],
        "company_profile" => &[CompanyProfile],
        "extended_identification" | "financial_data" => &[ExtendedProfile],
        "assets_data" => &[Assets],
        "stocks_data" => &[Stocks],
        _ => &[],
    }
}

/// Whether what is known answers a request: by a complete profile, or by all that was requested, of that time or later.
pub(super) fn is_answered(requested: &Requested, since: DateTime<Utc>, customer: &dyn Answers) -> bool {
    let is_new = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at >= since);
    is_new(customer.complete()) || codes(requested, customer.customer_type()).iter().all(|code| is_new(customer.newest(code)))
}
