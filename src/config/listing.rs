//! What a pipeline file may use, told by the same tables that check it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;
use transforms::{Entry, Shape};

use super::draft::{Content, Node, Place};
use super::environment::Environment;
use super::error::{ConfigErrors, Finding, Report};
use super::expand;
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
                Shape::Workflow => "in a stage with a store, between the steps that merge and those that compute",
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
            Kind::TextsByName | Kind::SettingsByName | Kind::One(_) | Kind::ByName(_) | Kind::Brokers(_) | Kind::Parameters => {
                ("map".to_owned(), None)
            }
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
/// Every schema that cannot be read; or that the pipeline file is no YAML.
pub fn schemas(pipeline: &Path, environment: &dyn Environment) -> Result<Vec<Described>, ConfigErrors> {
    let text = super::read(pipeline, environment)?;
    let mut file = super::parsed(pipeline, &text)?;
    // What is wrong elsewhere in the file is for `check` to tell.
    expand::expand(&mut file, pipeline.parent().unwrap_or(Path::new("")), environment, &mut Report::new());
    let mut topics: BTreeMap<&str, (&Place, Vec<&str>)> = BTreeMap::new();
    for topic in file.member("topics").map_or(&[][..], Node::members) {
        if let Some(Node { place, content: Content::Scalar(schema) }) = topic.value.member("schema") {
            topics.entry(&schema.text).or_insert((place, Vec::new())).1.push(&topic.name);
        }
    }
    let mut report = Report::new();
    let described = topics.into_iter().filter_map(|(name, (place, topics))| {
        let path = pipeline.with_file_name(name);
        let schema = environment.read(&path).and_then(|text| serde_json::from_str::<Value>(&text).map_err(io::Error::from));
        let unread = |error| {
            let message = format!("the schema {} cannot be read", path.display());
            report.push(Finding::error(place.clone(), message).cause(error).help("the path is relative to the pipeline file"));
        };
        schema.map_err(unread).ok().map(|schema| schema_of(name, &topics, &schema))
    });
    let described: Vec<_> = described.collect();
    if report.has_errors() { Err(ConfigErrors::new(pipeline, report.close(pipeline, &text))) } else { Ok(described) }
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
