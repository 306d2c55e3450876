//! Parameters of `assess_risk`, with the defaults of spec/2 §5.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::InvalidParameters;
use crate::message::Locale;
use crate::parameters::{Parameters, Score, Threshold, all_optional, contradiction};

/// Parameters of `assess_risk`. Amounts are in the profile's currency, ratios in percent unless they say otherwise.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RiskParams {
    /// The language of the factors' messages.
    pub locale: Locale,
    /// Rules for companies.
    pub company: CompanyRisk,
    /// Rules for institutions.
    pub institution: InstitutionRisk,
    /// Where the levels end.
    pub levels: Levels,
}

impl Parameters for RiskParams {
    fn check(&self) -> Result<(), InvalidParameters> {
        if self.levels.low_max > self.levels.medium_max {
            return Err(contradiction(&["levels", "low_max"], "`low_max` must not be over `medium_max`"));
        }
        Ok(())
    }
}

/// Rules for companies, over the identification form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompanyRisk {
    /// Annual revenue (chiffreAffairesAnnuel); zero counts.
    pub low_revenue: Below,
    /// Net profit (beneficeNet).
    pub negative_profit: Below,
    /// Number of employees (nombreEmployes).
    pub small_team: Between,
    /// Growth of revenue in percent (croissanceCA).
    pub negative_growth: Below,
    /// Change of the workforce in percent (evolitionEffectifs).
    pub shrinking_workforce: Below,
}

impl Default for CompanyRisk {
    fn default() -> Self {
        Self {
            low_revenue: Below::new(100_000, 20),
            negative_profit: Below::new(0, 30),
            small_team: Between { above: 0.into(), below: 3.into(), points: Score::new(10) },
            negative_growth: Below::new(0, 25),
            shrinking_workforce: Below::new(-10, 15),
        }
    }
}

/// Rules for institutions, over `specificData` alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InstitutionRisk {
    /// Solvency ratio in percent (ratioSolvabilite).
    pub solvency_below_minimum: Below,
    /// Solvency ratio in percent, where it is not below the minimum.
    pub solvency_thin: Below,
    /// Doubtful claims over credits granted, as a ratio (creancesDouteuses / totalCreditsOctroyes).
    pub non_performing_loans: Above,
    /// Liquidity ratio in percent (ratioLiquidite).
    pub liquidity_below_minimum: Below,
    /// Share capital under its regulatory minimum (capitalSocial, capitalMinimumReglementaire).
    pub capital_below_minimum: Flat,
    /// A compliance report that is non_conforme.
    pub non_compliant_report: Flat,
    /// The global risk that the institution declares (indicateursRisque.niveauRisqueGlobal).
    pub self_declared_risk: Declared,
}

impl Default for InstitutionRisk {
    fn default() -> Self {
        Self {
            solvency_below_minimum: Below::new(8, 40),
            solvency_thin: Below::new(10, 20),
            non_performing_loans: Above { above: Threshold::new(10, 2), points: Score::new(20) },
            liquidity_below_minimum: Below::new(100, 15),
            capital_below_minimum: Flat { points: Score::new(30) },
            non_compliant_report: Flat { points: Score::new(15) },
            self_declared_risk: Declared { eleve: Score::new(20), moyen: Score::new(10) },
        }
    }
}

/// Where the levels of risk end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Levels {
    /// The greatest score of level low.
    pub low_max: Score,
    /// The greatest score of level medium; more is high.
    pub medium_max: Score,
}

impl Default for Levels {
    fn default() -> Self {
        Self { low_max: Score::new(20), medium_max: Score::new(50) }
    }
}

/// Points for a value below a limit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct Below {
    /// The limit; a value equal to it does not count.
    pub below: Threshold,
    /// Points, 0 to 100.
    pub points: Score,
}

impl Below {
    fn new(below: i64, points: u8) -> Self {
        Self { below: below.into(), points: Score::new(points) }
    }
}

/// Points for a value above a limit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct Above {
    /// The limit; a value equal to it does not count.
    pub above: Threshold,
    /// Points, 0 to 100.
    pub points: Score,
}

/// Points for a value between two limits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct Between {
    /// The lower limit; a value equal to it does not count.
    pub above: Threshold,
    /// The upper limit; a value equal to it does not count.
    pub below: Threshold,
    /// Points, 0 to 100.
    pub points: Score,
}

/// Points for a fact.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct Flat {
    /// Points, 0 to 100.
    pub points: Score,
}

/// Points by the declared level.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = all_optional)]
pub(crate) struct Declared {
    /// Points for `eleve`, 0 to 100.
    pub eleve: Score,
    /// Points for `moyen`, 0 to 100.
    pub moyen: Score,
}
