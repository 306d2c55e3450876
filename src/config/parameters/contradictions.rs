//! Contradictions between parameters of which others are wrong: told only where they are certain.
//!
//! A value that was refused could have been meant as anything. So the step is built twice, with each refused value at its least and at
//! its greatest: what contradicts itself both times, in the same words, does so whatever was meant.

use serde_json::{Number, Value};
use transforms::{Entry, InvalidParameters, Surroundings};

use super::schema;

/// Which end of a range stands in for a value that was refused.
#[derive(Debug, Clone, Copy)]
enum End {
    Least,
    Greatest,
}

/// The contradictions between the good values of `given`, each at its path. `refused` are the paths of the others.
pub(super) fn between_good_values(
    entry: &Entry,
    schema: &Value,
    given: &Value,
    refused: &[Vec<String>],
    surroundings: &Surroundings,
) -> Vec<InvalidParameters> {
    // Of what is wrong as a whole no part can be judged.
    if refused.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    let mut open = refused.to_vec();
    let mut found: Vec<InvalidParameters> = Vec::new();
    loop {
        let [least, greatest] = [End::Least, End::Greatest].map(|end| {
            let mut tried = given.clone();
            open.iter().for_each(|path| stand_in(&mut tried, schema, path, end));
            (entry.build)(&tried, surroundings).err()
        });
        let Some(certain) = least.filter(|least| Some(least) == greatest.as_ref()) else { return found };
        // Without a place it is no value's fault; at a value that was refused all is said.
        if certain.path.is_empty() || open.iter().any(|path| path.starts_with(&certain.path)) {
            return found;
        }
        // One contradiction hides those behind it: they are looked for with this value, too, left open.
        open.push(certain.path.clone());
        found.push(certain);
    }
}

/// Puts an end of its range in the place of a value; takes the value out where its schema has none. A list is taken out whole.
fn stand_in(given: &mut Value, schema: &Value, path: &[String], end: End) {
    let Some((name, above)) = path.split_last() else { return };
    let mut owner = given;
    for (depth, step) in above.iter().enumerate() {
        if owner.get(step).is_none_or(|below| !below.is_object()) {
            return stand_in(owner, &Value::Null, &above[depth..=depth], end);
        }
        owner = &mut owner[step];
    }
    let Value::Object(members) = owner else { return };
    match schema::at(schema, path).and_then(|schema| bound(schema, end)) {
        Some(bound) => members.insert(name.clone(), bound),
        None => members.remove(name),
    };
}

/// The least or the greatest value that a schema takes, as far as it says so.
fn bound(schema: &Value, end: End) -> Option<Value> {
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let option = match end {
            End::Least => options.first(),
            End::Greatest => options.last(),
        };
        return option.cloned();
    }
    let of_type = |wanted: &str| match schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    if of_type("integer") || of_type("number") {
        let (keyword, far) = match end {
            End::Least => ("minimum", i32::MIN),
            End::Greatest => ("maximum", i32::MAX),
        };
        return Some(schema.get(keyword).cloned().unwrap_or_else(|| Number::from(far).into()));
    }
    match end {
        End::Least if of_type("boolean") => Some(false.into()),
        End::Greatest if of_type("boolean") => Some(true.into()),
        _ if of_type("string") => Some("".into()),
        _ => None,
    }
}
