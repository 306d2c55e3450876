//! Dates as the wire writes them (spec/1 §1): RFC 3339, a date-time or a date, compared as UTC calendar days.

use chrono::{DateTime, Months, NaiveDate, Utc};
use schemas::JsonRef;

/// The UTC calendar day that a value names; `None` where it is no string or does not parse: such a date is absent for the rules.
pub(crate) fn day(value: JsonRef<'_>) -> Option<NaiveDate> {
    parse(&value.as_str()?)
}

fn parse(text: &str) -> Option<NaiveDate> {
    schemas::instant(text).map(|at| at.date_naive())
}

/// Whether `day` lies more than `months` calendar months before `as_of`; exactly that many months is not more.
pub(crate) fn is_older(day: NaiveDate, months: u32, as_of: DateTime<Utc>) -> bool {
    as_of.date_naive().checked_sub_months(Months::new(months)).is_some_and(|limit| day < limit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_date_is_its_own_day_and_a_date_time_is_its_day_in_utc() {
        assert_eq!(parse("2025-11-09"), Some(ymd(2025, 11, 9)));
        assert_eq!(parse("2025-11-09T00:30:00+01:00"), Some(ymd(2025, 11, 8)));
        assert_eq!(parse("2025-11-09T23:30:00.123-01:00"), Some(ymd(2025, 11, 10)));
        assert_eq!(parse("2024-02-29T12:00:00Z"), Some(ymd(2024, 2, 29)));
    }

    #[test]
    fn what_is_not_rfc_3339_is_absent() {
        for text in
            ["", "2025-1-9", "+025-01-09", "2025-02-29", "09/11/2025", "2025-11", "2025-11-09T12:00:00", "bientôt", "2025-1１-0"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_limit_in_months_is_not_yet_passed_on_its_day() {
        let as_of = "2026-03-31T23:00:00Z".parse().unwrap();
        assert!(!is_older(ymd(2025, 3, 31), 12, as_of));
        assert!(is_older(ymd(2025, 3, 30), 12, as_of));
        assert!(!is_older(ymd(2026, 2, 28), 1, as_of), "the last day of a shorter month");
        assert!(!is_older(ymd(2026, 1, 1), u32::MAX, as_of));
    }
}
