//! What alerts say (spec/2 §7).

use schemas::profile::AlertKind;

use super::Text;

/// The template of a kind of alert.
pub(crate) fn text(kind: AlertKind) -> &'static Text {
    match kind {
        AlertKind::LowStock => &Text {
            fr: "{count} article(s) en stock au seuil minimum ou en dessous",
            en: "{count} stock item(s) at or under the minimum",
        },
        AlertKind::HighRisk => &Text { fr: "Risque élevé : score {score} sur 100", en: "High risk: score {score} of 100" },
        AlertKind::SyncFailure => &Text { fr: "La synchronisation a été abandonnée", en: "The synchronisation was given up" },
        AlertKind::ComplianceCritical => &Text {
            fr: "Conformité critique : note {rating}, {count} problème(s) critique(s)",
            en: "Critical compliance: rating {rating}, {count} critical issue(s)",
        },
        AlertKind::WarrantyExpired => {
            &Text { fr: "{count} actif(s) dont la garantie a expiré", en: "{count} asset(s) out of warranty" }
        }
        AlertKind::AssetDepreciated => &Text {
            fr: "{count} actif(s) valant moins de {percent} % de leur prix d'achat",
            en: "{count} asset(s) worth less than {percent} % of what they cost",
        },
        AlertKind::StockUnusable => &Text {
            fr: "{count} article(s) en stock endommagé(s) ou expiré(s)",
            en: "{count} stock item(s) damaged or expired",
        },
        AlertKind::SolvencyLow => &Text {
            fr: "Le ratio de solvabilité, {ratio} %, est inférieur à {limit} %",
            en: "The solvency ratio, {ratio} %, is under {limit} %",
        },
        AlertKind::IncompleteProfile => {
            &Text { fr: "Le profil n'est complet qu'à {completeness} %", en: "Only {completeness} % of the profile is complete" }
        }
    }
}
