//! The making of a table: from a schema, its `$ref`s followed and its `allOf`s joined, to the fields of every place.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::documents::Documents;
use super::fields::{Field, Place};
use super::members::{Member, Members};
use crate::json;

/// Schemas that all hold at one place, each with the file that it stands in.
type Schemas<'d> = Vec<(&'d str, &'d Value)>;

/// The table while it is made.
pub(super) struct Table<'d> {
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
    /// The fields of every place, and which place is the whole payload.
    pub(super) fn of(documents: &'d Documents) -> (Vec<Field>, Place) {
        let mut table = Self { documents, fields: Vec::new(), places: HashMap::new() };
        let root = table.place(vec![("", documents.root())]);
        (table.fields, root)
    }

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

/// Whether a schema has any keyword that matters to the value.
fn says_something(schema: &Value) -> bool {
    let Value::Object(keywords) = schema else { return schema != &Value::Bool(true) };
    let silent = |keyword: &String| matches!(keyword.as_str(), "title" | "description" | "examples" | "$comment" | "default");
    !keywords.keys().all(silent)
}
