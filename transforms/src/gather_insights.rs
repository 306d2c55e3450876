//! What stands out in a profile, and what to make of it, as codes (spec/2 §6).
//!
//! Institution: from `specificData` alone. Company: from the totals that `measure_patrimony` summed. Both: from completeness.
//! Writes `insights`: insights, recommendations, opportunities and alert texts; [`crate::message::text`] says each in words.
//!
//! ```
//! use schemas::profile::SectionName::SpecificData;
//! use transforms::trial::Trial;
//!
//! let insights = Trial::default()
//!     .section(SpecificData, r#"{"ratioSolvabilite": 15.01, "servicesEnLigne": ["virement"]}"#)
//!     .run(&["measure_completeness", "gather_insights"])
//!     .insights;
//! assert_eq!(insights.insights, ["well_capitalised", "digital_presence"]);
//! assert_eq!(insights.opportunities, ["service_expansion", "api_integration"]);
//! assert_eq!(insights.recommendations, ["assist_completion"]);
//! ```

use bigdecimal::{BigDecimal, Zero};
use schemars::JsonSchema;
use schemas::profile::{Computed, CustomerType, Insights, SectionName, View};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape};
use crate::parameters::{Parameters, Score, Threshold};
use crate::{Derive, Subject, field, parameters};

/// Parameters of `gather_insights`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InsightParams {
    /// Rules for institutions.
    pub institution: InstitutionInsights,
    /// Rules for companies.
    pub company: CompanyInsights,
    /// Rules over completeness.
    pub completeness: CompletenessInsights,
}

/// Rules for institutions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InstitutionInsights {
    /// `well_capitalised`: the solvency ratio is above this, in percent.
    pub well_capitalised_above: Threshold,
    /// `solvency_concern`: the solvency ratio is below this, in percent.
    pub solvency_concern_below: Threshold,
}

impl Default for InstitutionInsights {
    fn default() -> Self {
        Self { well_capitalised_above: 15.into(), solvency_concern_below: 8.into() }
    }
}

/// Rules for companies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompanyInsights {
    /// `substantial_assets`: assets and stock together are worth more than this amount.
    pub substantial_above: Threshold,
    /// `stock_heavy`: the stock is worth more than this many times the assets.
    pub stock_heavy_above_ratio: Threshold,
}

impl Default for CompanyInsights {
    fn default() -> Self {
        Self { substantial_above: 1_000_000.into(), stock_heavy_above_ratio: Threshold::new(8, 1) }
    }
}

/// Rules over completeness, in percent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompletenessInsights {
    /// `incomplete_profile`: completeness is below this.
    pub incomplete_below: Score,
    /// `well_qualified`: completeness is at least this.
    pub well_qualified_from: Score,
}

impl Default for CompletenessInsights {
    fn default() -> Self {
        Self { incomplete_below: Score::new(70), well_qualified_from: Score::new(90) }
    }
}

impl Parameters for InsightParams {}

/// Gathers insights: see the module.
pub(crate) struct GatherInsights(InsightParams);

impl GatherInsights {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "gather_insights",
        summary: "what stands out in a profile, and what to make of it",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(InsightParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: InsightParams) -> Self {
        Self(params)
    }
}

impl Derive for GatherInsights {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let mut insights = Insights::default();
        match subject.profile.customer_type() {
            CustomerType::FinancialInstitution => institution(&self.0.institution, subject.view, &mut insights),
            CustomerType::Pme => company(&self.0.company, computed, &mut insights),
        }
        let completeness = computed.completeness.percentage;
        if completeness < self.0.completeness.incomplete_below.get() {
            insights.alerts.push("incomplete_profile");
            insights.recommendations.push("assist_completion");
        }
        if completeness >= self.0.completeness.well_qualified_from.get() {
            insights.insights.push("well_qualified");
            insights.opportunities.push("fast_track");
        }
        computed.insights = insights;
    }
}

fn institution(rules: &InstitutionInsights, view: &View, insights: &mut Insights) {
    let [solvency, online] = field::pick_present(view.get(SectionName::SpecificData), ["ratioSolvabilite", "servicesEnLigne"]);
    if let Some(solvency) = field::number(solvency) {
        if solvency > *rules.well_capitalised_above.get() {
            insights.insights.push("well_capitalised");
            insights.opportunities.push("service_expansion");
        }
        if solvency < *rules.solvency_concern_below.get() {
            insights.insights.push("solvency_concern");
            insights.recommendations.push("raise_capital");
            insights.alerts.push("reinforced_monitoring");
        }
    }
    if online.is_some() {
        insights.insights.push("digital_presence");
        insights.opportunities.push("api_integration");
    }
}

fn company(rules: &CompanyInsights, computed: &Computed, insights: &mut Insights) {
    let zero = BigDecimal::zero();
    let assets = computed.financial_metrics.as_ref().map_or(&zero, |metrics| &metrics.total_assets_value.0);
    let stock = computed.inventory_metrics.as_ref().map_or(&zero, |metrics| &metrics.total_stock_value.0);
    if assets + stock > *rules.substantial_above.get() {
        insights.insights.push("substantial_assets");
        insights.opportunities.push("premium_services");
    }
    if *stock > zero && *stock > rules.stock_heavy_above_ratio.get() * assets {
        insights.insights.push("stock_heavy");
        insights.recommendations.push("optimise_stock");
    }
}

#[cfg(test)]
mod tests;
