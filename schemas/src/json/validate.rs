//! Our documents as the `jsonschema` crate reads them: in place, numbers exact, strings as they were sent.

use std::borrow::Cow;
use std::collections::HashSet;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};
use serde_json::{Number, Value};

use super::number::{as_double, is_integer};
use super::{Elements, JsonRef, Kind, Members, Name, Tape, fingerprint};

/// The representation to build a `jsonschema` validator for.
pub struct Document;

/// A member's name, prepared for lookups.
#[derive(Debug)]
pub struct PreparedName {
    name: String,
    fingerprint: u32,
}

/// A value of a document, or a member's name that is judged as a value (`propertyNames`).
#[derive(Clone)]
pub enum Judged<'d> {
    /// A value.
    Value(JsonRef<'d>),
    /// A name.
    Name(&'d str),
}

impl Json for Document {
    type Node<'a> = Judged<'a>;
    type PreparedKey = PreparedName;
    type StringBuffer = String;

    /// A lookup visits the members one by one, so a pass over all of them costs about as much as two.
    const KEYS_PER_LOOKUP: usize = 2;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> PreparedName {
        PreparedName { name: key.to_owned(), fingerprint: fingerprint(key.as_bytes()) }
    }

    fn with_string_node<T>(buffer: &mut String, string: &str, judge: impl FnOnce(Judged<'_>) -> T) -> T {
        buffer.clear();
        buffer.push_str(string);
        judge(Judged::Name(buffer))
    }
}

impl<'d> Judged<'d> {
    fn of_kind(&self, kind: Kind) -> Option<JsonRef<'d>> {
        match self {
            Self::Value(value) if value.kind() == kind => Some(*value),
            _ => None,
        }
    }
}

impl<'d> Node<'d, Document> for Judged<'d> {
    type Object = JsonRef<'d>;
    type Array = JsonRef<'d>;
    type Number = Digits<'d>;

    fn as_object(&self) -> Option<JsonRef<'d>> {
        self.of_kind(Kind::Object)
    }

    fn as_array(&self) -> Option<JsonRef<'d>> {
        self.of_kind(Kind::Array)
    }

    fn as_string(&self) -> Option<Cow<'d, str>> {
        match self {
            Self::Value(value) => value.as_sent(),
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<Digits<'d>> {
        self.of_kind(Kind::Number).map(|value| Digits(value.text()))
    }

    fn as_boolean(&self) -> Option<bool> {
        self.of_kind(Kind::Bool).and_then(JsonRef::as_bool)
    }

    fn is_null(&self) -> bool {
        self.of_kind(Kind::Null).is_some()
    }

    fn is_number(&self) -> bool {
        self.of_kind(Kind::Number).is_some()
    }

    fn json_type(&self) -> JsonType {
        let Self::Value(value) = self else { return JsonType::String };
        match value.kind() {
            Kind::Null => JsonType::Null,
            Kind::Bool => JsonType::Boolean,
            Kind::Number => JsonType::Number,
            Kind::String => JsonType::String,
            Kind::Array => JsonType::Array,
            Kind::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self, expected) {
            (Self::Name(name), Value::String(expected)) => name == expected,
            (Self::Name(_), _) => false,
            (Self::Value(value), expected) => equals(*value, expected),
        }
    }

    /// For messages, and for comparing the elements of an array with each other.
    fn to_value(&self) -> Cow<'d, Value> {
        Cow::Owned(match self {
            Self::Value(value) => tree(*value),
            Self::Name(name) => Value::String((*name).to_owned()),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::Value(value) => Some(NodeIdentity::tagged(std::ptr::from_ref::<Tape>(value.tape) as usize, value.at)),
            // Names lie in a buffer that is used again.
            Self::Name(_) => None,
        }
    }
}

