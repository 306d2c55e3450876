//! Reads the JSON Schema that a transform gives of its parameters: members, defaults, descriptions.

use serde_json::{Map, Value};
use transforms::Entry;

/// One parameter of a transform, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Member names from `with:` down, joined by dots.
    pub path: String,
    /// Its type and bounds, such as `number`, `integer 0 to 100`.
    pub kind: String,
    /// What it is when it is left out; `None` where it must be given.
    pub default: Option<Value>,
    /// What it means.
    pub description: String,
}

/// Every parameter of a transform, in the schema's order, down to the values.
#[must_use]
pub(in super::super) fn listed(entry: &Entry) -> Vec<Parameter> {
    let schema = (entry.parameters)().to_value();
    let defaults = completed(&schema, &Value::Object(Map::new()));
    let mut parameters = Vec::new();
    list(&schema, &schema, "", Some(&defaults), &mut parameters);
    parameters
}

fn list(root: &Value, schema: &Value, path: &str, default: Option<&Value>, parameters: &mut Vec<Parameter>) {
    for (name, member) in properties(root, schema) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let default = default.and_then(|default| default.get(name));
        let target = resolved(root, member);
        if properties(root, target).next().is_some() {
            list(root, target, &path, default, parameters);
            continue;
        }
        let description = [member, target].into_iter().find_map(|schema| schema.get("description")?.as_str());
        parameters.push(Parameter {
            path,
            kind: kind(root, member),
            default: default.cloned(),
            description: description.unwrap_or_default().to_owned(),
        });
    }
}

/// The parameters of the file laid over the defaults, member by member, as the transforms do it themselves.
pub(super) fn completed(schema: &Value, given: &Value) -> Value {
    complete(schema, schema, None, Some(given)).unwrap_or_default()
}

fn complete(root: &Value, schema: &Value, default: Option<&Value>, given: Option<&Value>) -> Option<Value> {
    // What is said beside a reference counts before what is said behind it.
    let default = default.or_else(|| [schema, resolved(root, schema)].into_iter().find_map(|schema| schema.get("default")));
    let value = given.or(default)?;
    let Value::Object(value) = value else { return Some(value.clone()) };
    let default = default.and_then(Value::as_object);
    let mut whole = default.cloned().unwrap_or_default();
    whole.extend(value.clone());
    for (name, member) in properties(root, schema) {
        let default = default.and_then(|default| default.get(name));
        if let Some(member) = complete(root, member, default, value.get(name)) {
            whole.insert(name.clone(), member);
        }
    }
    Some(Value::Object(whole))
}

/// The members that a map at this path may have, each with its type in words.
pub(super) fn members_at(root: &Value, path: &[String]) -> Vec<(String, String)> {
    let members = at(root, path).into_iter().flat_map(|schema| properties(root, schema));
    members.map(|(name, member)| (name.clone(), kind(root, member))).collect()
}

/// The names that a map at this path may have, where it takes no others; else none.
pub(super) fn closed_members_at(root: &Value, path: &[String]) -> Vec<String> {
    let closed = at(root, path).filter(|schema| schema.get("additionalProperties") == Some(&Value::Bool(false)));
    closed.into_iter().flat_map(|schema| properties(root, schema)).map(|(name, _)| name.clone()).collect()
}

/// What the schema says of the value at this path, references followed.
pub(super) fn at<'s>(root: &'s Value, path: &[String]) -> Option<&'s Value> {
    let below = path.iter().try_fold(root, |schema, name| {
        let found = properties(root, schema).find(|(member, _)| *member == name).map(|(_, member)| member);
        found.or_else(|| resolved(root, schema).get(if name.parse::<usize>().is_ok() { "items" } else { "additionalProperties" }))
    });
    below.map(|schema| resolved(root, schema))
}

/// The members of a schema of an object.
fn properties<'s>(root: &'s Value, schema: &'s Value) -> impl Iterator<Item = (&'s String, &'s Value)> {
    resolved(root, schema).get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Follows references inside the schema, and through "this or null".
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let mut at = schema;
    // As deep as a sane schema refers; a circle ends here too.
    for _ in 0..16 {
        if let Some(reference) = at.get("$ref").and_then(Value::as_str) {
            match root.pointer(reference.trim_start_matches('#')) {
                Some(target) => at = target,
                None => break,
            }
        } else if let Some(branch) = at
            .get("anyOf")
            .and_then(Value::as_array)
            .and_then(|branches| branches.iter().find(|branch| branch.get("type").and_then(Value::as_str) != Some("null")))
        {
            at = branch;
        } else {
            break;
        }
    }
    at
}

/// A type and its bounds, in words.
fn kind(root: &Value, schema: &Value) -> String {
    let target = resolved(root, schema);
    let of = |name: &str| [schema, target].into_iter().find_map(|schema| schema.get(name));
    if let Some(options) = of("enum").and_then(Value::as_array) {
        return options
            .iter()
            .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let name = match of("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("value").to_owned()
        }
        _ => "value".to_owned(),
    };
    let name = match name.as_str() {
        "object" => "map".to_owned(),
        "array" => "list".to_owned(),
        "string" => "text".to_owned(),
        _ => name,
    };
    match (of("minimum"), of("maximum")) {
        (Some(min), Some(max)) => format!("{name} {min} to {max}"),
        (Some(min), None) if min.as_f64() != Some(0.0) => format!("{name} from {min}"),
        (None, Some(max)) => format!("{name} to {max}"),
        _ => name,
    }
}
