//! The files that a schema is made of: itself, and those that its `$ref`s name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::InvalidSchema;

/// Where the schema itself stands. Files that it refers to stand beside it: `syncline:///NAME`.
pub(super) const ROOT: &str = "syncline:///";

/// Keywords whose values are data, not schemas: a `$ref` in them refers to nothing.
const DATA: [&str; 5] = ["enum", "const", "default", "examples", "x-known"];

/// A schema and the files that it refers to, by name; the schema's own name is empty.
#[derive(Debug, Clone)]
pub(super) struct Documents(BTreeMap<String, Value>);

impl Documents {
    /// Loads every file that `schema` refers to, directly or not.
    pub(super) fn load(schema: &Value, load: &dyn Fn(&str) -> Result<Value, String>) -> Result<Self, InvalidSchema> {
        let mut documents = Self(BTreeMap::from([(String::new(), without_id(schema.clone()))]));
        let mut unread = vec![String::new()];
        while let Some(file) = unread.pop() {
            for reference in references(&documents.0[&file]) {
                let Some((target, _)) = split(&reference.target, &file) else { continue };
                if documents.0.contains_key(target) {
                    continue;
                }
                let invalid = |message| InvalidSchema { file: file.clone(), pointer: reference.pointer.clone(), message };
                if target.contains(':') {
                    return Err(invalid(format!(
                        "{target:?} is not a file beside the schema; nothing is fetched over a network"
                    )));
                }
                let document = load(target).map_err(|why| invalid(format!("cannot read {target:?}: {why}")))?;
                documents.0.insert(target.to_owned(), without_id(document));
                unread.push(target.to_owned());
            }
        }
        documents.resolve_all()?;
        Ok(documents)
    }

    fn resolve_all(&self) -> Result<(), InvalidSchema> {
        for (file, document) in &self.0 {
            for reference in references(document) {
                if self.resolve(file, &reference.target).is_none() && !reference.target.contains('%') {
                    let message = format!("{:?} leads nowhere", reference.target);
                    return Err(InvalidSchema { file: file.clone(), pointer: reference.pointer, message });
                }
            }
        }
        Ok(())
    }

    /// The schema itself.
    pub(super) fn root(&self) -> &Value {
        &self.0[""]
    }

    /// The subschema that a `$ref` in `file` names, and the file that it stands in.
    pub(super) fn resolve<'d>(&'d self, file: &'d str, target: &'d str) -> Option<(&'d str, &'d Value)> {
        let (file, pointer) = split(target, file)?;
        let (file, document) = self.0.get_key_value(file)?;
        Some((file, document.pointer(pointer)?))
    }
}

/// Answers `jsonschema` from the files that were loaded.
impl jsonschema::Retrieve for Documents {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let file = uri.as_str().strip_prefix(ROOT).and_then(|file| self.0.get(file));
        file.cloned().ok_or_else(|| format!("{uri} is not among the files of this schema").into())
    }
}

/// The file and the pointer in it that a `$ref` in `file` names. `None` for an anchor.
fn split<'d>(target: &'d str, file: &'d str) -> Option<(&'d str, &'d str)> {
    let (named, pointer) = target.split_once('#').unwrap_or((target, ""));
    let file = if named.is_empty() { file } else { named.strip_prefix("./").unwrap_or(named) };
    (pointer.is_empty() || pointer.starts_with('/')).then_some((file, pointer))
}

/// A file is known by its name: an `$id` would make its references relative to an address.
fn without_id(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.remove("$id");
    }
    schema
}

/// A `$ref`, and where it stands.
struct Reference {
    pointer: String,
    target: String,
}

fn references(schema: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(schema, "", &mut found);
    found
}

fn collect(schema: &Value, pointer: &str, found: &mut Vec<Reference>) {
    match schema {
        Value::Object(members) => collect_members(members, pointer, found),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect(element, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn collect_members(members: &Map<String, Value>, pointer: &str, found: &mut Vec<Reference>) {
    for (name, member) in members {
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        match member {
            Value::String(target) if name == "$ref" => found.push(Reference { pointer: below, target: target.clone() }),
            _ if DATA.contains(&name.as_str()) => {}
            _ => collect(member, &below, found),
        }
    }
}
