//! The parameters of a step: judged by the catalogue's schema, completed with its defaults, and built.

mod contradictions;
mod schema;
mod spelling;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;
use transforms::{Entry, InvalidParameters, Step, Surroundings};

use super::draft::{Content, Node, Place};
use super::error::{Finding, Report};
use super::suggest;
pub use schema::Parameter;
pub(super) use schema::listed;

/// A step, built, with the parameters that it was built with.
pub(super) struct Built {
    pub(super) step: Step,
    /// Those of the file, completed with the defaults.
    pub(super) parameters: Value,
}

/// Builds a step. `with` is what stands below `with:`; `place` is where the step is named.
pub(super) fn build(
    entry: &Entry,
    with: Option<&Node>,
    place: &Place,
    surroundings: &Surroundings,
    report: &mut Report,
) -> Option<Built> {
    let empty = Node { place: place.clone(), content: Content::Map(Vec::new()) };
    let node = with.filter(|node| !node.is_null()).unwrap_or(&empty);
    let schema = (entry.parameters)().to_value();
    let judge = match jsonschema::validator_for(&schema) {
        Ok(judge) => judge,
        Err(error) => {
            let message = format!("the parameters of `{}` have a schema that does not compile", entry.name);
            report.push(Finding::error(place.clone(), message).cause(error).help("this is a mistake in the transform itself"));
            return None;
        }
    };
    let mut misspelt = Vec::new();
    let node = &spelling::corrected(&schema, node, &mut |path, member| misspelt.push((path.to_vec(), member.clone())));
    let subject = Subject { entry, schema: &schema, node };
    misspelt.iter().for_each(|(path, member)| subject.unknown(path, member.place.clone(), &member.name, report));
    let given = node.to_json();
    let mut refused = Vec::new();
    for error in judge.iter_errors(&given) {
        subject.report(&error, report);
        refused.extend(refused_paths(&error));
    }
    let invalid = if refused.is_empty() {
        match (entry.build)(&given, surroundings) {
            Ok(step) if misspelt.is_empty() => return Some(Built { step, parameters: schema::completed(&schema, &given) }),
            Ok(_) => Vec::new(),
            Err(first) => {
                let at = std::slice::from_ref(&first.path);
                let beside = contradictions::between_good_values(entry, &schema, &given, at, surroundings);
                [vec![first], beside].concat()
            }
        }
    } else {
        contradictions::between_good_values(entry, &schema, &given, &refused, surroundings)
    };
    invalid.iter().for_each(|invalid| subject.contradicts(invalid, report));
    None
}

/// The paths of what an error refuses.
fn refused_paths(error: &ValidationError<'_>) -> Vec<Vec<String>> {
    let at: Vec<String> = path_of(error);
    let below = |name: &String| [at.as_slice(), std::slice::from_ref(name)].concat();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(below).collect()
        }
        ValidationErrorKind::Required { property } => property.as_str().map(|name| below(&name.to_owned())).into_iter().collect(),
        _ => vec![at],
    }
}

/// Where the value stands that an error is about: member names and list indices from `with:` down.
fn path_of(error: &ValidationError<'_>) -> Vec<String> {
    error.instance_path().as_str().split('/').skip(1).map(unescaped).collect()
}

/// Whose parameters they are.
struct Subject<'s> {
    entry: &'s Entry,
    schema: &'s Value,
    node: &'s Node,
}

