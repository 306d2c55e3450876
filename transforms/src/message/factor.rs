//! What factors of risk say, and which recommendation each brings (spec/2 §5).

use super::Text;

/// A factor's code, text and recommendation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FactorText {
    /// The stable code.
    pub(crate) code: &'static str,
    /// What it means; takes `{saw}` and `{limit}`.
    pub(crate) message: Text,
    /// The code of what to do.
    pub(crate) recommendation: &'static str,
}

pub(crate) const LOW_REVENUE: FactorText = FactorText {
    code: "low_revenue",
    message: Text {
        fr: "Le chiffre d'affaires annuel, {saw}, est inférieur à {limit}",
        en: "The annual revenue, {saw}, is under {limit}",
    },
    recommendation: "verify_revenue",
};
pub(crate) const NEGATIVE_PROFIT: FactorText = FactorText {
    code: "negative_profit",
    message: Text { fr: "Le bénéfice net, {saw}, est inférieur à {limit}", en: "The net profit, {saw}, is under {limit}" },
    recommendation: "review_profitability",
};
pub(crate) const SMALL_TEAM: FactorText = FactorText {
    code: "small_team",
    message: Text {
        fr: "L'entreprise compte {saw} employé(s), moins de {limit}",
        en: "The company has {saw} employee(s), fewer than {limit}",
    },
    recommendation: "assess_key_person_dependency",
};
pub(crate) const NEGATIVE_GROWTH: FactorText = FactorText {
    code: "negative_growth",
    message: Text {
        fr: "La croissance du chiffre d'affaires, {saw} %, est inférieure à {limit} %",
        en: "The growth of revenue, {saw} %, is under {limit} %",
    },
    recommendation: "review_business_plan",
};
pub(crate) const SHRINKING_WORKFORCE: FactorText = FactorText {
    code: "shrinking_workforce",
    message: Text {
        fr: "L'évolution des effectifs, {saw} %, est inférieure à {limit} %",
        en: "The change of the workforce, {saw} %, is under {limit} %",
    },
    recommendation: "review_workforce_plan",
};
pub(crate) const SOLVENCY_BELOW_MINIMUM: FactorText = FactorText {
    code: "solvency_below_minimum",
    message: Text {
        fr: "Le ratio de solvabilité, {saw} %, est inférieur au minimum de {limit} %",
        en: "The solvency ratio, {saw} %, is under the minimum of {limit} %",
    },
    recommendation: "restore_solvency",
};
pub(crate) const SOLVENCY_THIN: FactorText = FactorText {
    code: "solvency_thin",
    message: Text {
        fr: "Le ratio de solvabilité, {saw} %, est inférieur à {limit} % : la marge est mince",
        en: "The solvency ratio, {saw} %, is under {limit} %: the margin is thin",
    },
    recommendation: "strengthen_solvency",
};
pub(crate) const NON_PERFORMING_LOANS: FactorText = FactorText {
    code: "non_performing_loans",
    message: Text {
        fr: "Les créances douteuses sur les crédits octroyés, {saw}, dépassent la part de {limit}",
        en: "The doubtful claims over the credits granted, {saw}, are more than a share of {limit}",
    },
    recommendation: "reduce_doubtful_claims",
};
pub(crate) const LIQUIDITY_BELOW_MINIMUM: FactorText = FactorText {
    code: "liquidity_below_minimum",
    message: Text {
        fr: "Le ratio de liquidité, {saw} %, est inférieur à {limit} %",
        en: "The liquidity ratio, {saw} %, is under {limit} %",
    },
    recommendation: "restore_liquidity",
};
pub(crate) const CAPITAL_BELOW_MINIMUM: FactorText = FactorText {
    code: "capital_below_minimum",
    message: Text {
        fr: "Le capital social, {saw}, est inférieur au minimum réglementaire, {limit}",
        en: "The share capital, {saw}, is under the regulatory minimum, {limit}",
    },
    recommendation: "raise_share_capital",
};
pub(crate) const NON_COMPLIANT_REPORT: FactorText = FactorText {
    code: "non_compliant_report",
    message: Text {
        fr: "Un rapport de conformité a le statut {saw} au lieu de {limit}",
        en: "A compliance report has the status {saw} instead of {limit}",
    },
    recommendation: "follow_up_compliance_report",
};
pub(crate) const SELF_DECLARED_RISK: FactorText = FactorText {
    code: "self_declared_risk",
    message: Text {
        fr: "L'institution déclare un risque global {saw}, au-dessus de {limit}",
        en: "The institution declares a global risk of {saw}, above {limit}",
    },
    recommendation: "review_declared_risk",
};

/// Every factor, in the order of spec/2 §5.
#[cfg(test)]
pub(crate) const ALL: &[FactorText] = &[
    LOW_REVENUE,
    NEGATIVE_PROFIT,
    SMALL_TEAM,
    NEGATIVE_GROWTH,
    SHRINKING_WORKFORCE,
    SOLVENCY_BELOW_MINIMUM,
    SOLVENCY_THIN,
    NON_PERFORMING_LOANS,
    LIQUIDITY_BELOW_MINIMUM,
    CAPITAL_BELOW_MINIMUM,
    NON_COMPLIANT_REPORT,
    SELF_DECLARED_RISK,
];
