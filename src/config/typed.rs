//! What a scalar means: YAML's core schema, after expansion.

use serde_json::{Map, Number, Value};

use super::draft::{Content, Node, Scalar, Style};

/// A scalar with its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
}

impl Scalar {
    /// The type follows from the text, unless quotes make it a text.
    pub(super) fn typed(&self) -> Typed {
        if self.style == Style::Quoted {
            return Typed::Text(self.text.clone());
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Typed::Null,
            "true" | "True" | "TRUE" => Typed::Boolean(true),
            "false" | "False" | "FALSE" => Typed::Boolean(false),
            text => number(text).map_or_else(|| Typed::Text(text.to_owned()), Typed::Number),
        }
    }

    /// The text, where one is wanted: that of an environment variable is one even if it looks like a number.
    pub(super) fn as_text(&self) -> Option<&str> {
        match (self.style, self.typed()) {
            (Style::Expanded, _) | (_, Typed::Text(_)) => Some(&self.text),
            _ => None,
        }
    }
}

impl Node {
    /// What it is, in words for a message; quotes what is short and no secret.
    pub(super) fn described(&self) -> String {
        match &self.content {
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a map".to_owned(),
            Content::Scalar(scalar) => match scalar.typed() {
                Typed::Null => "nothing".to_owned(),
                Typed::Boolean(value) => format!("the boolean {value}"),
                Typed::Number(_) if scalar.secret => "a number".to_owned(),
                Typed::Number(number) => format!("the number {number}"),
                Typed::Text(_) if scalar.secret => "a text".to_owned(),
                Typed::Text(text) if text.chars().count() > 40 => "a text".to_owned(),
                Typed::Text(text) => format!("the text {text:?}"),
            },
        }
    }

    /// Whether nothing was written.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.typed() == Typed::Null)
    }

    /// The same as JSON.
    pub(super) fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar(scalar) => match scalar.typed() {
                Typed::Null => Value::Null,
                Typed::Boolean(value) => Value::Bool(value),
                Typed::Number(number) => Value::Number(number),
                Typed::Text(text) => Value::String(text),
            },
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(members) => {
                members.iter().map(|member| (member.name.clone(), member.value.to_json())).collect::<Map<_, _>>().into()
            }
        }
    }
}

/// A number of YAML's core schema; `None` for what is none, and for those that JSON cannot say (infinity).
fn number(text: &str) -> Option<Number> {
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return u64::from_str_radix(hexadecimal, 16).ok().map(Number::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !digits.chars().all(numeric) {
        return None;
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    let whole = plain.parse::<i64>().ok().map(Number::from).or_else(|| plain.parse::<u64>().ok().map(Number::from));
    whole.or_else(|| plain.parse::<f64>().ok().and_then(Number::from_f64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn typed(text: &str, style: Style) -> Typed {
        Scalar { text: text.to_owned(), style, secret: false }.typed()
    }

    #[test]
    fn plain_scalars_are_typed_by_their_text() {
        let cases = [
            ("12", json!(12)),
            ("-3", json!(-3)),
            ("+3", json!(3)),
            ("012", json!(12)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0.8", json!(0.8)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.2.3", json!("1.2.3")),
            (".inf", json!(".inf")),
            ("20ms", json!("20ms")),
            ("2026-01-01", json!("2026-01-01")),
            ("no", json!("no")),
            (".", json!(".")),
        ];
        for (text, expected) in cases {
            let actual = match typed(text, Style::Plain) {
                Typed::Number(number) => Value::Number(number),
                Typed::Text(text) => Value::String(text),
                other => unreachable!("{text}: {other:?}"),
            };
            assert_eq!(actual, expected, "{text}");
        }
        assert_eq!(typed("", Style::Plain), Typed::Null);
        assert_eq!(typed("~", Style::Plain), Typed::Null);
        assert_eq!(typed("True", Style::Plain), Typed::Boolean(true));
    }

    #[test]
    fn quotes_make_a_text() {
        for text in ["12", "true", "", "~"] {
            assert_eq!(typed(text, Style::Quoted), Typed::Text(text.to_owned()));
        }
    }
}
