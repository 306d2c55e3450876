//! The new values of a critical sync (spec/1 §3.6), judged and read as the event would be that brings the section they land on.
//!
//! A value that the place's schema does not take is a violation of the record's (spec/1 §5): the whole event is refused, nothing of it
//! is applied or waits, and the dead letter can be mended and replayed (`docs/adr/0009-values-of-a-critical-sync.md`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemas::json::Kind;
use schemas::profile::{Path, SectionName};
use schemas::{Json, JsonRef, Tolerated, TopicName, Validator, Violation};

use crate::merge_profile::{forbidden_field, too_many, wire_places};

/// The one basic field that is an object (spec/1 §3.5); the others are plain values.
const ADDRESS: &str = "address";

/// How many violations of a critical sync are told one by one; as many as of any other record.
const VIOLATIONS_TOLD: usize = 1_000;

/// The schemas by which new values are judged.
pub(super) struct Changes {
    /// By the kind of event that each describes.
    schemas: BTreeMap<Arc<str>, Arc<Validator>>,
}

impl Changes {
    /// Judges by the schemas of these topics; of two that describe one kind of event, by that of the topic with the lesser name.
    pub(super) fn by(topics: &HashMap<TopicName, Arc<Validator>>) -> Self {
        let mut sorted: Vec<_> = topics.iter().collect();
        sorted.sort_unstable_by_key(|(topic, _)| topic.as_str());
        let mut schemas = BTreeMap::new();
        for (_, validator) in sorted {
            schemas.entry(Arc::clone(validator.event())).or_insert_with(|| Arc::clone(validator));
        }
        Self { schemas }
    }

    /// Judges every change's new value. Gives the payload with the values as they are read, and what was tolerated.
    ///
    /// A change of a place that no critical sync may set is left to `merge_profile`, which refuses it; beside a bad value it is told
    /// here.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the values; the pointers start at the payload.
    pub(super) fn check(&self, payload: &Json) -> Result<(Json, Tolerated), Vec<Violation>> {
        let mut edits = Vec::new();
        let mut tolerated = Tolerated::default();
        let mut violations = Vec::new();
        let (mut bad_values, mut untold) = (false, 0);
        if let Some(violation) = payload.as_ref().get("changes").and_then(too_many) {
            return Err(vec![violation]);
        }
        let changes = payload.as_ref().get("changes").into_iter().flat_map(JsonRef::elements);
        for (index, change) in changes.enumerate() {
            let Some(field) = change.get("field").and_then(JsonRef::as_str) else { continue };
            let path = match Path::from_wire(&field) {
                Ok(path) => path,
                Err(forbidden) => {
                    violations.push(forbidden_field(index, &forbidden));
                    continue;
                }
            };
            let value = change.get("newValue");
            // One without a new value asks for null.
            match self.value(&path, &value.map_or_else(|| Json::from_serialize(&()), |value| payload.share(value))) {
                Ok((read, more)) => {
                    tolerated += more;
                    let differs = value.filter(|value| value.text() != read.as_ref().text());
                    edits.extend(differs.map(|value| value.replace(read.as_ref().text())));
                }
                Err(found) => {
                    bad_values = true;
                    let left = VIOLATIONS_TOLD.saturating_sub(violations.len());
                    untold += found.len().saturating_sub(left);
                    violations.extend(found.into_iter().take(left).map(|violation| Violation {
                        pointer: format!("/changes/{index}/newValue{}", violation.pointer),
                        ..violation
                    }));
                }
            }
        }
        if untold > 0 {
            violations.push(Violation { message: format!("and {untold} more violations"), ..Violation::default() });
        }
        if bad_values {
            return Err(violations);
        }
        let beyond =
            |malformed: schemas::json::Malformed| vec![Violation { message: malformed.to_string(), ..Violation::default() }];
        Ok((payload.edited(edits).map_err(beyond)?, tolerated))
    }

    /// Judges one value by the first schema at hand of those that describe its place; where there is none, anything may stand there.
    fn value(&self, path: &Path, value: &Json) -> Result<(Json, Tolerated), Vec<Violation>> {
        // A null over a whole section takes away what shows of it: no event can say that, and it breaks no rule of what stands inside.
        if path.below.is_empty() && value.as_ref().is_null() {
            return Ok((value.clone(), Tolerated::default()));
        }
        if let Some(message) = misplaced_in_basic(path, value.as_ref()) {
            return Err(vec![Violation { message, ..Violation::default() }]);
        }
        for (kind, wire) in wire_places(path) {
            if let Some(validator) = self.schemas.get(kind) {
                return validator.check_at(&wire, value);
            }
        }
        Ok((value.clone(), Tolerated::default()))
    }
}

/// Why a value cannot be a basic field, or part of one: the schemas leave their types open, and only the address has members.
fn misplaced_in_basic(path: &Path, value: JsonRef<'_>) -> Option<String> {
    let field = path.below.first().filter(|field| path.section == SectionName::Basic && *field != ADDRESS)?;
    let is_container = matches!(value.kind(), Kind::Object | Kind::Array);
    (is_container || path.below.len() > 1).then(|| format!("the basic field `{field}` is one plain value, without members"))
}
