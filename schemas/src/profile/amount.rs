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
        f.write_str(&self.0.to_plain_string())
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        serde_json::value::RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}
