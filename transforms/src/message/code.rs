//! Texts of outcomes that are codes alone (spec/2 §5, §6, §8).

use super::Text;

/// Each code with its text: recommendations of §5, then §6, then §8.
pub(super) const PLAIN: &[(&str, Text)] = &[
    ("verify_revenue", Text { fr: "Vérifier le chiffre d'affaires déclaré.", en: "Verify the declared revenue." }),
    ("review_profitability", Text { fr: "Examiner la rentabilité.", en: "Review the profitability." }),
    (
        "assess_key_person_dependency",
        Text { fr: "Évaluer la dépendance envers les personnes clés.", en: "Assess the dependency on key persons." },
    ),
    ("review_business_plan", Text { fr: "Revoir le plan d'affaires.", en: "Review the business plan." }),
    ("review_workforce_plan", Text { fr: "Examiner la baisse des effectifs.", en: "Review the shrinking workforce." }),
    (
        "restore_solvency",
        Text { fr: "Exiger un plan de rétablissement de la solvabilité.", en: "Require a plan to restore solvency." },
    ),
    ("strengthen_solvency", Text { fr: "Renforcer la marge de solvabilité.", en: "Strengthen the solvency margin." }),
    ("reduce_doubtful_claims", Text { fr: "Réduire les créances douteuses.", en: "Reduce the doubtful claims." }),
    ("restore_liquidity", Text { fr: "Rétablir la liquidité.", en: "Restore liquidity." }),
    ("raise_share_capital", Text { fr: "Porter le capital social au minimum.", en: "Raise the share capital to the minimum." }),
    ("follow_up_compliance_report", Text { fr: "Suivre le rapport non conforme.", en: "Follow up the non-compliant report." }),
    ("review_declared_risk", Text { fr: "Examiner le risque déclaré.", en: "Review the declared risk." }),
    ("increased_monitoring", Text { fr: "Renforcer le suivi.", en: "Monitor more closely." }),
    ("in_depth_review", Text { fr: "Mener un examen approfondi.", en: "Conduct an in-depth review." }),
    ("well_capitalised", Text { fr: "L'institution est bien capitalisée.", en: "The institution is well capitalised." }),
    ("service_expansion", Text { fr: "Proposer une extension des services.", en: "Offer an expansion of services." }),
    ("solvency_concern", Text { fr: "La solvabilité préoccupe.", en: "Solvency is a concern." }),
    ("raise_capital", Text { fr: "Renforcer les fonds propres.", en: "Raise the own funds." }),
    ("reinforced_monitoring", Text { fr: "Un suivi renforcé s'impose.", en: "Reinforced monitoring is called for." }),
    (
        "digital_presence",
        Text { fr: "L'institution offre des services en ligne.", en: "The institution offers online services." },
    ),
    ("api_integration", Text { fr: "Proposer une intégration par API.", en: "Offer an integration by API." }),
    ("substantial_assets", Text { fr: "Le patrimoine est important.", en: "The assets are substantial." }),
    ("premium_services", Text { fr: "Proposer les services premium.", en: "Offer the premium services." }),
    ("stock_heavy", Text { fr: "Le stock pèse lourd face aux actifs.", en: "The stock weighs heavily against the assets." }),
    ("optimise_stock", Text { fr: "Optimiser la gestion du stock.", en: "Optimise the stock." }),
    ("incomplete_profile", Text { fr: "Le profil est incomplet.", en: "The profile is incomplete." }),
    (
        "assist_completion",
        Text { fr: "Aider le client à compléter son profil.", en: "Help the customer to complete the profile." },
    ),
    ("well_qualified", Text { fr: "Le profil est bien qualifié.", en: "The profile is well qualified." }),
    ("fast_track", Text { fr: "Proposer une procédure accélérée.", en: "Offer a fast track." }),
    ("low_compliance", Text { fr: "La conformité est faible ou critique.", en: "Compliance is low or critical." }),
    ("high_risk", Text { fr: "Le risque est élevé.", en: "The risk is high." }),
    ("sync_issues", Text { fr: "La dernière synchronisation a été abandonnée.", en: "The last synchronisation was given up." }),
    (
        "unacknowledged_alerts",
        Text { fr: "Des alertes ouvertes n'ont pas été prises en compte.", en: "Open alerts were not acknowledged." },
    ),
    ("pending_approval", Text { fr: "Un changement attend une approbation.", en: "A change waits for approval." }),
    ("request_completion", Text { fr: "Demander de compléter le profil.", en: "Ask for the profile to be completed." }),
    ("immediate_compliance_review", Text { fr: "Revoir la conformité sans délai.", en: "Review compliance at once." }),
    ("risk_mitigation", Text { fr: "Prendre des mesures contre le risque.", en: "Take measures against the risk." }),
    ("retry_sync", Text { fr: "Relancer la synchronisation.", en: "Ask for the synchronisation again." }),
    ("approve_changes", Text { fr: "Examiner les changements en attente.", en: "Decide on the waiting changes." }),
    ("high_risk_assessment", Text { fr: "Évaluation : risque élevé.", en: "Assessment: high risk." }),
];
