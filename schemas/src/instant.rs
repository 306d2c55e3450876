//! Dates as the wire writes them: RFC 3339 date-times, and dates alone, which mean midnight UTC (spec/1 §1).

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The years that RFC 3339 can write. An offset may lead out of them.
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// The time that a text names, to the microsecond (what PostgreSQL keeps; the rest is cut off). `None` where it does not parse.
///
/// A leap second (`23:59:60`) is the second after it.
///
/// ```
/// let day = schemas::instant("2025-11-09").unwrap();
/// assert_eq!(day, schemas::instant("2025-11-09T01:00:00.000+01:00").unwrap());
/// assert_eq!(None, schemas::instant("9 novembre 2025"));
/// ```
#[must_use]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    let date = date(bytes.get(..10)?)?;
    if bytes.len() == 10 {
        return Some(date.and_time(NaiveTime::MIN).and_utc());
    }
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let (second_of_day, rest) = clock(&bytes[11..])?;
    let (micros, rest) = fraction(rest)?;
    let offset_seconds = offset(rest)?;
    let midnight = date.and_time(NaiveTime::MIN).and_utc();
    let at = midnight.checked_add_signed(TimeDelta::microseconds((second_of_day - offset_seconds) * 1_000_000 + micros))?;
    YEARS.contains(&at.year()).then_some(at)
}

/// `YYYY-MM-DD`
fn date(bytes: &[u8]) -> Option<NaiveDate> {
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (month, day) = (two(&bytes[5..])?, two(&bytes[8..])?);
    let year = two(bytes)? * 100 + two(&bytes[2..])?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// `HH:MM:SS`: the second of the day, and what follows.
fn clock(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (two(bytes)?, two(&bytes[3..])?, two(&bytes[6..])?);
    (hour < 24 && minute < 60 && second <= 60).then(|| (hour * 3600 + minute * 60 + second, &bytes[8..]))
}

/// `.` and digits, or nothing: microseconds, and what follows.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', rest)) = bytes.split_first() else { return Some((0, bytes)) };
    let len = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let digit = |place: usize| rest[..len].get(place).map_or(0, |byte| i64::from(byte - b'0'));
    (len > 0).then(|| ((0..6).fold(0, |micros, place| micros * 10 + digit(place)), &rest[len..]))
}

/// `Z` or `+HH:MM`: seconds east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    let sign = match bytes {
        [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hour, minute) = (two(&bytes[1..])?, two(&bytes[4..])?);
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// The number that two digits write.
fn two(bytes: &[u8]) -> Option<i64> {
    let [tens, ones, ..] = bytes else { return None };
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::instant;

    fn rfc3339(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn an_offset_that_leads_out_of_the_years_that_can_be_written_names_no_time() {
        assert!(instant("0000-01-01T00:00:00Z").is_some() && instant("9999-12-31T23:59:59Z").is_some());
        assert_eq!(instant("0000-01-01T00:00:00+00:01"), None);
        assert_eq!(instant("9999-12-31T23:59:59-00:01"), None);
    }

    #[test]
    fn reads_every_form_of_the_contract() {
        assert_eq!(instant("2025-11-09T10:11:12.345Z"), Some(rfc3339("2025-11-09T10:11:12.345Z")));
        assert_eq!(instant("2025-11-09t10:11:12z"), Some(rfc3339("2025-11-09T10:11:12Z")));
        assert_eq!(instant("2025-11-09T10:11:12+01:00"), Some(rfc3339("2025-11-09T09:11:12Z")));
        assert_eq!(instant("2024-02-29"), Some(rfc3339("2024-02-29T00:00:00Z")));
        assert_eq!(instant("2016-12-31T23:59:60Z"), Some(rfc3339("2017-01-01T00:00:00Z")));
    }

    #[test]
    fn cuts_below_a_microsecond() {
        assert_eq!(instant("2025-11-09T10:11:12.1234567899Z"), Some(rfc3339("2025-11-09T10:11:12.123456Z")));
    }

    #[test]
    fn refuses_what_is_no_date() {
        let refused = [
            "",
            "2025",
            "2025-13-01",
            "2025-02-29",
            "2025-11-09T",
            "2025-11-09T10:11",
            "2025-11-09T10:11:12",
            "2025-11-09T24:00:00Z",
            "2025-11-09T10:11:12.Z",
            "2025-11-09T10:11:12+0100",
            "2025-11-09T10:11:12Z ",
            "09/11/2025",
            "2025-11-0９",
            "+2025-11-9",
        ];
        for text in refused {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_chrono(seconds in -60_000_000_000_i64..250_000_000_000, micros in 0_u32..1_000_000, minutes in -1_439_i32..1_440) {
            let offset = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
            let time = DateTime::from_timestamp(seconds, micros * 1000).unwrap();
            prop_assert_eq!(instant(&time.with_timezone(&offset).to_rfc3339()), Some(time));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = instant(&text);
        }
    }
}
