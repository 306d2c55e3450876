//! A sum of money, exact.

use std::fmt;
use std::ops::AddAssign;

use bigdecimal::BigDecimal;

/// An exact decimal in the profile's currency; in JSON a number with all its digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub BigDecimal);

impl AddAssign<&BigDecimal> for Amount {
    fn add_assign(&mut self, other: &BigDecimal) {
        self.0 += other;
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A zero of a positive exponent would be written as several zeros, which is no number in JSON.
        if self.0.fractional_digit_count() < 0 && self.0 == BigDecimal::default() {
            return f.write_str("0");
        }
        f.write_str(&self.0.to_plain_string())
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        serde_json::value::RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Json;

    #[test]
    fn an_amount_keeps_its_digits_in_json() {
        for digits in ["0.10", "9007199254740993", "-3"] {
            let amount = Amount(digits.parse().unwrap());
            assert_eq!(Json::from_serialize(&amount).as_ref().text(), digits);
        }
    }

    #[test]
    fn a_zero_of_any_exponent_is_a_number() {
        for (sent, written) in [("0e5", "0"), ("-0e5", "0"), ("0", "0"), ("0.00", "0.00"), ("0e-2", "0.00"), ("1e3", "1000")] {
            assert_eq!(Json::from_serialize(&Amount(sent.parse().unwrap())).as_ref().text(), written, "{sent}");
        }
    }

    #[test]
    fn a_sum_may_pass_what_one_number_may() {
        let mut sum = Amount("9e308".parse().unwrap());
        sum += &"9e308".parse().unwrap();
        sum += &"1e-308".parse().unwrap();
        assert_eq!(Json::from_serialize(&sum).as_ref().as_decimal(), Some(sum.0));
        let long = Amount(format!("1.{}e-308", "7".repeat(1_000)).parse().unwrap());
        assert_eq!(Json::from_serialize(&long).as_ref().as_decimal(), Some(long.0));
    }
}
