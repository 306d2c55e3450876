//! A schema as a table: at each place, what a value must be, and how a text there is read.
//!
//! Made of the schema's own keywords, so that nothing is said twice. The table knows the common keywords; where a schema uses
//! others, it says so ([`Field::ask`]) and the `jsonschema` crate is asked. Its *yes* is sure, everything else is not its business.

use serde_json::Value;

use super::documents::Documents;
use super::members::Members;
use super::table::Table;

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const NUMBER: Self = Self(8 | 4);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    const NONE: Self = Self(0);
    const ALL: Self = Self(127);

    /// Whether all of `types` are in the set.
    pub(super) fn contain(self, types: Self) -> bool {
        self.0 & types.0 == types.0
    }

    fn of(keyword: &Value) -> Option<Self> {
        let named = |name: &Value| match name.as_str()? {
            "null" => Some(Self::NULL),
            "boolean" => Some(Self::BOOLEAN),
            "integer" => Some(Self::INTEGER),
            "number" => Some(Self::NUMBER),
            "string" => Some(Self::STRING),
            "array" => Some(Self::ARRAY),
            "object" => Some(Self::OBJECT),
            _ => None,
        };
        match keyword {
            Value::Array(names) => names.iter().map(named).try_fold(Self::NONE, |set, types| Some(Self(set.0 | types?.0))),
            name => named(name),
        }
    }
}

/// What the table says of one place.
#[derive(Debug)]
pub(super) struct Field {
    /// The types that may stand here.
    pub(super) types: Types,
    /// The texts that may stand here, if they are a closed set.
    pub(super) closed: Option<Vec<String>>,
    /// The texts that are known, of an open set (`x-known`); others are counted.
    pub(super) known: Option<Vec<String>>,
    /// Whether a text here is a date.
    pub(super) date: bool,
    /// Whether a text here may hold no NUL.
    pub(super) without_nul: bool,
    /// The least number.
    pub(super) minimum: f64,
    /// The greatest number.
    pub(super) maximum: f64,
    /// How few characters a text may have.
    pub(super) least_characters: u64,
    /// How many characters a text may have.
    pub(super) most_characters: u64,
    /// The members that the schema names; `None` where it names none.
    pub(super) members: Option<Members>,
    /// The place of every element.
    pub(super) elements: Option<Place>,
    /// Whether the schema says more than this table can hold.
    pub(super) ask: bool,
}

impl Default for Field {
    fn default() -> Self {
        Self {
            types: Types::ALL,
            closed: None,
            known: None,
            date: false,
            without_nul: false,
            minimum: f64::NEG_INFINITY,
            maximum: f64::INFINITY,
            least_characters: 0,
            most_characters: u64::MAX,
            members: None,
            elements: None,
            ask: false,
        }
    }
}

impl Field {
    /// Whether a numeric string here is read as the number that it writes.
    pub(super) fn reads_numbers(&self) -> bool {
        self.types.contain(Types::INTEGER) && !self.types.contain(Types::STRING)
    }

    /// Whether `""` here means that there is nothing (spec/1 §1).
    pub(super) fn blank_is_absent(&self) -> bool {
        self.date || self.reads_numbers() || self.closed.as_ref().is_some_and(|closed| !closed.iter().any(String::is_empty))
    }
}

/// The index of a [`Field`] in its table.
pub(super) type Place = usize;

/// The pattern that the table understands: a text without NUL.
pub(super) const WITHOUT_NUL: &str = "^[^\\u0000]*$";

/// The table of a schema.
#[derive(Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    root: Place,
}

impl Fields {
    /// The table of the schema, its `$ref`s followed.
    pub(super) fn of(documents: &Documents) -> Self {
        let (fields, root) = Table::of(documents);
        Self { fields, root }
    }

    /// What is said of the whole payload.
    pub(super) fn root(&self) -> &Field {
        &self.fields[self.root]
    }

    /// What is said of a place.
    pub(super) fn at(&self, place: Place) -> &Field {
        &self.fields[place]
    }
}

impl Field {
    /// Takes in a keyword that speaks of the value itself. Returns whether the table holds all that it says.
    pub(super) fn understands(&mut self, keyword: &str, value: &Value) -> bool {
        match (keyword, value) {
            ("type", types) => Types::of(types).map(|types| self.types = Types(self.types.0 & types.0)).is_some(),
            ("enum", Value::Array(values)) => self.close(values),
            ("const", value) => self.close(std::slice::from_ref(value)),
            ("format", Value::String(format)) => {
                self.date |= matches!(format.as_str(), "date" | "date-time" | "date-or-date-time");
                true
            }
            ("pattern", Value::String(pattern)) => {
                self.without_nul |= pattern == WITHOUT_NUL;
                pattern == WITHOUT_NUL
            }
            ("minimum", limit) => limit.as_f64().map(|limit| self.minimum = self.minimum.max(limit)).is_some(),
            ("maximum", limit) => limit.as_f64().map(|limit| self.maximum = self.maximum.min(limit)).is_some(),
            ("minLength", limit) => {
                limit.as_u64().map(|limit| self.least_characters = self.least_characters.max(limit)).is_some()
            }
            ("maxLength", limit) => limit.as_u64().map(|limit| self.most_characters = self.most_characters.min(limit)).is_some(),
            ("x-known", Value::Array(values)) => {
                self.known = Some(texts(values));
                true
            }
            ("$schema" | "$comment" | "$defs" | "title" | "description" | "default" | "examples" | "deprecated", _) => true,
            (keyword, _) => keyword.starts_with("x-"),
        }
    }

    /// Takes in a closed set of values; only texts and null are understood.
    fn close(&mut self, values: &[Value]) -> bool {
        let mut types = Types::NONE;
        for value in values {
            match value {
                Value::Null => types = Types(types.0 | Types::NULL.0),
                Value::String(_) => types = Types(types.0 | Types::STRING.0),
                _ => return false,
            }
        }
        self.types = Types(self.types.0 & types.0);
        let values = texts(values);
        let both = |closed: Vec<String>| closed.into_iter().filter(|text| values.contains(text)).collect();
        self.closed = Some(self.closed.take().map_or_else(|| values.clone(), both));
        true
    }
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
