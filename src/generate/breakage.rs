//! Records broken in the ways of spec/1 §5. Whatever is broken becomes a dead letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use serde_json::{Value, json};

use super::draw::{Draw, iso};
use super::{Body, Line};

/// A way to break a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breakage {
    /// The text ends too soon.
    NotJson,
    /// A byte that no UTF-8 text has.
    NotUtf8,
    /// JSON, but no object.
    NotAnObject,
    /// No bytes at all.
    Empty,
    /// A member that stands twice.
    DuplicateKey,
    /// Nested over 128 levels.
    TooDeep,
    /// Over 1 MiB.
    TooLarge,
    /// A number that no reader takes.
    HugeExponent,
    /// An identity field of a wrong type.
    WrongType,
    /// No identity.
    NoIdentity,
    /// A container that is missing or null.
    NoContainer,
    /// A value that a closed enum does not have.
    UnknownValue,
    /// A number out of its range.
    OutOfRange,
    /// Another topic's `dataType`.
    WrongDataType,
    /// An event time that has not come.
    FutureTime,
    /// A version that is not taken.
    WrongVersion,
    /// A critical sync of a field that it may not touch.
    ForbiddenField,
}

impl Breakage {
    pub(super) const ALL: [Self; 17] = [
        Self::NotJson,
        Self::NotUtf8,
        Self::NotAnObject,
        Self::Empty,
        Self::DuplicateKey,
        Self::TooDeep,
        Self::TooLarge,
        Self::HugeExponent,
        Self::WrongType,
        Self::NoIdentity,
        Self::NoContainer,
        Self::UnknownValue,
        Self::OutOfRange,
        Self::WrongDataType,
        Self::FutureTime,
        Self::WrongVersion,
        Self::ForbiddenField,
    ];
}

/// The line, broken in a way that is drawn.
pub(super) fn broken(draw: &mut Draw, line: Line) -> Line {
    let breakage = match draw.pick(&Breakage::ALL) {
        // They are long: one in fifty of what would be.
        Breakage::TooLarge if !draw.percent(2) => Breakage::NotJson,
        drawn => drawn,
    };
    broken_by(breakage, line)
}

/// The line, broken in this way; without an identity where its event cannot be broken so.
pub(super) fn broken_by(breakage: Breakage, mut line: Line) -> Line {
    let Body::Value(mut value) = line.body else { return line };
    line.body = match by_text(breakage, &value) {
        Some(body) => body,
        None => {
            let payload =
                if value["metadata"].is_object() && value["data"].is_object() { &mut value["data"] } else { &mut value };
            let later = iso(line.timestamp + Duration::days(40));
            if !by_value(breakage, payload, &later) {
                payload["customerId"] = Value::Null;
            }
            Body::Value(value)
        }
    };
    line
}

/// The ways that break the text; `None` for the others.
fn by_text(breakage: Breakage, value: &Value) -> Option<Body> {
    let text = value.to_string();
    let with = |member: &str| Body::Raw(format!("{{{member},{}", text.get(1..).unwrap_or_default()));
    let body = match breakage {
        Breakage::NotJson => Body::Raw(text.chars().take(text.chars().count() * 2 / 3).collect()),
        Breakage::NotUtf8 => {
            let mut bytes = text.into_bytes();
            bytes.insert(1, 0xff);
            Body::RawBase64(STANDARD.encode(bytes))
        }
        Breakage::NotAnObject => Body::Raw(format!("[{text}]")),
        Breakage::Empty => Body::Raw(String::new()),
        Breakage::DuplicateKey => with(r#""origine":1,"origine":2"#),
        Breakage::TooDeep => with(&format!(r#""plan":{}{}"#, "[".repeat(140), "]".repeat(140))),
        Breakage::TooLarge => with(&format!(r#""scan":"{}""#, "x".repeat(1 << 20))),
        Breakage::HugeExponent => with(r#""mesure":1e999"#),
        _ => return None,
    };
    Some(body)
}

/// The ways that break what is said. Returns false where this event cannot be broken so.
fn by_value(breakage: Breakage, payload: &mut Value, later: &str) -> bool {
    match breakage {
        Breakage::WrongType => {
            payload["customerId"] = json!(42);
            true
        }
        Breakage::NoContainer => {
            let containers =
                ["specificData", "assets", "stocks", "identification", "companyProfile", "institutionProfile", "changes"];
            replace(payload, &containers, &Value::Null)
        }
        Breakage::UnknownValue => replace(payload, &["customerType", "priority"], &json!("CERTAINLY")),
        Breakage::OutOfRange => {
            let percentage = payload.pointer_mut("/profileCompleteness/percentage");
            percentage.map(|percentage| *percentage = json!(140)).is_some()
        }
        Breakage::WrongDataType => replace(payload, &["dataType"], &json!("WEATHER_V2_1")),
        Breakage::FutureTime => replace(payload, &["timestamp", "updatedAt", "lastProfileUpdate"], &json!(later)),
        Breakage::WrongVersion => replace(payload, &["dataVersion"], &json!("3.0")),
        Breakage::ForbiddenField => {
            let field = payload.pointer_mut("/changes/0/field");
            field.map(|field| *field = json!("adminStatus")).is_some()
        }
        _ => false,
    }
}

/// Replaces the first of the members that the payload has. Returns whether it has one.
fn replace(payload: &mut Value, members: &[&str], with: &Value) -> bool {
    let found = members.iter().find(|&&member| payload.get(member).is_some());
    if let Some(&member) = found {
        payload[member] = with.clone();
    }
    found.is_some()
}
