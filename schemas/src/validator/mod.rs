//! A topic's schema, compiled: what judges a business payload, and reads the numbers that came as strings.
//!
//! A schema describes the payload *after* it was read: a field whose `type` takes a number but no string also takes a numeric
//! string, which becomes that number; an empty string in such a field, in a date (`format`) or in a closed set (`enum`, `const`)
//! becomes `null` (spec/1 §1). Ranges hold for both notations.
//!
//! The usual payload is judged in one walk over a small table made of the schema. Only where the walk is not certain that the
//! payload is valid, the `jsonschema` crate judges, and lists all that is wrong. Both read the document in place.

mod documents;
mod fields;
mod finding;
mod members;
mod part;
mod reading;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jsonschema::{Draft, ValidationError};
use serde_json::Value;

use self::documents::{Documents, ROOT};
use self::fields::Fields;
use crate::json::Document;
use crate::{Json, Tolerated, Violation};

/// A topic's schema, ready to judge payloads.
#[derive(Debug)]
pub struct Validator {
    event: Arc<str>,
    fields: Fields,
    judge: jsonschema::Validator<Document>,
}

/// Why a schema does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}#{pointer}: {message}", if file.is_empty() { "schema" } else { file })]
pub struct InvalidSchema {
    /// The file that is wrong, as the `$ref` names it; empty for the schema itself.
    pub file: String,
    /// JSON Pointer to what is wrong in it.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl Validator {
    /// Compiles a schema (JSON Schema 2020-12).
    ///
    /// `load` reads the file of that name beside the schema, for `$ref`s such as `customer.defs.json#/$defs/customerId`. Nothing is
    /// fetched over a network. `format` is not judged: dates that do not parse are counted.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema`] when a keyword's value is not what it may be, or a `$ref` leads nowhere.
    pub fn compile(schema: &Value, load: &dyn Fn(&str) -> Result<Value, String>) -> Result<Self, InvalidSchema> {
        let documents = Documents::load(schema, load)?;
        let event = match schema.get("x-event") {
            None => "",
            Some(Value::String(event)) => event,
            Some(_) => return Err(invalid("/x-event", "x-event names the event: a string")),
        };
        let judge = jsonschema::options_for::<Document>()
            .with_draft(Draft::Draft202012)
            .with_base_uri(ROOT)
            .with_retriever(documents.clone())
            .should_validate_formats(false)
            .build(documents.root())
            .map_err(|error| refused(&error))?;
        Ok(Self { event: event.into(), fields: Fields::of(&documents), judge })
    }

    /// Which event a payload is: the schema's `x-event`; empty where it has none.
    #[must_use]
    pub fn event(&self) -> &Arc<str> {
        &self.event
    }

    /// Judges a payload. Gives it as it is read, which is itself where nothing had to be read differently, and what was tolerated.
    ///
    /// # Errors
    ///
    /// Everything that is wrong. The pointers start at `payload`, and quote what was sent.
    pub fn check(&self, payload: &Json) -> Result<(Json, Tolerated), Vec<Violation>> {
        let reading = reading::read(&self.fields, self.fields.root(), payload.as_ref());
        // A text is replaced by null, or by a number that was parsed: what fails here is a payload that was not parsed by `decode`.
        let beyond =
            |malformed: crate::json::Malformed| vec![Violation { message: malformed.to_string(), ..Violation::default() }];
        let read = payload.edited(reading.edits).map_err(beyond)?;
        if reading.valid {
            return Ok((read, reading.tolerated));
        }
        let judged = crate::json::judged(read.as_ref());
        if self.judge.is_valid(judged.clone()) {
            return Ok((read, reading.tolerated));
        }
        Err(finding::violations(self.judge.iter_errors(judged), payload.as_ref()))
    }
}

fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> InvalidSchema {
    InvalidSchema { file: String::new(), pointer: pointer.into(), message: message.into() }
}

fn refused(error: &ValidationError<'_>) -> InvalidSchema {
    invalid(error.instance_path().as_str(), error.to_string())
}
