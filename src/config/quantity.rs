//! Durations and sizes: numbers that always carry their unit.

use std::time::Duration;

/// The units of durations, with their milliseconds.
const DURATIONS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
/// The units of sizes, with their bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Reads a duration such as `20ms`, `2s`, `5m`, `24h`, `30d`.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    quantity(text, "duration", &DURATIONS).map(Duration::from_millis)
}

/// Reads a size such as `512B`, `64KiB`, `1MiB`, in bytes.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(super) fn size_bytes(text: &str) -> Result<u64, String> {
    quantity(text, "size", &SIZES)
}

fn quantity(text: &str, what: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let names = units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    if number.is_empty() {
        return Err(format!("{text:?} is no {what}: write a whole number and a unit, one of {names}"));
    }
    if unit.is_empty() {
        return Err(format!("the {what} {text} has no unit: write it with one of {names}"));
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("the {what} {text} has an unknown unit {unit:?}: known are {names}"));
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(*factor))
        .ok_or_else(|| format!("the {what} {text} is too large"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (text, millis) in [("20ms", 20), ("2s", 2_000), ("5m", 300_000), ("24h", 86_400_000), ("30d", 2_592_000_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for (text, bytes) in [("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648)] {
            assert_eq!(size_bytes(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn a_bare_number_says_which_units_there_are() {
        assert_eq!(duration("20").unwrap_err(), "the duration 20 has no unit: write it with one of ms, s, m, h, d");
        assert_eq!(size_bytes("20").unwrap_err(), "the size 20 has no unit: write it with one of B, KiB, MiB, GiB");
    }

    #[test]
    fn rubbish_is_refused() {
        for text in ["", "ms", "-1s", "1.5s", "1 s", "1S", "99999999999999999999s", "18446744073709551615d"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
