//! One walk over a payload: what is read differently than it was sent, what is tolerated, and whether it is certainly valid.

use super::fields::{Field, Fields, Types};
use crate::json::{Edit, Kind, Limits, as_double, is_integer};
use crate::{Json, JsonRef, Tolerated, instant};

/// What the walk found.
#[derive(Debug)]
pub(super) struct Reading {
    /// Numeric strings that become numbers, and empty ones that become null.
    pub(super) edits: Vec<Edit>,
    /// What is counted.
    pub(super) tolerated: Tolerated,
    /// Whether the payload, once edited, certainly is valid. `false` says nothing.
    pub(super) valid: bool,
}

/// Walks a value along the table of its schema, from the field that says what it must be.
pub(super) fn read(fields: &Fields, field: &Field, value: JsonRef<'_>) -> Reading {
    let mut walk = Walk { fields, reading: Reading { edits: Vec::new(), tolerated: Tolerated::default(), valid: true } };
    walk.value(field, value);
    walk.reading
}

struct Walk<'f> {
    fields: &'f Fields,
    reading: Reading,
}

impl Walk<'_> {
    fn value(&mut self, field: &Field, value: JsonRef<'_>) {
        let kind = value.kind();
        if field.ask {
            self.reading.valid = false;
        }
        if field.date && !matches!(kind, Kind::String | Kind::Null) {
            self.reading.tolerated.unparsed_dates += 1;
        }
        match kind {
            Kind::String => self.text(field, value),
            Kind::Number => self.number(field, value.text()),
            Kind::Null => self.takes(field, Types::NULL),
            Kind::Bool => self.takes(field, Types::BOOLEAN),
            Kind::Array => self.array(field, value),
            Kind::Object => self.object(field, value),
        }
    }

    fn takes(&mut self, field: &Field, types: Types) {
        if !field.types.contain(types) {
            self.reading.valid = false;
        }
    }

    fn array(&mut self, field: &Field, value: JsonRef<'_>) {
        self.takes(field, Types::ARRAY);
        let Some(place) = field.elements else { return };
        let element = self.fields.at(place);
        for inner in value.elements() {
            self.value(element, inner);
        }
    }

    fn object(&mut self, field: &Field, value: JsonRef<'_>) {
        self.takes(field, Types::OBJECT);
        let Some(members) = &field.members else { return };
        let mut required = 0;
        for (name, inner) in value.members() {
            match members.find(name) {
                Some(member) => {
                    required += usize::from(member.required);
                    if let Some(place) = member.place {
                        self.value(self.fields.at(place), inner);
                    }
                }
                None => self.reading.tolerated.unknown_fields += u32::from(members.listed),
            }
        }
        // No name stands twice, so all are there when as many are.
        if required < members.required {
            self.reading.valid = false;
        }
    }

    fn number(&mut self, field: &Field, digits: &str) {
        let is_one = field.types.contain(Types::NUMBER) || (field.types.contain(Types::INTEGER) && is_integer(digits));
        if !is_one {
            self.reading.valid = false;
        }
        if field.minimum > f64::NEG_INFINITY || field.maximum < f64::INFINITY {
            let within = |number: f64| number >= field.minimum && number <= field.maximum;
            if !as_double(digits).is_some_and(within) {
                self.reading.valid = false;
            }
        }
    }

    fn text(&mut self, field: &Field, value: JsonRef<'_>) {
        let quoted = value.text();
        if quoted.len() == 2 && field.blank_is_absent() {
            self.reading.edits.push(value.replace("null"));
            self.takes(field, Types::NULL);
            return;
        }
        if field.reads_numbers() {
            match value.as_str().and_then(|text| numeric(&text)) {
                Some(digits) => {
                    self.number(field, &digits);
                    self.reading.edits.push(value.replace(digits));
                    self.reading.tolerated.numeric_strings += 1;
                }
                None => self.reading.valid = false,
            }
            return;
        }
        self.takes(field, Types::STRING);
        if field.date && value.as_str().is_none_or(|text| instant(&text).is_none()) {
            self.reading.tolerated.unparsed_dates += 1;
        }
        self.words(field, value, &quoted[1..quoted.len() - 1]);
    }

    /// Judges a text by what its field says of texts. `inner` is what stands between its quotes.
    fn words(&mut self, field: &Field, value: JsonRef<'_>, inner: &str) {
        if let Some(closed) = &field.closed
            && !closed.iter().any(|text| text == inner)
        {
            self.reading.valid = false;
        }
        if let Some(known) = &field.known
            && !inner.is_empty()
            && value.as_str().is_none_or(|text| known.iter().all(|known| *known != text))
        {
            self.reading.tolerated.unlisted_values += 1;
        }
        if field.least_characters == 0 && field.most_characters == u64::MAX && !field.without_nul {
            return;
        }
        // A character is one to four bytes, an escape two to twelve: only what is sure whatever they are is sure here.
        let bytes = inner.len() as u64;
        let escaped = inner.contains('\\');
        if escaped || bytes > field.most_characters || bytes.div_ceil(4) < field.least_characters {
            self.reading.valid = false;
        }
    }
}

/// The JSON number that a numeric string writes: blanks around it, a `+` and leading zeros taken away (spec/1 §1).
///
/// `None` where the text is no number, or one beyond what JSON numbers may be here.
fn numeric(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let significant = digits[..whole].trim_start_matches('0');
    let number = format!("{sign}{}{}", if significant.is_empty() { "0" } else { significant }, &digits[whole..]);
    let parsed = Json::parse(number.as_bytes(), &Limits::default()).ok()?;
    // The parser takes blanks around a value, and so would "1 " be a number of two bytes.
    (parsed.as_ref().kind() == Kind::Number && parsed.as_ref().text().len() == number.len()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::numeric;

    #[test]
    fn reads_what_a_decimal_column_writes() {
        let cases = [
            ("1200.50", "1200.50"),
            ("  12 ", "12"),
            ("\t-0.5\n", "-0.5"),
            ("+7", "7"),
            ("007", "7"),
            ("00", "0"),
            ("-000.10", "-0.10"),
            ("1e21", "1e21"),
            ("1E-7", "1E-7"),
            ("9007199254740993", "9007199254740993"),
        ];
        for (text, digits) in cases {
            assert_eq!(numeric(text).as_deref(), Some(digits), "{text:?}");
        }
    }

    #[test]
    fn leaves_what_is_no_number() {
        for text in [
            "", " ", "-", "+", "+-1", "1,5", ".5", "5.", "1e", "0x10", "1 2", "NaN", "Infinity", "1e309", "1_000", "١٢",
            "1\u{a0}",
        ] {
            assert_eq!(numeric(text), None, "{text:?}");
        }
    }
}