impl Subject<'_> {
    fn report(&self, error: &ValidationError<'_>, report: &mut Report) {
        let path = path_of(error);
        let at = self.node.nearest(&path);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().for_each(|name| self.unknown(&path, member_place(at, name), name, report));
            }
            // How a map that takes no members at all is refused.
            ValidationErrorKind::FalseSchema => {
                let Content::Map(members) = &at.content else { return self.refuse(at, &path, "must be left out", report) };
                members.iter().for_each(|member| self.unknown(&path, member.place.clone(), &member.name, report));
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let finding = Finding::error(at.place.clone(), format!("{} lacks the parameter `{name}`", self.named(&path)));
                report.push(finding.help(self.takes(&path, "")));
            }
            // A parameter that may be null, or of several shapes: the shape that fits best tells most.
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                let depth = |errors: &&Vec<ValidationError<'_>>| {
                    errors.iter().map(|error| error.instance_path().as_str().matches('/').count()).max().unwrap_or(0)
                };
                let best = context.iter().rev().filter(|errors| !only_null(errors)).max_by_key(depth);
                match best {
                    Some(errors) => errors.iter().for_each(|error| self.report(error, report)),
                    None => self.refuse(at, &path, "has a shape that is not known here", report),
                }
            }
            ValidationErrorKind::Type { kind } => self.refuse(at, &path, &format!("must be {}", types(kind)), report),
            ValidationErrorKind::Minimum { limit } => self.refuse(at, &path, &format!("must be at least {limit}"), report),
            ValidationErrorKind::Maximum { limit } => self.refuse(at, &path, &format!("must be at most {limit}"), report),
            ValidationErrorKind::ExclusiveMinimum { limit } => self.refuse(at, &path, &format!("must be over {limit}"), report),
            ValidationErrorKind::ExclusiveMaximum { limit } => self.refuse(at, &path, &format!("must be under {limit}"), report),
            ValidationErrorKind::Enum { options } => {
                let options = options.as_array().into_iter().flatten().map(Value::to_string).collect::<Vec<_>>().join(", ");
                self.refuse(at, &path, &format!("must be one of {options}"), report);
            }
            _ => self.refuse(at, &path, &format!("is wrong: {}", error.masked_with("it")), report),
        }
    }

    /// Reports a name that the map at this path does not take.
    fn unknown(&self, path: &[String], place: Place, name: &str, report: &mut Report) {
        let finding = Finding::error(place, format!("unknown parameter `{name}` of `{}`", self.entry.name));
        report.push(finding.help(self.takes(path, name)));
    }

    /// Reports what the step itself refuses.
    fn contradicts(&self, invalid: &InvalidParameters, report: &mut Report) {
        let path = invalid.path.join(".");
        let message = if path.is_empty() {
            format!("`{}` cannot be built: {}", self.entry.name, invalid.message)
        } else {
            format!("`{path}` of `{}`: {}", self.entry.name, invalid.message)
        };
        report.push(Finding::error(self.node.nearest(&invalid.path).place.clone(), message));
    }

    fn refuse(&self, at: &Node, path: &[String], rule: &str, report: &mut Report) {
        let message = format!("{} {rule}, found {}", self.named(path), at.described());
        report.push(Finding::error(at.place.clone(), message));
    }

    /// What a message calls the value at a path.
    fn named(&self, path: &[String]) -> String {
        match path {
            [] => format!("`with` of `{}`", self.entry.name),
            _ => format!("`{}` of `{}`", path.join("."), self.entry.name),
        }
    }

    /// What may stand at a path, and what of it was meant.
    fn takes(&self, path: &[String], name: &str) -> String {
        let members = schema::members_at(self.schema, path);
        let owner = path.last().map_or(self.entry.name, String::as_str);
        let takes = match members.as_slice() {
            [] => format!("`{owner}` takes no parameters"),
            members => {
                let described: Vec<_> = members.iter().map(|(name, kind)| format!("`{name}` ({kind})")).collect();
                format!("`{owner}` takes {}", described.join(", "))
            }
        };
        match suggest::nearest(name, members.iter().map(|(name, _)| name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`? {takes}"),
            None => takes,
        }
    }
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

fn member_place(node: &Node, name: &str) -> Place {
    let Content::Map(members) = &node.content else { return node.place.clone() };
    members.iter().find(|member| member.name == name).map_or_else(|| node.place.clone(), |member| member.place.clone())
}

/// Whether a branch says no more than that the value is not null.
fn only_null(errors: &[ValidationError<'_>]) -> bool {
    errors.iter().all(|error| matches!(error.kind(), ValidationErrorKind::Type { kind } if types(kind) == "null"))
}

fn types(kind: &TypeKind) -> String {
    let named = |name: &str| match name {
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "string" => "a text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a map".to_owned(),
        other => other.to_owned(),
    };
    match kind {
        TypeKind::Single(one) => named(&one.to_string()),
        TypeKind::Multiple(several) => {
            let names: Vec<_> = several.iter().map(|one| one.to_string()).filter(|name| name != "null").collect();
            names.iter().map(|name| named(name)).collect::<Vec<_>>().join(" or ")
        }
    }
}
