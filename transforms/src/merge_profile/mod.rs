//! The profile that a customer's events make, section by section (spec/2 §1).
//!
//! In: normalised records of one customer, `kind` the event's name (`x-event` of the topic's schema), `value` the business payload. Out:
//! the profile. Each event replaces whole the sections that it brings, and no other; the later event time wins, whatever the order of
//! arrival. A section that is null was not brought; an empty object or array was.
//!
//! | event | sections |
//! |---|---|
//! | `institution_data` (spec/1 §3.1) | specificData |
//! | `assets` (§3.2), `stocks` (§3.3) | the lines, with the producer's summary |
//! | `identification` (§3.4) | extendedProfile |
//! | `complete_profile` (§3.5) | basic, and all that it carries but institutionProfile |
//! | `company_profile`, `institution_profile` (§3.7) | basic, and what they carry |
//! | `critical_sync` (§3.6) | none: overlays, or a change that waits for an administrator |
//! | `profile_updated` (§3.8), `sync_request` (§3.9) | none: they change no profile, and make none |
//!
//! Which of two contents of one event time stands: the greater SHA-256 of their canonical JSON (RFC 8785). What is hashed is the content
//! alone: the array of lines without the summary; the basic fields that the event brought, a null one as null.

mod brought;
mod critical_sync;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use schemas::json::canonical;
use schemas::profile::{CustomerType, Profile, Section, SectionName, Stamp, Stated};
use schemas::{JsonRef, Reason, Record, Reject};
use sha2::{Digest, Sha256};

pub(crate) use brought::wire_places;
pub use critical_sync::{decide, requested_overlays};
pub(crate) use critical_sync::{forbidden_field, too_many};

use crate::catalogue::{Entry, InvalidParameters, Shape, Step};
use crate::{Effects, Fold, Surroundings};
use brought::Brought;

/// Merges a customer's events into its profile. Takes no parameters.
///
/// Over all that it writes, waiting requests included: commutative, associative, idempotent.
///
/// ```
/// use schemas::profile::{Profile, SectionName};
/// use schemas::{Json, Origin, Record, Tolerated, TopicName};
/// use transforms::{Effects, Fold, MergeProfile};
///
/// let stocks = |id: &str, at: &str, lines: &str| Record {
///     key: Some("c-1".to_owned()),
///     value: Json::parse_own(&format!(r#"{{"customerId": "c-1", "stocks": {lines}}}"#)).expect("JSON"),
///     kind: "stocks".into(),
///     id: id.into(),
///     event_time: at.parse().expect("RFC 3339"),
///     timestamp: at.parse().expect("RFC 3339"),
///     origin: Origin { topic: TopicName::try_from("admin.customer.stocks.data").expect("a name"), partition: 0, offset: 0 },
///     correlation_id: None,
///     tolerated: Tolerated::default(),
/// };
/// let newer = stocks("e-2", "2026-03-02T08:00:00Z", "[]");
/// let older = stocks("e-1", "2026-03-01T08:00:00Z", r#"[{"id": "l-1", "nomProduit": "Farine"}]"#);
///
/// let mut profile = Profile::new("c-1");
/// let mut effects = Effects::default();
/// MergeProfile.fold(&mut profile, &newer, &mut effects)?;
/// MergeProfile.fold(&mut profile, &older, &mut effects)?; // comes late, and changes nothing
///
/// let section = profile.sections.get(SectionName::Stocks).expect("an event wrote it");
/// assert_eq!(section.value.as_ref().text(), "[]");
/// assert_eq!(&*section.stamp.event_id, "e-2");
/// assert!(effects.changed);
/// # Ok::<(), schemas::Reject>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MergeProfile;

impl MergeProfile {
    /// The catalogue's line.
    pub const ENTRY: Entry = Entry {
        name: "merge_profile",
        summary: "merges a customer's events into its profile, section by section",
        shape: Shape::Fold,
        ports: &[],
        parameters: || schemars::json_schema!({"type": "object", "properties": {}, "additionalProperties": false}),
        build,
    };
}

fn build(parameters: &serde_json::Value, _: &Surroundings) -> Result<Step, InvalidParameters> {
    let unknown = parameters.as_object().and_then(|with| with.keys().next());
    match unknown {
        None => Ok(Step::Fold(Box::new(MergeProfile))),
        Some(name) => Err(InvalidParameters {
            path: vec![name.clone()],
            message: format!("unknown parameter `{name}`: merge_profile takes none"),
        }),
    }
}

impl Fold for MergeProfile {
    /// A critical sync is remembered by its id and by what it says: two events under one id both count, whichever is first.
    fn effect_id(&self, record: &Record) -> Option<String> {
        (&*record.kind == "critical_sync").then(|| {
            // One request may be about several customers.
            let customer = record.key.as_deref().unwrap_or_default();
            let said = Sha256::digest(canonical(record.value.as_ref()));
            let hash: String = said.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{customer}\n{}\n{}\n{hash}", record.id, record.event_time.timestamp_micros())
        })
    }

    fn fold(&self, profile: &mut Profile, record: &Record, effects: &mut Effects) -> Result<(), Reject> {
        let changed = match &*record.kind {
            "profile_updated" | "sync_request" => return Ok(()),
            "critical_sync" => critical_sync::fold(profile, record, effects)?,
            kind => {
                let brought = brought::by(kind, &record.value).ok_or_else(|| {
                    Reject::new(Reason::Transform, "", format!("merge_profile does not know events of kind `{kind}`"))
                })?;
                let complete = kind == "complete_profile" && profile.completed_at(Some(record.event_time));
                write(profile, record, brought) || complete
            }
        };
        effects.changed |= changed || profile.version == 0;
        Ok(())
    }
}

/// Writes what the event brought. Returns whether any of it stands.
fn write(profile: &mut Profile, record: &Record, brought: Vec<Brought>) -> bool {
    let mut changed = state_version(profile, record);
    for Brought { name, value, summary } in brought {
        if name == SectionName::Basic {
            changed |= state_type(profile, record);
        }
        changed |= profile.join_section(name, Section { stamp: stamp(record), value, summary });
    }
    changed
}

/// Complete and shared profiles, which are those that bring a basic section, state the customer's type.
fn state_type(profile: &mut Profile, record: &Record) -> bool {
    let wire = record.value.as_ref().get("customerType").and_then(JsonRef::as_str);
    let stated = wire.and_then(|name| CustomerType::from_wire(&name));
    stated.is_some_and(|value| Stated::join(&mut profile.stated_type, Stated { at: record.event_time, value }))
}

/// Every event that writes anything states a data version.
fn state_version(profile: &mut Profile, record: &Record) -> bool {
    let value = record.value.as_ref().get("dataVersion").map_or_else(|| DEFAULT_VERSION.to_owned(), version);
    Stated::join(&mut profile.stated_version, Stated { at: record.event_time, value })
}

/// What an absent `dataVersion` means (spec/1 §5).
const DEFAULT_VERSION: &str = "2.1";

/// `"2.1"` and the number 2.1 are one version; so are 2.0 and what JavaScript writes for it, 2.
fn version(stated: JsonRef<'_>) -> String {
    match (stated.as_str(), stated.as_decimal()) {
        (Some(text), _) if !text.is_empty() => text.into_owned(),
        (_, Some(number)) => {
            let number = number.normalized();
            let decimals = number.fractional_digit_count().max(1);
            number.with_scale(decimals).to_plain_string()
        }
        _ => DEFAULT_VERSION.to_owned(),
    }
}

fn stamp(record: &Record) -> Stamp {
    Stamp { at: record.event_time, event_id: record.id.clone(), origin: record.origin.clone() }
}
