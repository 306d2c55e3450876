//! What issues of the conformity check say, and what they recommend (spec/2 §4).

use super::Text;

/// An issue's code and texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IssueText {
    /// The stable code.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) message: Text,
    /// What to do.
    pub(crate) recommendation: Text,
}

pub(crate) const MISSING_PROFILE: IssueText = IssueText {
    code: "missing_profile",
    message: Text { fr: "Aucune donnée de profil n'a été reçue", en: "No profile data was received" },
    recommendation: Text { fr: "Demander le profil complet du client.", en: "Ask for the customer's complete profile." },
};
pub(crate) const MISSING_INSTITUTION_DATA: IssueText = IssueText {
    code: "missing_institution_data",
    message: Text {
        fr: "Les données de l'institution manquent : ni données spécifiques, ni profil partagé",
        en: "The institution's data are missing: neither specific data nor a shared profile",
    },
    recommendation: Text {
        fr: "Demander les données spécifiques de l'institution financière.",
        en: "Ask for the financial institution's specific data.",
    },
};
pub(crate) const MISSING_FIELD: IssueText = IssueText {
    code: "missing_field",
    message: Text { fr: "Le champ {field} n'est pas renseigné", en: "The field {field} is not filled in" },
    recommendation: Text { fr: "Renseigner {field}.", en: "Fill in {field}." },
};
pub(crate) const MISSING_COMPLIANCE_STATUS: IssueText = IssueText {
    code: "missing_compliance_status",
    message: Text {
        fr: "Le statut de conformité réglementaire n'est pas connu",
        en: "The regulatory compliance status is not known",
    },
    recommendation: Text {
        fr: "Obtenir le statut de conformité auprès de l'institution.",
        en: "Obtain the compliance status from the institution.",
    },
};
pub(crate) const MISSING_COMPANY_PROFILE: IssueText = IssueText {
    code: "missing_company_profile",
    message: Text { fr: "Le profil de l'entreprise manque", en: "The company profile is missing" },
    recommendation: Text { fr: "Demander le profil de l'entreprise.", en: "Ask for the company profile." },
};
pub(crate) const FORM_INCOMPLETE: IssueText = IssueText {
    code: "form_incomplete",
    message: Text {
        fr: "Le formulaire d'identification est absent ou incomplet",
        en: "The identification form is absent or incomplete",
    },
    recommendation: Text {
        fr: "Faire compléter le formulaire d'identification.", en: "Have the identification form completed."
    },
};
pub(crate) const NO_ASSETS_OR_STOCKS: IssueText = IssueText {
    code: "no_assets_or_stocks",
    message: Text { fr: "Aucun actif ni stock n'est déclaré", en: "Neither assets nor stocks are declared" },
    recommendation: Text {
        fr: "Demander l'inventaire des actifs et des stocks.",
        en: "Ask for the inventory of assets and stocks.",
    },
};
pub(crate) const SOLVENCY_OUTDATED: IssueText = IssueText {
    code: "solvency_ratio_outdated",
    message: Text {
        fr: "Le ratio de solvabilité date du {date} : plus de {months} mois",
        en: "The solvency ratio is of {date}: over {months} months old",
    },
    recommendation: Text { fr: "Demander un ratio de solvabilité à jour.", en: "Ask for an up-to-date solvency ratio." },
};
pub(crate) const AUDIT_MISSING: IssueText = IssueText {
    code: "external_audit_missing",
    message: Text { fr: "Aucun audit externe n'est documenté", en: "No external audit is documented" },
    recommendation: Text { fr: "Demander le dernier rapport d'audit externe.", en: "Ask for the latest external audit report." },
};
pub(crate) const AUDIT_OUTDATED: IssueText = IssueText {
    code: "external_audit_outdated",
    message: Text {
        fr: "Le dernier audit externe date du {date} : plus de {months} mois",
        en: "The last external audit is of {date}: over {months} months old",
    },
    recommendation: Text { fr: "Planifier un nouvel audit externe.", en: "Plan a new external audit." },
};
pub(crate) const NO_CERTIFICATION: IssueText = IssueText {
    code: "no_certification",
    message: Text { fr: "Aucune certification n'est documentée", en: "No certification is documented" },
    recommendation: Text { fr: "Documenter les certifications obtenues.", en: "Document the certifications obtained." },
};
pub(crate) const GOVERNANCE_INCOMPLETE: IssueText = IssueText {
    code: "governance_incomplete",
    message: Text {
        fr: "La gouvernance est incomplète : conseil d'administration ou direction générale manquent",
        en: "Governance is incomplete: the board of directors or the general management is missing",
    },
    recommendation: Text {
        fr: "Renseigner le conseil d'administration et la direction générale.",
        en: "Fill in the board of directors and the general management.",
    },
};
pub(crate) const NO_DIGITAL_PRESENCE: IssueText = IssueText {
    code: "no_digital_presence",
    message: Text { fr: "Aucune présence digitale n'est renseignée", en: "No digital presence is filled in" },
    recommendation: Text {
        fr: "Renseigner le site web ou les services en ligne.",
        en: "Fill in the web site or the online services.",
    },
};
pub(crate) const NON_COMPLIANT_REPORT: IssueText = IssueText {
    code: "non_compliant_report",
    message: Text { fr: "Un rapport de conformité est non conforme", en: "A compliance report is non-compliant" },
    recommendation: Text {
        fr: "Suivre la mise en conformité que le rapport demande.",
        en: "Follow up what the report asks to be put right.",
    },
};
pub(crate) const SHAREHOLDING_OVER_TOTAL: IssueText = IssueText {
    code: "shareholding_over_total",
    message: Text {
        fr: "Les parts de l'actionnariat totalisent {sum} %, plus de {limit} %",
        en: "The shareholders' parts sum to {sum} %, over {limit} %",
    },
    recommendation: Text { fr: "Corriger la structure de l'actionnariat.", en: "Correct the shareholding structure." },
};
pub(crate) const CAPITAL_BELOW_MINIMUM: IssueText = IssueText {
    code: "capital_below_minimum",
    message: Text {
        fr: "Le capital social, {capital}, est inférieur au minimum réglementaire, {minimum}",
        en: "The share capital, {capital}, is under the regulatory minimum, {minimum}",
    },
    recommendation: Text { fr: "Exiger un plan d'augmentation du capital.", en: "Require a plan to raise the capital." },
};
pub(crate) const VALUATION_OUTDATED: IssueText = IssueText {
    code: "valuation_outdated",
    message: Text {
        fr: "{count} actif(s) évalué(s) il y a plus de {months} mois",
        en: "{count} asset(s) valued over {months} months ago",
    },
    recommendation: Text { fr: "Faire réévaluer ces actifs.", en: "Have these assets valued again." },
};
pub(crate) const STOCK_SUMMARY_MISMATCH: IssueText = IssueText {
    code: "stock_summary_mismatch",
    message: Text {
        fr: "Le résumé du stock annonce {summary}, ses lignes totalisent {lines}",
        en: "The stock summary says {summary}, its lines sum to {lines}",
    },
    recommendation: Text { fr: "Faire vérifier l'inventaire.", en: "Have the inventory checked." },
};
pub(crate) const NO_PERFORMANCE: IssueText = IssueText {
    code: "no_performance",
    message: Text { fr: "Aucune donnée de performance n'est renseignée", en: "No performance data are filled in" },
    recommendation: Text { fr: "Demander les indicateurs de performance.", en: "Ask for the performance indicators." },
};

/// Every issue, in the order of spec/2 §4.
#[cfg(test)]
pub(crate) const ALL: &[IssueText] = &[
    MISSING_PROFILE,
    MISSING_INSTITUTION_DATA,
    MISSING_FIELD,
    MISSING_COMPLIANCE_STATUS,
    MISSING_COMPANY_PROFILE,
    FORM_INCOMPLETE,
    NO_ASSETS_OR_STOCKS,
    SOLVENCY_OUTDATED,
    AUDIT_MISSING,
    AUDIT_OUTDATED,
    NO_CERTIFICATION,
    GOVERNANCE_INCOMPLETE,
    NO_DIGITAL_PRESENCE,
    NON_COMPLIANT_REPORT,
    SHAREHOLDING_OVER_TOTAL,
    CAPITAL_BELOW_MINIMUM,
    VALUATION_OUTDATED,
    STOCK_SUMMARY_MISMATCH,
    NO_PERFORMANCE,
];
