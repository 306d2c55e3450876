//! What dashboards follow over time: the changes of five computed values (spec/4 §1, `profile_history`).

use super::{AdminStatus, Computed, Outline, Rating, RiskLevel};

/// A change of one followed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `completeness`, `compliance_rating`, `conformity_score`, `risk_level` or `admin_status`.
    pub field: &'static str,
    /// The value before; `None` for a new profile or an absent value.
    pub before: Option<String>,
    /// The value after; `None` where it is absent.
    pub after: Option<String>,
}

/// What changed between the stored row and what the rules compute now, in a fixed order. For a new profile, every value that is there.
#[must_use]
pub fn changes(before: Option<&Outline>, after: &Computed) -> Vec<Change> {
    let name = |name: Option<&'static str>| name.map(str::to_owned);
    let score = |score: u8| Some(score.to_string());
    let values = [
        ("completeness", before.and_then(|row| score(row.completeness)), score(after.completeness.percentage)),
        ("compliance_rating", name(before.map(|row| row.rating.as_str())), name(after.rating.map(Rating::as_str))),
        ("conformity_score", before.and_then(|row| score(row.conformity_score)), score(after.conformity.score)),
        (
            "risk_level",
            name(before.and_then(|row| row.risk_level).map(RiskLevel::as_str)),
            name(after.risk.as_ref().map(|risk| risk.level.as_str())),
        ),
        (
            "admin_status",
            name(before.map(|row| row.admin_status).map(AdminStatus::as_str)),
            name(Some(after.attention.admin_status.as_str())),
        ),
    ];
    let changed = values.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| Change { field, before, after }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Completeness, RiskAssessment};

    fn computed() -> Computed {
        Computed {
            completeness: Completeness { percentage: 87, ..Completeness::default() },
            rating: Some(Rating::Medium),
            ..Computed::default()
        }
    }

    fn outline() -> Outline {
        Outline {
            completeness: 87,
            rating: Rating::Medium,
            conformity_score: 0,
            risk_level: None,
            admin_status: AdminStatus::UnderReview,
            rules_hash: String::new(),
            updated_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_new_profile_gains_every_value_that_is_there() {
        let fields: Vec<_> =
            changes(None, &computed()).into_iter().map(|change| (change.field, change.before, change.after)).collect();
        assert_eq!(
            fields,
            [
                ("completeness", None, Some("87".to_owned())),
                ("compliance_rating", None, Some("medium".to_owned())),
                ("conformity_score", None, Some("0".to_owned())),
                ("admin_status", None, Some("under_review".to_owned())),
            ]
        );
    }

    #[test]
    fn the_same_values_are_no_change() {
        assert_eq!(changes(Some(&outline()), &computed()), []);
    }

    #[test]
    fn a_value_that_comes_or_goes_is_a_change() {
        let risk = RiskAssessment { score: 60, level: RiskLevel::High, factors: Vec::new(), recommendations: Vec::new() };
        let assessed = Computed { risk: Some(risk), ..computed() };
        let high = Some("high".to_owned());
        let came = Change { field: "risk_level", before: None, after: high.clone() };
        assert_eq!(changes(Some(&outline()), &assessed), [came]);
        let gone = Change { field: "risk_level", before: high, after: None };
        assert_eq!(changes(Some(&Outline { risk_level: Some(RiskLevel::High), ..outline() }), &computed()), [gone]);
    }
}
