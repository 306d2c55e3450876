//! Two texts of one value: RFC 8785, which is hashed, and a normalised one that tells apart what RFC 8785's doubles cannot.
//!
//! The first identifies every bare event, so what is canonical already is copied, not made again; the second only breaks ties of the
//! merge (spec/1 §1).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

use bigdecimal::{BigDecimal, Zero};

use super::{JsonRef, Kind};

/// The value in the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16, numbers as ECMAScript prints doubles.
#[must_use]
pub fn canonical(value: JsonRef<'_>) -> String {
    write_with(value, &|digits, out| {
        if is_canonical(digits) {
            out.push_str(digits);
            return;
        }
        let double = digits.parse::<f64>().unwrap_or_default();
        out.push_str(ryu_js::Buffer::new().format(double));
    })
}

/// The value with members sorted as in RFC 8785 and exact numbers in plain notation, without trailing zeros.
///
/// The same for a section as sent and as PostgreSQL's `jsonb` gives it back.
#[must_use]
pub fn normalised(value: JsonRef<'_>) -> String {
    write_with(value, &|digits, out| {
        let exact = digits.parse::<BigDecimal>().unwrap_or_default();
        if exact.is_zero() {
            out.push('0');
        } else {
            out.push_str(&exact.normalized().to_plain_string());
        }
    })
}

/// Whether ECMAScript prints the double nearest to the number just so: at most 15 digits, which every double keeps, without an
/// exponent, a needless zero, or so many zeros after the point that an exponent would be printed.
fn is_canonical(digits: &str) -> bool {
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    if plain.len() > 15 || plain.contains(['e', 'E']) {
        return false;
    }
    match plain.split_once('.') {
        None => digits != "-0",
        Some((whole, fraction)) => !fraction.ends_with('0') && (whole != "0" || !fraction.starts_with("000000")),
    }
}

fn write_with(value: JsonRef<'_>, number: &impl Fn(&str, &mut String)) -> String {
    let mut writer = Writer { out: String::with_capacity(value.text().len()), members: Vec::new(), number };
    writer.value(value);
    writer.out
}

struct Writer<'d, N> {
    out: String,
    /// The members of the objects that are being written, the innermost last.
    members: Vec<(Cow<'d, str>, JsonRef<'d>)>,
    number: &'d N,
}

impl<'d, N: Fn(&str, &mut String)> Writer<'d, N> {
    fn value(&mut self, value: JsonRef<'d>) {
        match value.kind() {
            Kind::Null | Kind::Bool => self.out.push_str(value.text()),
            Kind::Number => (self.number)(value.text(), &mut self.out),
            // Without an escape, a string holds nothing that needs one.
            Kind::String if !value.node().escaped => self.out.push_str(value.text()),
            Kind::String => write_string(&value.as_str().unwrap_or_default(), &mut self.out),
            Kind::Array => {
                self.out.push('[');
                for (index, element) in value.elements().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.value(element);
                }
                self.out.push(']');
            }
            Kind::Object => self.object(value),
        }
    }

    fn object(&mut self, value: JsonRef<'d>) {
        let first = self.members.len();
        self.members.extend(value.members().map(|(name, value)| (name.as_str(), value)));
        self.members[first..].sort_unstable_by(|(left, _), (right, _)| by_utf16(left, right));
        self.out.push('{');
        for index in first..self.members.len() {
            if index > first {
                self.out.push(',');
            }
            let (name, member) = (std::mem::take(&mut self.members[index].0), self.members[index].1);
            write_string(&name, &mut self.out);
            self.out.push(':');
            self.value(member);
        }
        self.members.truncate(first);
        self.out.push('}');
    }
}

/// The order of UTF-16 code units, which is that of UTF-8 bytes but for characters beyond U+FFFF: they come before U+E000 to U+FFFF.
fn by_utf16(left: &str, right: &str) -> Ordering {
    let differs = left.bytes().zip(right.bytes()).find(|(left, right)| left != right);
    match differs {
        Some((left_byte, right_byte)) if left_byte >= 0xEE && right_byte >= 0xEE => left.encode_utf16().cmp(right.encode_utf16()),
        _ => left.cmp(right),
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        escape(text, out);
    }
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
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
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::{canonical, normalised};
    use crate::Json;

    fn canonical_of(text: &str) -> String {
        canonical(Json::parse_own(text).unwrap().as_ref())
    }

    /// RFC 8785, section 3.2.2 and 3.2.3.
    #[test]
    fn writes_the_example_of_the_rfc() {
        let text = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        let expected = concat!(
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        assert_eq!(canonical_of(text), expected);
    }

    /// RFC 8785, section 3.2.3: members sorted by UTF-16 code units.
    #[test]
    fn sorts_names_as_the_rfc_does() {
        let text = r#"{
            "\u20ac": "Euro Sign",
            "\r": "Carriage Return",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\ud83d\ude00": "Emoji: Grinning Face",
            "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis"
        }"#;
        let expected = concat!(
            r#"{"\r":"Carriage Return","1":"One","\u{80}":"Control","ö":"Latin Small Letter O With Diaeresis","#,
            r#""€":"Euro Sign","😀":"Emoji: Grinning Face","\u{fb33}":"Hebrew Letter Dalet With Dagesh"}"#
        );
        assert_eq!(canonical_of(text), expected.replace(r"\u{80}", "\u{80}").replace(r"\u{fb33}", "\u{fb33}"));
    }

    /// RFC 8785, appendix B: each double, and how it is printed.
    #[test]
    fn prints_the_numbers_of_the_rfc() {
        let cases: [(u64, &str); 24] = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in cases {
            assert_eq!(canonical_of(&format!("{:e}", f64::from_bits(bits))), expected);
        }
    }

    #[test]
    fn tells_apart_what_doubles_cannot() {
        let normal = |text: &str| normalised(Json::parse_own(text).unwrap().as_ref());
        assert_eq!(canonical_of("9007199254740993"), canonical_of("9007199254740992"));
        assert_ne!(normal("9007199254740993"), normal("9007199254740992"));
        assert_eq!(normal("[1.50, 100, -0.0]"), normal("[15e-1,1E2,0]"));
    }

    proptest! {
        /// What is copied is what would have been made.
        #[test]
        fn short_numbers_are_printed_as_doubles_are(whole in "-?(0|[1-9][0-9]{0,9})", fraction in "(\\.[0-9]{1,9})?") {
            let number = whole + &fraction;
            let printed = ryu_js::Buffer::new().format(number.parse::<f64>().unwrap()).to_owned();
            prop_assert_eq!(canonical_of(&number), printed);
        }

        #[test]
        fn names_stand_in_the_order_of_utf_16(names in prop::collection::btree_set("[a-c\u{e9}\u{d7ff}\u{e000}\u{ff5e}\u{10000}\u{1f600}]{0,4}", 0..12)) {
            let text = serde_json::to_string(&names.iter().map(|name| (name, 1)).collect::<std::collections::BTreeMap<_, _>>()).unwrap();
            let mut sorted: Vec<&String> = names.iter().collect();
            sorted.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
            let members: Vec<String> = sorted.iter().map(|name| format!("{}:1", serde_json::to_string(name).unwrap())).collect();
            prop_assert_eq!(canonical_of(&text), format!("{{{}}}", members.join(",")));
        }
    }
}
