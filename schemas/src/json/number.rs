//! Numbers as texts: what they are worth, without rounding.

/// Whether the number is whole, whatever its notation: `5`, `5.0` and `1e3` are, exactly.
pub(crate) fn is_integer(digits: &str) -> bool {
    let Some(split) = digits.find(['.', 'e', 'E']) else { return true };
    let (mantissa, exponent) = match digits[split..].find(['e', 'E']) {
        Some(step) => (&digits[..split + step], digits[split + step + 1..].parse::<i64>().unwrap_or(0)),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    if !fraction.is_empty() {
        return exponent >= places;
    }
    let whole = whole.trim_start_matches('-');
    let significant = whole.trim_end_matches('0');
    let zeros = i64::try_from(whole.len() - significant.len()).unwrap_or(i64::MAX);
    significant.is_empty() || exponent.saturating_add(zeros) >= 0
}

/// The nearest double that lies on the number's own side of every whole number: a bound that is one is judged exactly.
pub(crate) fn as_double(digits: &str) -> Option<f64> {
    let double = digits.parse::<f64>().ok()?;
    // Fifteen digits and a sign, a point and a leading zero: no such number rounds to a whole one that it is not.
    if digits.len() <= 16 || double.fract() != 0.0 || is_integer(digits) {
        return Some(double);
    }
    let exact = digits.parse::<bigdecimal::BigDecimal>().ok()?;
    let rounded = bigdecimal::BigDecimal::try_from(double).ok()?;
    Some(if exact > rounded { double.next_up() } else { double.next_down() })
}

/// The exponent that the number has with one digit before the point; `None` for zero written without one.
///
/// A zero with an exponent (`0e400`) answers that exponent: it is beyond what readers take.
pub(super) fn scientific_exponent(integer: &str, fraction: &str, exponent: i64) -> Option<i64> {
    let whole = integer.trim_start_matches('0');
    if !whole.is_empty() {
        return Some(exponent.saturating_add(signed(whole.len()) - 1));
    }
    let zeros = fraction.len() - fraction.trim_start_matches('0').len();
    if zeros == fraction.len() {
        return (exponent != 0).then_some(exponent);
    }
    Some(exponent.saturating_sub(signed(zeros) + 1))
}

/// A length, to calculate exponents with.
pub(super) fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
