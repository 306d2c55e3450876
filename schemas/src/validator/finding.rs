//! What the `jsonschema` crate found, in our words.

use std::collections::HashSet;
use std::fmt::Write;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::json::Kind;
use crate::{JsonRef, Violation};

/// How much of a value a message quotes.
const QUOTED_CHARACTERS: usize = 40;

/// How many violations are told one by one. A record of 1 MiB may have hundreds of thousands: all of them would take up many times its
/// size, and tell nobody more.
const TOLD: usize = 1_000;

/// What errors say; of the types that one value may have, the first only: a schema and a definition that it narrows say the same twice.
/// Beyond the first thousand, how many there are.
pub(super) fn violations<'e>(errors: impl Iterator<Item = ValidationError<'e>>, payload: JsonRef<'_>) -> Vec<Violation> {
    let mut mistyped = HashSet::new();
    let says_more = |error: &ValidationError<'_>| {
        !matches!(error.kind(), ValidationErrorKind::Type { .. }) || mistyped.insert(error.instance_path().as_str().to_owned())
    };
    let mut errors = errors.filter(says_more);
    let mut violations: Vec<Violation> = errors.by_ref().take(TOLD).map(|error| violation(&error, payload)).collect();
    let untold = errors.count();
    if untold > 0 {
        violations.push(Violation { message: format!("and {untold} more violations"), ..Violation::default() });
    }
    violations
}

/// The violation that an error is. `payload` is what was sent, from which the message quotes.
fn violation(error: &ValidationError<'_>, payload: JsonRef<'_>) -> Violation {
    let pointer = error.instance_path().as_str().to_owned();
    let value = payload.pointed(&pointer);
    let message = format!("{} {}", value.map_or_else(|| "the value".to_owned(), quote), complaint(error.kind()));
    Violation { pointer, rule: error.evaluation_path().as_str().to_owned(), message }
}

/// What is wrong with the value.
fn complaint(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Type { kind } => format!("is not {}", types(kind)),
        ValidationErrorKind::Required { property } => format!("lacks the member {property}"),
        ValidationErrorKind::Enum { options } => format!("is none of {}", list(options)),
        ValidationErrorKind::Constant { expected_value } => format!("is not {expected_value}"),
        ValidationErrorKind::Minimum { limit } => format!("is less than {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("is greater than {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("is not greater than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("is not less than {limit}"),
        ValidationErrorKind::MinLength { limit: 1 } | ValidationErrorKind::MinItems { limit: 1 } => "is empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("has fewer than {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("has more than {limit} characters"),
        ValidationErrorKind::Pattern { pattern } if pattern == super::fields::WITHOUT_NUL => "holds a NUL".to_owned(),
        ValidationErrorKind::Pattern { pattern } => format!("does not match {pattern}"),
        ValidationErrorKind::MinItems { limit } => format!("has fewer than {limit} elements"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} elements"),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("has members that it may not: {}", unexpected.join(", "))
        }
        ValidationErrorKind::FalseSchema => "may not be here".to_owned(),
        other => format!("does not satisfy `{}`", other.keyword()),
    }
}

/// A value as it was sent, cut; of a container, only what it is.
fn quote(value: JsonRef<'_>) -> String {
    match value.kind() {
        Kind::Object => "the object".to_owned(),
        Kind::Array => "the array".to_owned(),
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => {
            let text = value.text();
            let mut quoted: String = text.chars().take(QUOTED_CHARACTERS).collect();
            if quoted.len() < text.len() {
                quoted.push('…');
            }
            quoted
        }
    }
}

fn types(kind: &TypeKind) -> String {
    let mut names: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(set) => set.iter().map(jsonschema::JsonType::as_str).collect(),
    };
    // What is missing may be null; what is there should be something else.
    names.sort_by_key(|name| *name == "null");
    let with_article = |name: &str| match name {
        "null" => "null".to_owned(),
        "array" | "integer" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    };
    let names: Vec<String> = names.into_iter().map(with_article).collect();
    names.join(" or ")
}

fn list(options: &Value) -> String {
    let mut text = String::new();
    for (index, option) in options.as_array().into_iter().flatten().enumerate() {
        let _ = write!(text, "{}{option}", if index > 0 { ", " } else { "" });
    }
    text
}
