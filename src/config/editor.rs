//! The JSON Schema that editors complete and explain the pipeline file with, written from the grammar and the catalogue.

use serde_json::{Map, Value, json};
use transforms::Entry;

use super::grammar::{IDENTIFIER_PATTERN, Key, Kind, NAME_PATTERN, PIPELINE, STEP, Table};

/// What any value may be instead: an expansion, whose type is known only when it is filled in.
const EXPANSION: &str = "expansion";

/// The schema (JSON Schema draft 7, the version that editors know best) of a pipeline file whose steps are of this catalogue.
#[must_use]
pub fn editor_schema(catalogue: &[Entry]) -> Value {
    let mut schema = table(&PIPELINE, catalogue);
    let mut definitions = Map::new();
    definitions.insert(
        EXPANSION.to_owned(),
        json!({"type": "string", "pattern": "\\$\\{", "description": "Filled in from the environment: ${NAME}, ${NAME:-default}, ${file:path}."}),
    );
    for entry in catalogue {
        parameters(entry, &mut definitions);
    }
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("A syncline pipeline");
    schema["definitions"] = Value::Object(definitions);
    schema
}

fn table(table: &Table, catalogue: &[Entry]) -> Value {
    let properties: Map<_, _> = table.keys.iter().map(|key| (key.name.to_owned(), property(key, catalogue))).collect();
    let required: Vec<_> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn property(key: &Key, catalogue: &[Entry]) -> Value {
    let mut schema = kind(&key.kind, catalogue);
    schema["description"] = json!(key.summary);
    schema
}

fn kind(kind: &Kind, catalogue: &[Entry]) -> Value {
    match kind {
        Kind::Version => json!({"const": 1}),
        Kind::Text => json!({"type": "string", "minLength": 1}),
        Kind::Name => or_expansion(json!({"type": "string", "pattern": NAME_PATTERN})),
        Kind::Identifier { default } => {
            with_default(or_expansion(json!({"type": "string", "pattern": IDENTIFIER_PATTERN})), json!(default))
        }
        Kind::Boolean { default } => with_default(or_expansion(json!({"type": "boolean"})), json!(default)),
        Kind::Integer { default, min, max } => {
            with_default(or_expansion(json!({"type": "integer", "minimum": min, "maximum": max})), json!(default))
        }
        Kind::Duration { default, .. } => {
            with_default(or_expansion(json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"})), json!(default))
        }
        Kind::Size { default, .. } => {
            with_default(or_expansion(json!({"type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"})), json!(default))
        }
        Kind::Choice(known) => or_expansion(json!({"enum": known})),
        Kind::Texts => json!({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}),
        Kind::TextsByName => json!({"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}),
        Kind::SettingsByName => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}})
        }
        Kind::One(below) => nullable(table(below, catalogue)),
        Kind::Brokers(kinds) => {
            let mut schema = table(kinds, catalogue);
            let named = kinds.keys.iter().filter_map(|key| match key.kind {
                Kind::One(below) => Some(table(below, catalogue)),
                _ => None,
            });
            let named = named.map(|mut below| {
                below["required"].as_array_mut().into_iter().for_each(|required| required.insert(0, json!("kind")));
                below
            });
            schema["additionalProperties"] = json!({"anyOf": named.collect::<Vec<_>>()});
            schema
        }
        Kind::List(below) if below.name == STEP.name => json!({"type": "array", "items": step(catalogue), "minItems": 1}),
        Kind::List(below) => json!({"type": "array", "items": table(below, catalogue), "minItems": 1}),
        Kind::ByName(below) => json!({"type": "object", "additionalProperties": nullable(table(below, catalogue))}),
        Kind::Parameters => json!({"type": ["object", "null"]}),
        Kind::Transform => {
            let known: Vec<_> =
                catalogue.iter().map(|entry| json!({"const": entry.name, "description": entry.summary})).collect();
            json!({"anyOf": known})
        }
    }
}

/// A step: what `with` and `to` take follows from `use`.
fn step(catalogue: &[Entry]) -> Value {
    let mut schema = table(&STEP, catalogue);
    let cases: Vec<_> = catalogue
        .iter()
        .map(|entry| {
            let ports: Map<_, _> = entry
                .ports
                .iter()
                .map(|port| ((*port).to_owned(), json!({"type": "string", "description": format!("The topic of `{port}`.")})))
                .collect();
            json!({
                "if": {"properties": {"use": {"const": entry.name}}, "required": ["use"]},
                "then": {
                    "properties": {
                        "with": {"$ref": format!("#/definitions/{}", entry.name)},
                        "to": {"type": "object", "properties": ports, "required": entry.ports, "additionalProperties": false},
                    },
                },
            })
        })
        .collect();
    schema["allOf"] = json!(cases);
    schema
}

/// Adds the schema of a transform's parameters, and those that it refers to, under names of their own.
fn parameters(entry: &Entry, definitions: &mut Map<String, Value>) {
    let mut schema = (entry.parameters)().to_value();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        for (name, mut below) in object.remove("$defs").and_then(|below| below.as_object().cloned()).unwrap_or_default() {
            adapt(&mut below, entry.name);
            definitions.insert(format!("{}.{name}", entry.name), below);
        }
    }
    adapt(&mut schema, entry.name);
    definitions.insert(entry.name.to_owned(), nullable(schema));
}

/// Points references to the definitions' new names, and lets every scalar be an expansion.
fn adapt(schema: &mut Value, owner: &str) {
    if let Some(below) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        below.values_mut().for_each(|schema| adapt(schema, owner));
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(keyword) {
            adapt(below, owner);
        }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        schema.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten().for_each(|schema| adapt(schema, owner));
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix("#/$defs/")) {
        // Draft 7 ignores what stands beside a reference.
        let target = json!([{"$ref": format!("#/definitions/{owner}.{name}")}]);
        if let Some(object) = schema.as_object_mut() {
            object.remove("$ref");
            object.insert("allOf".to_owned(), target);
        }
    }
    let scalar = match schema.get("type") {
        Some(Value::String(name)) => matches!(name.as_str(), "number" | "integer" | "boolean"),
        _ => schema.get("enum").is_some(),
    };
    if scalar {
        let bare = std::mem::take(schema);
        *schema = or_expansion(bare);
    }
}

/// The schema or an expansion; what explains it stays outside, where editors look for it.
fn or_expansion(mut schema: Value) -> Value {
    let mut outside = Map::new();
    if let Some(object) = schema.as_object_mut() {
        for keyword in ["description", "default", "title"] {
            outside.extend(object.remove_entry(keyword));
        }
    }
    outside.insert("anyOf".to_owned(), json!([schema, {"$ref": format!("#/definitions/{EXPANSION}")}]));
    Value::Object(outside)
}

fn with_default(mut schema: Value, default: Value) -> Value {
    schema["default"] = default;
    schema
}

/// Nothing written is an empty map.
fn nullable(mut schema: Value) -> Value {
    if schema.get("type").and_then(Value::as_str) == Some("object") {
        schema["type"] = json!(["object", "null"]);
    }
    schema
}
