//! Durations and sizes as people write them in a pipeline file: whole numbers that always carry their unit.

/// What is measured, and in which units.
#[derive(Debug)]
pub struct Units {
    what: &'static str,
    /// Each with how many of the least it is; the greatest first.
    known: &'static [(&'static str, u64)],
}

/// Spans of time, in milliseconds: `20ms`, `2s`, `5m`, `24h`, `30d`.
pub const DURATION: Units =
    Units { what: "duration", known: &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] };

/// Sizes, in bytes: `512B`, `64KiB`, `1MiB`, `2GiB`.
pub const SIZE: Units = Units { what: "size", known: &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)] };

/// Why a text is no quantity, and what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidQuantity(String);

impl Units {
    /// Reads a quantity, in the least unit.
    ///
    /// # Errors
    ///
    /// [`InvalidQuantity`] where the number is not whole, the unit is missing or unknown, or the whole is over 64 bits.
    pub fn read(&self, text: &str) -> Result<u64, InvalidQuantity> {
        let what = self.what;
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            let message = format!("{text:?} is no {what}: write a whole number and a unit, one of {}", self.names());
            return Err(InvalidQuantity(message));
        }
        if unit.is_empty() {
            return Err(InvalidQuantity(format!("the {what} {text} has no unit: write it with one of {}", self.names())));
        }
        let Some((_, factor)) = self.known.iter().find(|(name, _)| *name == unit) else {
            let message = format!("the {what} {text} has an unknown unit {unit:?}: known are {}", self.names());
            return Err(InvalidQuantity(message));
        };
        let quantity = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor));
        quantity.ok_or_else(|| InvalidQuantity(format!("the {what} {text} is too large")))
    }

    /// Writes a quantity of the least unit in the greatest of which it is a whole number.
    #[must_use]
    pub fn show(&self, quantity: u64) -> String {
        let whole = |(_, factor): &&(&str, u64)| quantity > 0 && quantity.is_multiple_of(*factor);
        let (unit, factor) = self.known.iter().find(whole).or(self.known.last()).copied().unwrap_or(("", 1));
        format!("{}{unit}", quantity / factor)
    }

    /// The units, the least first.
    fn names(&self) -> String {
        self.known.iter().rev().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_unit_is_read_and_written() {
        for (text, millis) in [("20ms", 20), ("2s", 2_000), ("5m", 300_000), ("23h", 82_800_000), ("30d", 2_592_000_000)] {
            assert_eq!((DURATION.read(text).unwrap(), DURATION.show(millis).as_str()), (millis, text));
        }
        for (text, bytes) in [("512B", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648)] {
            assert_eq!((SIZE.read(text).unwrap(), SIZE.show(bytes).as_str()), (bytes, text));
        }
        assert_eq!((DURATION.show(0).as_str(), DURATION.show(86_400_000).as_str()), ("0ms", "1d"));
    }

    #[test]
    fn a_bare_number_says_which_units_there_are() {
        let said = |units: Units, text| units.read(text).unwrap_err().to_string();
        assert_eq!(said(DURATION, "20"), "the duration 20 has no unit: write it with one of ms, s, m, h, d");
        assert_eq!(said(SIZE, "20"), "the size 20 has no unit: write it with one of B, KiB, MiB, GiB");
    }

    #[test]
    fn rubbish_is_refused() {
        for text in ["", "ms", "-1s", "1.5s", "1 s", "1S", "99999999999999999999s", "18446744073709551615d"] {
            assert!(DURATION.read(text).is_err(), "{text:?}");
        }
    }
}