impl<'d> Object<'d, Document> for JsonRef<'d> {
    type Node = Judged<'d>;
    type MemberName = MemberName<'d>;
    type MembersIter = JudgedMembers<'d>;

    fn len(&self) -> usize {
        JsonRef::len(*self)
    }

    fn get(&self, key: &PreparedName) -> Option<Judged<'d>> {
        let named = |name: &Name<'d>| name.fingerprint() == key.fingerprint && name.is(&key.name);
        JsonRef::members(*self).find(|(name, _)| named(name)).map(|(_, value)| Judged::Value(value))
    }

    fn members(&self) -> JudgedMembers<'d> {
        JudgedMembers(JsonRef::members(*self))
    }
}

impl<'d> Array<'d, Document> for JsonRef<'d> {
    type Node = Judged<'d>;
    type ElementsIter = JudgedElements<'d>;

    fn len(&self) -> usize {
        JsonRef::len(*self)
    }

    fn elements(&self) -> JudgedElements<'d> {
        JudgedElements(JsonRef::elements(*self))
    }

    fn is_unique(&self) -> bool {
        let mut seen = HashSet::with_capacity(JsonRef::len(*self));
        JsonRef::elements(*self).all(|element| seen.insert(super::normalised(element)))
    }
}

/// A name as `jsonschema` takes it.
pub struct MemberName<'d>(Cow<'d, str>);

impl AsRef<str> for MemberName<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'d> From<MemberName<'d>> for Cow<'d, str> {
    fn from(name: MemberName<'d>) -> Self {
        name.0
    }
}

/// The members of an object.
pub struct JudgedMembers<'d>(Members<'d>);

impl<'d> Iterator for JudgedMembers<'d> {
    type Item = (MemberName<'d>, Judged<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (MemberName(name.as_str()), Judged::Value(value)))
    }
}

/// The elements of an array.
pub struct JudgedElements<'d>(Elements<'d>);

impl<'d> Iterator for JudgedElements<'d> {
    type Item = Judged<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(Judged::Value)
    }
}

/// A number as it stands in the document.
#[derive(Debug, Clone, Copy)]
pub struct Digits<'d>(&'d str);

impl JsonNumber for Digits<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest double that lies on the number's own side of every whole number: a bound that is one is judged exactly.
    fn as_f64(&self) -> Option<f64> {
        as_double(self.0)
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, Number> {
        let exact = self.as_u64().map(Number::from).or_else(|| self.as_i64().map(Number::from));
        Cow::Owned(exact.or_else(|| Number::from_f64(self.0.parse().ok()?)).unwrap_or_else(|| Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        is_integer(self.0)
    }
}

fn equals(value: JsonRef<'_>, expected: &Value) -> bool {
    match expected {
        Value::Null => value.is_null(),
        Value::Bool(expected) => value.as_bool() == Some(*expected),
        Value::Number(expected) => {
            let exact = |digits: &str| digits.parse::<bigdecimal::BigDecimal>().ok();
            value.as_number().is_some_and(|digits| exact(digits).is_some() && exact(digits) == exact(&expected.to_string()))
        }
        Value::String(expected) => value.as_sent().is_some_and(|text| text == expected.as_str()),
        Value::Array(expected) => {
            value.kind() == Kind::Array
                && value.len() == expected.len()
                && value.elements().zip(expected).all(|(element, expected)| equals(element, expected))
        }
        Value::Object(expected) => {
            let same = |(name, expected): (&String, &Value)| value.get(name).is_some_and(|member| equals(member, expected));
            value.kind() == Kind::Object && value.len() == expected.len() && expected.iter().all(same)
        }
    }
}

fn tree(value: JsonRef<'_>) -> Value {
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(value.text() == "true"),
        Kind::Number => Value::Number(Digits(value.text()).to_number().into_owned()),
        Kind::String => Value::String(value.as_sent().unwrap_or_default().into_owned()),
        Kind::Array => Value::Array(value.elements().map(tree).collect()),
        Kind::Object => Value::Object(value.members().map(|(name, member)| (name.as_str().into_owned(), tree(member))).collect()),
    }
}

/// A value as `jsonschema` takes it.
pub(crate) fn judged(value: JsonRef<'_>) -> Judged<'_> {
    Judged::Value(value)
}
