//! A section: a part of the profile that one event writes whole.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::json::{canonical, normalised};
use crate::{Json, Origin};

/// The fields of the basic section, in the order of spec/2 §1.
pub const BASIC_FIELDS: [&str; 9] =
    ["name", "email", "phone", "logo", "address", "status", "accountType", "createdAt", "updatedAt"];

/// The sections, in the order of spec/2 §1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SectionName {
    /// name, email, phone, logo, address, status, accountType, createdAt, updatedAt
    Basic,
    /// A company's profile.
    CompanyProfile,
    /// An institution's shared profile.
    InstitutionProfile,
    /// An institution's specialised data, the 70+ fields.
    SpecificData,
    /// A company's identification form.
    ExtendedProfile,
    /// An institution's regulatory profile.
    RegulatoryProfile,
    /// The lines of the assets, with the producer's summary.
    Assets,
    /// The lines of the stocks, with the producer's summary.
    Stocks,
    /// Performance metrics, as sent.
    PerformanceMetrics,
    /// The producer's own completeness, as sent.
    ProducerCompleteness,
}

impl SectionName {
    /// Every section.
    pub const ALL: [Self; 10] = [
        Self::Basic,
        Self::CompanyProfile,
        Self::InstitutionProfile,
        Self::SpecificData,
        Self::ExtendedProfile,
        Self::RegulatoryProfile,
        Self::Assets,
        Self::Stocks,
        Self::PerformanceMetrics,
        Self::ProducerCompleteness,
    ];

    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::CompanyProfile => "companyProfile",
            Self::InstitutionProfile => "institutionProfile",
            Self::SpecificData => "specificData",
            Self::ExtendedProfile => "extendedProfile",
            Self::RegulatoryProfile => "regulatoryProfile",
            Self::Assets => "assets",
            Self::Stocks => "stocks",
            Self::PerformanceMetrics => "performanceMetrics",
            Self::ProducerCompleteness => "producerCompleteness",
        }
    }

    /// Whether the content is lines, with a summary beside them.
    #[must_use]
    pub fn has_summary(self) -> bool {
        matches!(self, Self::Assets | Self::Stocks)
    }

    /// The section of that name in JSON.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == name)
    }
}

/// A set of sections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SectionSet(u16);

impl SectionSet {
    /// Whether the section is one of them.
    #[must_use]
    pub fn contains(self, name: SectionName) -> bool {
        self.0 & (1 << name as u16) != 0
    }
}

impl FromIterator<SectionName> for SectionSet {
    fn from_iter<I: IntoIterator<Item = SectionName>>(names: I) -> Self {
        Self(names.into_iter().fold(0, |set, name| set | 1 << name as u16))
    }
}

/// Who wrote something, and when: the event's time, identity and origin.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// The event time.
    pub at: DateTime<Utc>,
    /// The event's identity.
    pub event_id: Arc<str>,
    /// Where the event was read.
    pub origin: Origin,
}

impl Stamp {
    /// Orders two writers of equal content at one time, so that which one is remembered does not depend on the order either: the
    /// smaller is, so a repeat at a later offset changes nothing.
    pub(super) fn identity(&self) -> (&str, &Origin) {
        (&self.event_id, &self.origin)
    }
}

/// A section's content and its stamp.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Who wrote it.
    pub stamp: Stamp,
    /// The content; for assets and stocks, the array of lines.
    pub value: Json,
    /// The producer's summary, beside the lines of assets and stocks.
    pub summary: Option<Json>,
}

impl Section {
    /// Which of two sections stands: the later; of one time, the greater content (see [`compare_content`]); of one content, the
    /// greater summary; of one summary, the one whose writer's identity is smaller. `Greater`: `self` stands.
    ///
    /// A total preorder: `Equal` only for two copies of what one event wrote, be one of them in another notation. So the greatest of
    /// any number of sections is the same however they are compared.
    fn compare(&self, other: &Self) -> Ordering {
        (self.stamp.at.cmp(&other.stamp.at))
            .then_with(|| compare_content(&self.value, &other.value))
            .then_with(|| self.compare_summary(other))
            .then_with(|| other.stamp.identity().cmp(&self.stamp.identity()))
    }

    fn compare_summary(&self, other: &Self) -> Ordering {
        if self.summary == other.summary {
            return Ordering::Equal;
        }
        let text = |section: &Self| section.summary.as_ref().map(|summary| normalised(summary.as_ref()));
        text(self).cmp(&text(other))
    }
}

/// Orders two contents of one time: by the SHA-256 of the canonical JSON (RFC 8785); of one hash, by the normalised text, which tells
/// apart numbers that are one double (spec/1 §1, `architecture.md` rule 3). Not by the notation: 1.50 equals 1.5.
///
/// What is hashed is the content alone: of assets and stocks the array of lines, without the summary; of the basic section the fields
/// that the event brought, a null one too.
pub(super) fn compare_content(left: &Json, right: &Json) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let hash = |content: &Json| Sha256::digest(canonical(content.as_ref()));
    let text = |content: &Json| normalised(content.as_ref());
    hash(left).cmp(&hash(right)).then_with(|| text(left).cmp(&text(right)))
}

/// The sections that exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sections([Option<Section>; SectionName::ALL.len()]);

impl Sections {
    /// The section, if an event wrote it.
    #[must_use]
    pub fn get(&self, name: SectionName) -> Option<&Section> {
        self.0[name as usize].as_ref()
    }

    /// The sections that exist, in the order of [`SectionName::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (SectionName, &Section)> {
        SectionName::ALL.into_iter().filter_map(|name| self.get(name).map(|section| (name, section)))
    }

    /// Whether no event wrote any section.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Joins one section; the greater of the two stands. Returns whether it changed.
    pub fn join(&mut self, name: SectionName, section: Section) -> bool {
        let slot = &mut self.0[name as usize];
        let newer = slot.as_ref().is_none_or(|own| own.compare(&section) == Ordering::Less);
        if newer {
            *slot = Some(section);
        }
        newer
    }
}

impl IntoIterator for Sections {
    type Item = (SectionName, Section);
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(SectionName::ALL.into_iter().zip(self.0).filter_map(|(name, section)| section.map(|section| (name, section))))
    }
}
