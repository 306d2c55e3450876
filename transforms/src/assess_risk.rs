//! Risk that a customer shows, from what it declared (spec/2 §5).
//!
//! Reads `extendedProfile` (company) or `specificData` alone (institution); writes `riskProfile`: score 0 to 100 (points, capped),
//! level low <= 20 < medium <= 50 < high, the factors in the order of the rules with what they saw and the limit, and codes of what
//! to do. Without that section there is no assessment (`None`). A factor whose inputs are not all numbers does not apply.
//!
//! ```
//! use schemas::profile::{RiskLevel, SectionName::ExtendedProfile};
//! use transforms::trial::Trial;
//!
//! let form = r#"{"patrimonyAndMeans": {"chiffreAffairesAnnuel": 90000, "beneficeNet": -1}}"#;
//! let risk = Trial::default().section(ExtendedProfile, form).run(&["assess_risk"]).risk.expect("there is a form");
//! assert_eq!((risk.score, risk.level), (50, RiskLevel::Medium));
//! assert_eq!(risk.recommendations, ["verify_revenue", "review_profitability", "increased_monitoring"]);
//! ```

use bigdecimal::{BigDecimal, Zero};
use schemas::JsonRef;
use schemas::profile::{Computed, CustomerType, Factor, RiskAssessment, RiskLevel, SectionName};

use crate::catalogue::{Entry, Shape};
use crate::message::Locale;
use crate::message::factor::{self, FactorText};
use crate::parameters::Score;
use crate::{Derive, Subject, field, parameters, report};

pub(crate) use params::RiskParams;
use params::{Above, Below};

mod params;

/// Assesses risk: see the module.
pub(crate) struct AssessRisk(RiskParams);

impl AssessRisk {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "assess_risk",
        summary: "the risk that a customer shows, from what it declared",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(RiskParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: RiskParams) -> Self {
        Self(params)
    }

    fn assessment(&self, factors: Vec<Factor>, mut recommendations: Vec<&'static str>) -> RiskAssessment {
        let points: u32 = factors.iter().map(|factor| factor.points).sum();
        let score = u8::try_from(points.min(100)).unwrap_or(100);
        let level = match score {
            score if score <= self.0.levels.low_max.get() => RiskLevel::Low,
            score if score <= self.0.levels.medium_max.get() => RiskLevel::Medium,
            _ => RiskLevel::High,
        };
        match level {
            RiskLevel::Low => {}
            RiskLevel::Medium => recommendations.push("increased_monitoring"),
            RiskLevel::High => recommendations.push("in_depth_review"),
        }
        RiskAssessment { score, level, factors, recommendations }
    }
}

impl Derive for AssessRisk {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let (section, rules): (_, fn(&RiskParams, JsonRef<'_>, &mut Factors)) = match subject.profile.customer_type() {
            CustomerType::Pme => (SectionName::ExtendedProfile, company),
            CustomerType::FinancialInstitution => (SectionName::SpecificData, institution),
        };
        // An overlay alone makes no section exist, hence nothing to assess (spec/2 §1).
        let data = subject.view.get(section).filter(|_| subject.view.exists(section));
        computed.risk = data.map(|data| {
            let mut found = Factors { locale: self.0.locale, factors: Vec::new(), recommendations: Vec::new() };
            rules(&self.0, data, &mut found);
            self.assessment(found.factors, found.recommendations)
        });
    }
}

fn company(params: &RiskParams, form: JsonRef<'_>, found: &mut Factors) {
    let rules = &params.company;
    let means = ["chiffreAffairesAnnuel", "beneficeNet", "nombreEmployes"];
    let [revenue, profit, employees] = field::pick(form.get("patrimonyAndMeans"), means).map(field::number);
    let [growth, workforce] = field::pick(form.get("performance"), ["croissanceCA", "evolitionEffectifs"]).map(field::number);
    let at = "/extendedProfile/patrimonyAndMeans/chiffreAffairesAnnuel";
    found.below(&factor::LOW_REVENUE, at, revenue, &rules.low_revenue);
    found.below(&factor::NEGATIVE_PROFIT, "/extendedProfile/patrimonyAndMeans/beneficeNet", profit, &rules.negative_profit);
    let team = &rules.small_team;
    let employees = employees.filter(|employees| employees > team.above.get());
    let limit = Below { below: team.below.clone(), points: team.points };
    found.below(&factor::SMALL_TEAM, "/extendedProfile/patrimonyAndMeans/nombreEmployes", employees, &limit);
    found.below(&factor::NEGATIVE_GROWTH, "/extendedProfile/performance/croissanceCA", growth, &rules.negative_growth);
    let at = "/extendedProfile/performance/evolitionEffectifs";
    found.below(&factor::SHRINKING_WORKFORCE, at, workforce, &rules.shrinking_workforce);
}

