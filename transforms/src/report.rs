//! An institution's compliance reports, `rapportsConformite` (spec/1 §3.1).

use schemas::JsonRef;

use crate::field;

/// Whether one of these reports has the status `non_conforme`.
pub(crate) fn any_non_compliant(reports: JsonRef<'_>) -> bool {
    reports.elements().any(|report| field::is_text(report.get("statut"), "non_conforme"))
}
