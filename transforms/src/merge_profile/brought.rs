//! The sections that an event brings (spec/2 §1, the table; spec/1 §3 for the containers).

use schemas::profile::{BASIC_FIELDS, Path, SectionName};
use schemas::{Json, JsonRef};

/// A section as an event brings it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Brought {
    pub(super) name: SectionName,
    pub(super) value: Json,
    pub(super) summary: Option<Json>,
}

/// Which member of the payload is which section.
type Containers = &'static [(&'static str, SectionName)];

const INSTITUTION_DATA: Containers = &[("specificData", SectionName::SpecificData)];
const IDENTIFICATION: Containers = &[("identification", SectionName::ExtendedProfile)];
const COMPLETE_PROFILE: Containers = &[
    ("companySpecificData", SectionName::CompanyProfile),
    ("institutionSpecificData", SectionName::SpecificData),
    ("extendedIdentification", SectionName::ExtendedProfile),
    ("complianceData", SectionName::RegulatoryProfile),
    ("performanceMetrics", SectionName::PerformanceMetrics),
    ("profileCompleteness", SectionName::ProducerCompleteness),
];
const COMPANY_PROFILE: Containers = &[
    ("companyProfile", SectionName::CompanyProfile),
    ("extendedProfile", SectionName::ExtendedProfile),
    ("profileCompleteness", SectionName::ProducerCompleteness),
];
const INSTITUTION_PROFILE: Containers = &[
    ("institutionProfile", SectionName::InstitutionProfile),
    ("regulatoryProfile", SectionName::RegulatoryProfile),
    ("profileCompleteness", SectionName::ProducerCompleteness),
];

/// The events that bring sections in containers; what carries it first, a digest of it after.
const CONTAINERS: [(&str, Containers); 5] = [
    ("institution_data", INSTITUTION_DATA),
    ("identification", IDENTIFICATION),
    ("company_profile", COMPANY_PROFILE),
    ("institution_profile", INSTITUTION_PROFILE),
    ("complete_profile", COMPLETE_PROFILE),
];

/// Where on the wire a place of the profile is written: the kinds of event that bring it, each with the path in its payload.
pub(crate) fn wire_places(place: &Path) -> Vec<(&'static str, Vec<&str>)> {
    let below = || place.below.iter().map(String::as_str);
    let behind = |names: &[&'static str]| names.iter().copied().chain(below()).collect::<Vec<&str>>();
    let container = place.section.as_str();
    match place.section {
        SectionName::Basic => {
            ["complete_profile", "company_profile", "institution_profile"].map(|kind| (kind, behind(&[]))).to_vec()
        }
        SectionName::Assets | SectionName::Stocks if place.below.first().is_some_and(|name| name == Path::SUMMARY) => {
            vec![(container, behind(&[]))]
        }
        SectionName::Assets | SectionName::Stocks => {
            let shared = ["complete_profile", "company_profile", "institution_profile"];
            let shared = shared.map(|kind| (kind, behind(&["patrimoine", container])));
            [(container, behind(&[container]))].into_iter().chain(shared).collect()
        }
        section => {
            let bringing = |(kind, table): (&'static str, Containers)| {
                let (member, _) = table.iter().find(|(_, brought)| *brought == section)?;
                Some((kind, behind(&[member])))
            };
            CONTAINERS.into_iter().filter_map(bringing).collect()
        }
    }
}

/// What an event of this kind brings; `None` for a kind that is not known.
pub(super) fn by(kind: &str, payload: &Json) -> Option<Vec<Brought>> {
    let brought = match kind {
        "institution_data" => containers(payload, INSTITUTION_DATA),
        "identification" => containers(payload, IDENTIFICATION),
        "assets" => lines(payload, SectionName::Assets),
        "stocks" => lines(payload, SectionName::Stocks),
        "complete_profile" => profile(payload, COMPLETE_PROFILE),
        "company_profile" => profile(payload, COMPANY_PROFILE),
        "institution_profile" => profile(payload, INSTITUTION_PROFILE),
        _ => return None,
    };
    Some(brought)
}

/// A complete or shared profile: the basic fields, the containers, the patrimony.
fn profile(payload: &Json, table: Containers) -> Vec<Brought> {
    let mut brought = vec![Brought { name: SectionName::Basic, value: basic(payload.as_ref()), summary: None }];
    brought.extend(containers(payload, table));
    if let Some(patrimony) = container(payload, "patrimoine") {
        for name in [SectionName::Assets, SectionName::Stocks] {
            if let Some(value) = container(&patrimony, name.as_str()) {
                brought.push(Brought { name, value, summary: totals(patrimony.as_ref(), name) });
            }
        }
    }
    brought
}

fn containers(payload: &Json, table: Containers) -> Vec<Brought> {
    let brought = |&(member, name)| container(payload, member).map(|value| Brought { name, value, summary: None });
    table.iter().filter_map(brought).collect()
}

/// An event of lines: the array named as its section, and `summary`.
fn lines(payload: &Json, name: SectionName) -> Vec<Brought> {
    let section = |value| Brought { name, value, summary: container(payload, "summary") };
    container(payload, name.as_str()).map(section).into_iter().collect()
}

/// The member, unless it is absent or null.
fn container(of: &Json, member: &str) -> Option<Json> {
    let inner = of.as_ref().get(member).filter(|value| !value.is_null())?;
    Some(of.share(inner))
}

/// The basic fields that the event has, as an object; an object without members where it has none of them.
fn basic(payload: JsonRef<'_>) -> Json {
    object(BASIC_FIELDS.iter().filter_map(|&field| Some((field, payload.get(field)?))))
}

/// What the patrimony says of its lines as a whole, by the names that the summaries of spec/1 §3.2 and §3.3 have.
fn totals(patrimony: JsonRef<'_>, lines: SectionName) -> Option<Json> {
    let (sent, total) = match lines {
        SectionName::Assets => ("totalAssetsValue", "totalValue"),
        _ => ("totalStockValue", "totalStockValue"),
    };
    let date = || patrimony.present("lastUpdateDate").or_else(|| patrimony.present("lastValuationDate"));
    let totals = [(total, patrimony.present(sent)), ("lastUpdateDate", date())];
    let totals: Vec<_> = totals.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    (!totals.is_empty()).then(|| object(totals.into_iter()))
}

/// An object of members as they were sent.
fn object<'d>(members: impl Iterator<Item = (&'static str, JsonRef<'d>)>) -> Json {
    let mut text = String::from("{");
    for (name, value) in members {
        if text.len() > 1 {
            text.push(',');
        }
        text.extend(["\"", name, "\":", value.text()]);
    }
    text.push('}');
    Json::parse_own(&text).expect("values of a document, under names without escapes, no deeper than they were")
}