/// The fields that [`institution`] reads.
const INSTITUTION: [&str; 8] = [
    "ratioSolvabilite",
    "creancesDouteuses",
    "totalCreditsOctroyes",
    "ratioLiquidite",
    "capitalSocial",
    "capitalMinimumReglementaire",
    "rapportsConformite",
    "indicateursRisque",
];

fn institution(params: &RiskParams, data: JsonRef<'_>, found: &mut Factors) {
    let rules = &params.institution;
    let [solvency, doubtful, granted, liquidity, capital, minimum, reports, declared] = field::pick(Some(data), INSTITUTION);
    let at = "/specificData/ratioSolvabilite";
    if let Some(solvency) = field::number(solvency) {
        let thin = if solvency < *rules.solvency_below_minimum.below.get() {
            (&factor::SOLVENCY_BELOW_MINIMUM, &rules.solvency_below_minimum)
        } else {
            (&factor::SOLVENCY_THIN, &rules.solvency_thin)
        };
        found.below(thin.0, at, Some(solvency), thin.1);
    }
    if let (Some(doubtful), Some(granted)) = (field::number(doubtful), field::number(granted)) {
        non_performing_loans(&rules.non_performing_loans, &doubtful, &granted, found);
    }
    let at = "/specificData/ratioLiquidite";
    found.below(&factor::LIQUIDITY_BELOW_MINIMUM, at, field::number(liquidity), &rules.liquidity_below_minimum);
    if let (Some(capital), Some(minimum)) = (field::number(capital), field::number(minimum))
        && capital < minimum
    {
        let (saw, limit) = (capital.to_plain_string(), minimum.to_plain_string());
        let points = rules.capital_below_minimum.points;
        found.add(&factor::CAPITAL_BELOW_MINIMUM, "/specificData/capitalSocial", points, saw, limit);
    }
    if reports.is_some_and(report::any_non_compliant) {
        let (saw, limit) = ("non_conforme".to_owned(), "conforme".to_owned());
        let points = rules.non_compliant_report.points;
        found.add(&factor::NON_COMPLIANT_REPORT, "/specificData/rapportsConformite", points, saw, limit);
    }
    let level = declared.and_then(|declared| declared.get("niveauRisqueGlobal"));
    for (name, points) in [("eleve", rules.self_declared_risk.eleve), ("moyen", rules.self_declared_risk.moyen)] {
        if field::is_text(level, name) {
            let at = "/specificData/indicateursRisque/niveauRisqueGlobal";
            found.add(&factor::SELF_DECLARED_RISK, at, points, name.to_owned(), "faible".to_owned());
        }
    }
}

/// `doubtful / granted > limit`, by cross-multiplication: exact, and turned round under a negative divisor.
fn non_performing_loans(rule: &Above, doubtful: &BigDecimal, granted: &BigDecimal, found: &mut Factors) {
    let allowed = rule.above.get() * granted;
    let above = match granted {
        granted if granted.is_zero() => false,
        granted if *granted > BigDecimal::zero() => *doubtful > allowed,
        _ => *doubtful < allowed,
    };
    if above {
        let saw = format!("{} / {}", doubtful.to_plain_string(), granted.to_plain_string());
        found.add(&factor::NON_PERFORMING_LOANS, "/specificData/creancesDouteuses", rule.points, saw, rule.above.to_string());
    }
}

/// Factors, as they are found.
struct Factors {
    locale: Locale,
    factors: Vec<Factor>,
    recommendations: Vec<&'static str>,
}

impl Factors {
    /// Adds a factor once a number is known and below its limit.
    fn below(&mut self, text: &FactorText, field: &'static str, saw: Option<BigDecimal>, rule: &Below) {
        if let Some(saw) = saw.filter(|saw| saw < rule.below.get()) {
            self.add(text, field, rule.points, saw.to_plain_string(), rule.below.to_string());
        }
    }

    fn add(&mut self, text: &FactorText, field: &'static str, points: Score, saw: String, limit: String) {
        let message = text.message.fill(self.locale, &[("saw", &saw), ("limit", &limit)]);
        self.factors.push(Factor { code: text.code, points: points.get().into(), field, saw, limit, message });
        self.recommendations.push(text.recommendation);
    }
}

#[cfg(test)]
mod tests;
