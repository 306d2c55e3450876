//! What critical syncs set, over the sections: each path with its own stamp (spec/2 §1).

use std::collections::BTreeMap;

use super::section::compare_content;
use super::{BASIC_FIELDS, SectionName, Stamp};
use crate::Json;
use crate::json::index;

/// The most names that a path may have, the section's included.
const MAX_NAMES: usize = 32;

/// A place in the profile: a section, and the member names below it. No names below: the section itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Path {
    /// The section.
    pub section: SectionName,
    /// Member names below it, outermost first; an array's elements are named by their index, from 0. Below assets and stocks, which
    /// are arrays, a first name [`Path::SUMMARY`] is the producer's summary beside the lines.
    pub below: Vec<String>,
}

/// Why a critical sync may not set a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenPath {
    /// Administrative, computed and sync fields, and what does not exist.
    #[error("`{0}` is neither a basic field nor in a section that events write")]
    NoSection(String),
    /// `a..b`, or a dot at an end.
    #[error("the path `{0}` has an empty name; write names with single dots between them")]
    EmptyName(String),
    /// Below assets or stocks, neither a line's index nor the summary.
    #[error("`{0}` names no line: write an index, 0 or digits without zeros before them, after `assets` or `stocks`")]
    NoLine(String),
    /// More names than any document has levels.
    #[error("the path has {0} names; at most {MAX_NAMES} are taken")]
    TooDeep(usize),
}

impl Path {
    /// The name below assets and stocks that means the summary.
    pub const SUMMARY: &str = "summary";

    /// The place that the `field` of a critical sync's change names (spec/1 §3.6): a basic field by its own name, or a section, by its
    /// name or by that of the container which brings it, and what is below it. A leading `profileData.` is dropped.
    ///
    /// ```
    /// use schemas::profile::{Path, SectionName};
    ///
    /// let path = Path::from_wire("profileData.patrimoine.assets.0.nom")?;
    /// assert_eq!((path.section, path.below), (SectionName::Assets, vec!["0".to_owned(), "nom".to_owned()]));
    /// assert_eq!(Path::from_wire("address.city")?.section, SectionName::Basic);
    /// assert!(Path::from_wire("adminStatus").is_err());
    /// # Ok::<(), schemas::profile::ForbiddenPath>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ForbiddenPath`] for a place that a critical sync may not set, or that is none.
    pub fn from_wire(field: &str) -> Result<Self, ForbiddenPath> {
        let path = field.strip_prefix("profileData.").unwrap_or(field);
        let names: Vec<&str> = path.split('.').collect();
        if names.len() > MAX_NAMES {
            return Err(ForbiddenPath::TooDeep(names.len()));
        }
        if names.iter().any(|name| name.is_empty()) {
            return Err(ForbiddenPath::EmptyName(field.to_owned()));
        }
        let (section, below) = Self::root(&names).ok_or_else(|| ForbiddenPath::NoSection(field.to_owned()))?;
        let line = below.first().filter(|name| section.has_summary() && **name != Self::SUMMARY);
        if line.is_some_and(|name| index(name).is_none()) {
            return Err(ForbiddenPath::NoLine(field.to_owned()));
        }
        Ok(Self { section, below: below.into_iter().map(str::to_owned).collect() })
    }

    /// The section that the first names mean, and the names that are left below it.
    fn root<'n>(names: &[&'n str]) -> Option<(SectionName, Vec<&'n str>)> {
        let with_summary = |rest: &[&'n str]| std::iter::once(Self::SUMMARY).chain(rest.iter().copied()).collect();
        match names {
            ["basic", field, ..] => BASIC_FIELDS.contains(field).then(|| (SectionName::Basic, names[1..].to_vec())),
            ["basic"] => None,
            [field, ..] if BASIC_FIELDS.contains(field) => Some((SectionName::Basic, names.to_vec())),
            ["patrimoine", "assets", rest @ ..] => Some((SectionName::Assets, rest.to_vec())),
            ["patrimoine", "stocks", rest @ ..] => Some((SectionName::Stocks, rest.to_vec())),
            ["assetsSummary", rest @ ..] | ["patrimoine", "assetsSummary", rest @ ..] => {
                Some((SectionName::Assets, with_summary(rest)))
            }
            ["stocksSummary", rest @ ..] | ["patrimoine", "stocksSummary", rest @ ..] => {
                Some((SectionName::Stocks, with_summary(rest)))
            }
            [container, rest @ ..] => Self::section_of(container).map(|section| (section, rest.to_vec())),
            [] => None,
        }
    }

    /// The section by its own name, or by that of a container that brings it on the wire.
    fn section_of(container: &str) -> Option<SectionName> {
        match container {
            "companySpecificData" => Some(SectionName::CompanyProfile),
            "institutionSpecificData" => Some(SectionName::SpecificData),
            "identification" | "extendedIdentification" => Some(SectionName::ExtendedProfile),
            "complianceData" => Some(SectionName::RegulatoryProfile),
            "profileCompleteness" => Some(SectionName::ProducerCompleteness),
            name => SectionName::from_wire(name),
        }
    }
}

/// A value set over a section.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Overlay {
    /// Who set it.
    pub stamp: Stamp,
    /// The value.
    pub value: Json,
}

impl Overlay {
    /// Joins an overlay into its slot, by the order of sections: time, hash, normalised text, identity. Returns whether it changed.
    pub fn join(overlays: &mut BTreeMap<Path, Self>, path: Path, other: Self) -> bool {
        let newer = overlays.get(&path).is_none_or(|own| {
            (own.stamp.at.cmp(&other.stamp.at))
                .then_with(|| compare_content(&own.value, &other.value))
                .then_with(|| other.stamp.identity().cmp(&own.stamp.identity()))
                .is_lt()
        });
        if newer {
            overlays.insert(path, other);
        }
        newer
    }
}
