use schemas::profile::SectionName::Basic;

use super::*;
use crate::trial::Trial;

#[test]
fn each_rating_begins_at_its_limit() {
    let step = RateCompliance::new(RatingParams::default());
    let cases = [
        (100, true, Rating::High),
        (90, true, Rating::High),
        (89, true, Rating::Medium),
        (70, true, Rating::Medium),
        (69, true, Rating::Low),
        (50, true, Rating::Low),
        (49, true, Rating::Critical),
        (100, false, Rating::Low),
        (50, false, Rating::Low),
        (49, false, Rating::Critical),
        (0, false, Rating::Critical),
    ];
    for (completeness, good_standing, rating) in cases {
        assert_eq!(step.rating(completeness, good_standing), rating, "{completeness}, {good_standing}");
    }
}

#[test]
fn only_two_statuses_are_good_standing() {
    let standing = |basic: &str| in_good_standing(&View::of(&Trial::default().section(Basic, basic).profile));
    assert!(standing(r#"{"status": "active"}"#) && standing(r#"{"status": "validated"}"#));
    for basic in [r#"{"status": "pending"}"#, r#"{"status": "Active"}"#, r#"{"status": true}"#, "{}"] {
        assert!(!standing(basic), "{basic}");
    }
    assert!(!in_good_standing(&View::of(&Trial::default().profile)));
}

#[test]
fn a_rating_set_by_hand_stands() {
    let mut trial = Trial::default();
    trial.profile.admin.rating = Some(Rating::High);
    assert_eq!(trial.run(&["rate_compliance"]).rating, Some(Rating::High));
    trial.profile.admin.rating = None;
    assert_eq!(trial.run(&["rate_compliance"]).rating, Some(Rating::Critical));
}

#[test]
fn limits_that_cross_are_refused() {
    for (params, path) in [
        (RatingParams { medium_from: Score::new(91), ..RatingParams::default() }, "medium_from"),
        (RatingParams { low_from: Score::new(71), ..RatingParams::default() }, "low_from"),
    ] {
        assert_eq!(params.check().map_err(|error| error.path), Err(vec![path.to_owned()]));
    }
}
