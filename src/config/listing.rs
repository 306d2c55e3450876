//! What a pipeline file may use, told by the same tables that check it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;
use transforms::{Entry, Shape};

use super::environment::Environment;
use super::grammar::{BROKERS, Kind, SINK, Table};
use super::parameters::{self, Parameter};

/// A transform, a broker or a sink, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// What the file calls it.
    pub name: String,
    /// One line on what it is.
    pub summary: String,
    /// Where a transform may stand; `None` for others.
    pub stands: Option<&'static str>,
    /// The ports of a transform that its `to:` leads to topics.
    pub ports: Vec<&'static str>,
    /// What it takes, with defaults.
    pub options: Vec<Parameter>,
}

/// The transforms of a catalogue, in its order.
#[must_use]
pub fn transforms(catalogue: &[Entry]) -> Vec<Described> {
    catalogue
        .iter()
        .map(|entry| Described {
            name: entry.name.to_owned(),
            summary: entry.summary.to_owned(),
            stands: Some(match entry.shape {
                Shape::Decode => "first, where a stage reads a broker's topics",
                Shape::Transform => "anywhere before steps that merge",
                Shape::Fold => "in a stage with a store",
                Shape::Derive => "in a stage with a store, after the steps that merge",
            }),
            ports: entry.ports.to_vec(),
            options: parameters::listed(entry),
        })
        .collect()
}

/// The brokers that `brokers:` may name.
#[must_use]
pub fn brokers() -> Vec<Described> {
    let described = |key: &super::grammar::Key| Described {
        name: key.name.to_owned(),
        summary: key.summary.to_owned(),
        stands: None,
        ports: Vec::new(),
        options: match key.kind {
            Kind::One(table) => options(table),
            _ => Vec::new(),
        },
    };
    BROKERS.keys.iter().map(described).collect()
}

/// The types that a sink under `sinks:` may have.
#[must_use]
pub fn sinks() -> Vec<Described> {
    let types = SINK.keys.iter().filter_map(|key| match key.kind {
        Kind::Choice(types) => Some((types, key.summary)),
        _ => None,
    });
    let described = |name: &str, summary: &str| Described {
        name: name.to_owned(),
        summary: summary.to_owned(),
        stands: None,
        ports: Vec::new(),
        options: options(&SINK),
    };
    types.flat_map(|(types, summary)| types.iter().map(move |name| described(name, summary))).collect()
}

fn options(table: &Table) -> Vec<Parameter> {
    let option = |key: &super::grammar::Key| {
        let (kind, default) = match &key.kind {
            Kind::Boolean { default } => ("boolean".to_owned(), Some(Value::from(*default))),
            Kind::Integer { default, min, max } => (format!("integer {min} to {max}"), Some(Value::from(*default))),
            Kind::Identifier { default } => ("name".to_owned(), Some(Value::from(*default))),
            Kind::Duration { default, .. } => ("duration".to_owned(), Some(Value::from(*default))),
            Kind::Size { default, .. } => ("size".to_owned(), Some(Value::from(*default))),
            Kind::Choice(known) => (known.join(" or "), None),
            Kind::Texts => ("list of texts".to_owned(), None),
            Kind::List(_) => ("list".to_owned(), None),
            Kind::TextsByName | Kind::One(_) | Kind::ByName(_) | Kind::Parameters => ("map".to_owned(), None),
            Kind::Version => ("integer".to_owned(), None),
            Kind::Text | Kind::Name | Kind::Transform => ("text".to_owned(), None),
        };
        Parameter { path: key.name.to_owned(), kind, default, description: key.summary.to_owned() }
    };
    table.keys.iter().map(option).collect()
}

/// The schemas that a pipeline file's topics name, each with its topics and the members of its events.
///
/// # Errors
///
/// When the pipeline file or a schema cannot be read.
pub fn schemas(pipeline: &Path, environment: &dyn Environment) -> io::Result<Vec<Described>> {
    let read = |path: &Path| {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        environment.read(path).map_err(named)
    };
    let invalid = |path: &Path, why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()));
    let file = super::written(&read(pipeline)?).map_err(|errors| invalid(pipeline, errors.to_string()))?;
    let mut topics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (topic, options) in file["topics"].as_object().into_iter().flatten() {
        if let Some(schema) = options["schema"].as_str() {
            topics.entry(schema).or_default().push(topic);
        }
    }
    let described = topics.into_iter().map(|(name, topics)| {
        let path = pipeline.with_file_name(name);
        let schema: Value = serde_json::from_str(&read(&path)?).map_err(|error| invalid(&path, error.to_string()))?;
        Ok(schema_of(name, &topics, &schema))
    });
    described.collect()
}

fn schema_of(name: &str, topics: &[&str], schema: &Value) -> Described {
    let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    let kind = |member: &Value| match (&member["type"], member["$ref"].as_str()) {
        (Value::String(one), _) => one.clone(),
        (Value::Array(several), _) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        (_, Some(to)) => to.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let member = |(path, member): (&String, &Value)| Parameter {
        path: path.clone(),
        kind: kind(member),
        default: None,
        description: text(member, "description"),
    };
    Described {
        name: name.to_owned(),
        summary: format!("{} On {}.", text(schema, "description"), topics.join(", ")),
        stands: None,
        ports: Vec::new(),
        options: schema["properties"].as_object().into_iter().flatten().map(member).collect(),
    }
}
