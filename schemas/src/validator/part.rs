//! A part of a payload, judged as it would be inside of one.

use super::fields::{Field, Types};
use super::{Validator, finding, reading};
use crate::json::{self, Malformed};
use crate::{Json, Tolerated, Violation};

/// A way down into a payload: for each name the container that it stands in.
struct Way<'p> {
    steps: Vec<Step<'p>>,
}

enum Step<'p> {
    Member(&'p str),
    Element,
}

/// What the schema says of the place at the end of a way.
enum Said<'f> {
    /// This.
    Field(&'f Field),
    /// Nothing. Whether that is because it lists the members there, and this is none of them.
    Nothing { unknown: bool },
}

impl Validator {
    /// Judges a value that is to stand at `path` below the payload, by what the schema says of that place alone: what else a payload
    /// must have is not asked for. An array's elements are named by their index, from 0. Where the schema says nothing, anything may
    /// stand.
    ///
    /// Gives the value as it is read, and what was tolerated, as [`Validator::check`] does.
    ///
    /// # Errors
    ///
    /// Everything that is wrong; the pointers start at the value. One violation where the schema lets nothing stand below a name of
    /// the path: a text has no members, and an array's elements have no names.
    pub fn check_at(&self, path: &[&str], value: &Json) -> Result<(Json, Tolerated), Vec<Violation>> {
        let (way, said) = self.lead(path).map_err(|violation| vec![violation])?;
        let field = match said {
            Said::Field(field) => field,
            Said::Nothing { unknown } => {
                return Ok((value.clone(), Tolerated { unknown_fields: u32::from(unknown), ..Tolerated::default() }));
            }
        };
        let reading = reading::read(&self.fields, field, value.as_ref());
        let beyond = |malformed: Malformed| vec![Violation { message: malformed.to_string(), ..Violation::default() }];
        let read = value.edited(reading.edits).map_err(beyond)?;
        if reading.valid {
            return Ok((read, reading.tolerated));
        }
        // The judge knows whole payloads only: it gets one that holds nothing else, and what it says of the value counts.
        let judged = Json::parse_own(&way.around(&read)).map_err(beyond)?;
        let sent = Json::parse_own(&way.around(value)).map_err(beyond)?;
        let pointer = way.pointer();
        let below = |at: &str| at.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let errors = self.judge.iter_errors(json::judged(judged.as_ref()));
        let mut violations = finding::violations(errors.filter(|error| below(error.instance_path().as_str())), sent.as_ref());
        if violations.is_empty() {
            return Ok((read, reading.tolerated));
        }
        for violation in &mut violations {
            // One that only counts the rest stands nowhere.
            if let Some(rest) = violation.pointer.strip_prefix(&pointer) {
                violation.pointer = rest.to_owned();
            }
        }
        Err(violations)
    }

    /// Follows the path from the payload's root as far as the schema says something.
    fn lead<'p>(&self, path: &[&'p str]) -> Result<(Way<'p>, Said<'_>), Violation> {
        let mut way = Way { steps: Vec::with_capacity(path.len()) };
        let mut field = self.fields.root();
        for name in path {
            let element = field.types.contain(Types::ARRAY) && json::index(name).is_some();
            let place = if element {
                way.steps.push(Step::Element);
                field.elements
            } else if field.types.contain(Types::OBJECT) {
                way.steps.push(Step::Member(name));
                let member = field.members.as_ref().and_then(|members| members.named(name));
                let Some(member) = member else {
                    let unknown = field.members.as_ref().is_some_and(|members| members.listed);
                    return Ok((way, Said::Nothing { unknown }));
                };
                member.place
            } else {
                let message = match field.types.contain(Types::ARRAY) {
                    true => format!("`{name}` is no index of the array that it is looked for in"),
                    false => format!("nothing may stand at `{name}`: what it is below is no container"),
                };
                return Err(Violation { message, ..Violation::default() });
            };
            let Some(place) = place else { return Ok((way, Said::Nothing { unknown: false })) };
            field = self.fields.at(place);
        }
        Ok((way, Said::Field(field)))
    }
}

impl Way<'_> {
    /// A payload that holds the value at the end of the way, and nothing else.
    fn around(&self, value: &Json) -> String {
        self.steps.iter().rev().fold(value.as_ref().text().to_owned(), |inner, step| match step {
            Step::Member(name) => format!("{{{}:{inner}}}", serde_json::Value::from(*name)),
            Step::Element => format!("[{inner}]"),
        })
    }

    /// The JSON Pointer to that value.
    fn pointer(&self) -> String {
        let name = |step: &Step<'_>| match step {
            Step::Member(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Element => "/0".to_owned(),
        };
        self.steps.iter().map(name).collect()
    }
}
