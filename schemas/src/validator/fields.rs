//! A schema as a table: at each place, what a value must be, and how a text there is read.
//!
//! Made of the schema's own keywords, so that nothing is said twice. The table knows the common keywords; where a schema uses
//! others, it says so ([`Field::ask`]) and the `jsonschema` crate is asked. Its *yes* is sure, everything else is not its business.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::documents::Documents;
use crate::json;

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

/// The members that a schema names.
#[derive(Debug)]
pub(super) struct Members {
    named: Vec<Member>,
    /// Open addressing: a member's index plus one, or 0, at its fingerprint or in one of the slots after it.
    slots: Box<[u32]>,
    /// How many of them must be there.
    pub(super) required: usize,
    /// Whether the schema has `properties`: members that it does not name are then unknown.
    pub(super) listed: bool,
}

/// A member that a schema names.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    fingerprint: u32,
    pub(super) required: bool,
    /// `None` where the schema says nothing of its value.
    pub(super) place: Option<Place>,
}

impl Members {
    fn new(named: Vec<Member>, listed: bool) -> Self {
        let mut slots = vec![0; (named.len() * 2).next_power_of_two().max(2)].into_boxed_slice();
        let mask = slots.len() - 1;
        for (index, member) in (1..).zip(&named) {
            let mut slot = member.fingerprint as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = index;
        }
        let required = named.iter().filter(|member| member.required).count();
        Self { named, slots, required, listed }
    }

    /// The member of that name.
    pub(super) fn find(&self, name: json::Name<'_>) -> Option<&Member> {
        let (print, mask) = (name.fingerprint(), self.slots.len() - 1);
        let mut slot = print as usize & mask;
        loop {
            let index = (self.slots[slot] as usize).checked_sub(1)?;
            let member = &self.named[index];
            if member.fingerprint == print && name.is(&member.name) {
                return Some(member);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// The table of a schema.
#[derive(Debug)]
pub(super) struct Fields {
    fields: Vec<Field>,
    root: Place,
}

impl Fields {
    /// The table of the schema, its `$ref`s followed.
    pub(super) fn of(documents: &Documents) -> Self {
        let mut table = Table { documents, fields: Vec::new(), places: HashMap::new() };
        let root = table.place(vec![("", documents.root())]);
        Self { fields: table.fields, root }
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

/// Schemas that all hold at one place, each with the file that it stands in.
type Schemas<'d> = Vec<(&'d str, &'d Value)>;

struct Table<'d> {
    documents: &'d Documents,
    fields: Vec<Field>,
    /// The places that were made, by the addresses of the schemas that hold there: a recursive schema comes back to its place.
    places: HashMap<Vec<usize>, Place>,
}

/// What is gathered from the schemas that hold at one place.
#[derive(Default)]
struct Gathered<'d> {
    field: Field,
    members: BTreeMap<&'d str, (bool, Schemas<'d>)>,
    names_members: bool,
    elements: Schemas<'d>,
}

impl<'d> Table<'d> {
    /// The place where all these schemas hold.
    fn place(&mut self, schemas: Schemas<'d>) -> Place {
        let mut key: Vec<usize> = schemas.iter().map(|(_, schema)| std::ptr::from_ref(*schema) as usize).collect();
        key.sort_unstable();
        key.dedup();
        if let Some(&place) = self.places.get(&key) {
            return place;
        }
        let place = self.fields.len();
        self.fields.push(Field::default());
        self.places.insert(key, place);
        let mut gathered = Gathered::default();
        let mut followed = Vec::new();
        for (file, schema) in schemas {
            self.gather(file, schema, &mut gathered, &mut followed);
        }
        self.fields[place] = self.field(gathered);
        place
    }

    fn field(&mut self, gathered: Gathered<'d>) -> Field {
        let mut field = gathered.field;
        if gathered.names_members || !gathered.members.is_empty() {
            let named = gathered.members.into_iter().map(|(name, (required, schemas))| {
                let place = schemas.iter().any(|(_, schema)| says_something(schema)).then(|| self.place(schemas));
                Member { name: name.to_owned(), fingerprint: json::fingerprint(name.as_bytes()), required, place }
            });
            let named: Vec<Member> = named.collect();
            field.members = Some(Members::new(named, gathered.names_members));
        }
        if gathered.elements.iter().any(|(_, schema)| says_something(schema)) {
            field.elements = Some(self.place(gathered.elements));
        }
        field
    }

    fn gather(&self, file: &'d str, schema: &'d Value, into: &mut Gathered<'d>, followed: &mut Vec<&'d Value>) {
        match schema {
            Value::Bool(true) => {}
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    self.keyword(file, (keyword, value), into, followed);
                }
            }
            _ => into.field.ask = true,
        }
    }

    fn keyword(
        &self,
        file: &'d str,
        (keyword, value): (&'d str, &'d Value),
        into: &mut Gathered<'d>,
        followed: &mut Vec<&'d Value>,
    ) {
        match (keyword, value) {
            ("$ref", Value::String(target)) => match self.documents.resolve(file, target) {
                Some((file, schema)) if !followed.iter().any(|other| std::ptr::eq(*other, schema)) => {
                    followed.push(schema);
                    self.gather(file, schema, into, followed);
                }
                Some(_) => {}
                None => into.field.ask = true,
            },
            ("allOf", Value::Array(schemas)) => schemas.iter().for_each(|schema| self.gather(file, schema, into, followed)),
            ("properties", Value::Object(members)) => {
                into.names_members = true;
                for (name, schema) in members {
                    into.members.entry(name).or_default().1.push((file, schema));
                }
            }
            ("required", Value::Array(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    into.members.entry(name).or_default().0 = true;
                }
            }
            ("items", schema) => into.elements.push((file, schema)),
            _ => into.field.ask |= !into.field.understands(keyword, value),
        }
    }
}

impl Field {
    /// Takes in a keyword that speaks of the value itself. Returns whether the table holds all that it says.
    fn understands(&mut self, keyword: &str, value: &Value) -> bool {
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

/// Whether a schema has any keyword that matters to the value.
fn says_something(schema: &Value) -> bool {
    let Value::Object(keywords) = schema else { return schema != &Value::Bool(true) };
    let silent = |keyword: &String| matches!(keyword.as_str(), "title" | "description" | "examples" | "$comment" | "default");
    !keywords.keys().all(silent)
}
