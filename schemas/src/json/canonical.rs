//! Two texts of one value: RFC 8785, which is hashed, and a normalised one that tells apart what RFC 8785's doubles cannot.
//!
//! Only ties of the merge need them (spec/1 §1), so speed does not matter here.

use std::fmt::Write;

use bigdecimal::{BigDecimal, Zero};

use super::{JsonRef, Kind};

/// The value in the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16, numbers as ECMAScript prints doubles.
#[must_use]
pub fn canonical(value: JsonRef<'_>) -> String {
    let mut out = String::with_capacity(value.text().len());
    write(value, &mut out, &|digits, out| {
        let double = digits.parse::<f64>().unwrap_or_default();
        out.push_str(ryu_js::Buffer::new().format(double));
    });
    out
}

/// The value with members sorted as in RFC 8785 and exact numbers in plain notation, without trailing zeros.
///
/// The same for a section as sent and as PostgreSQL's `jsonb` gives it back.
#[must_use]
pub fn normalised(value: JsonRef<'_>) -> String {
    let mut out = String::with_capacity(value.text().len());
    write(value, &mut out, &|digits, out| {
        let exact = digits.parse::<BigDecimal>().unwrap_or_default();
        if exact.is_zero() {
            out.push('0');
        } else {
            out.push_str(&exact.normalized().to_plain_string());
        }
    });
    out
}

fn write(value: JsonRef<'_>, out: &mut String, number: &impl Fn(&str, &mut String)) {
    match value.kind() {
        Kind::Null | Kind::Bool => out.push_str(value.text()),
        Kind::Number => number(value.text(), out),
        Kind::String => write_string(&value.as_str().unwrap_or_default(), out),
        Kind::Array => {
            out.push('[');
            for (index, element) in value.elements().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element, out, number);
            }
            out.push(']');
        }
        Kind::Object => {
            let mut members: Vec<_> = value.members().map(|(name, value)| (name.as_str(), value)).collect();
            members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(*member, out, number);
            }
            out.push('}');
        }
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
