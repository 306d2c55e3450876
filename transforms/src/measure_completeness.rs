//! How complete a profile is (spec/2 §2).
//!
//! Institution: six sections, and the percentage of complete ones; besides, how many of the contract's fields are present, by group.
//! Company: ten counted fields, and the identification form, which counts as five once it says it is complete.
//! Writes `completeness`; the percentage is 0 to 100, rounded half up.
//!
//! ```
//! use schemas::profile::SectionName::SpecificData;
//! use transforms::trial::Trial;
//!
//! let computed = Trial::default()
//!     .section(SpecificData, r#"{"denominationSociale": "IMF Espoir", "typeInstitution": "IMF", "siteWeb": "https://imf.example"}"#)
//!     .run(&["measure_completeness"]);
//! assert_eq!(computed.completeness.percentage, 33);
//! assert_eq!(computed.completeness.complete_sections, ["basic_info", "digital_presence"]);
//! ```

use schemars::JsonSchema;
use schemas::JsonRef;
use schemas::profile::{Band, Completeness, Computed, CustomerType, SectionName, View};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape};
use crate::contract::Fields;
use crate::parameters::{Parameters, Score, contradiction};
use crate::{Derive, InvalidParameters, Subject, field, form, parameters};

/// Parameters of `measure_completeness`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompletenessParams {
    /// Company: how many fields the extended identification form counts as; all of them when it is complete, else none.
    pub form_counts_as: Score,
    /// The band `complete` begins at this percentage.
    pub complete_from: Score,
    /// The band `partial` begins at this percentage; below it, `minimal`.
    pub partial_from: Score,
}

impl Default for CompletenessParams {
    fn default() -> Self {
        Self { form_counts_as: Score::new(5), complete_from: Score::new(90), partial_from: Score::new(50) }
    }
}

impl Parameters for CompletenessParams {
    fn check(&self) -> Result<(), InvalidParameters> {
        if self.partial_from > self.complete_from {
            return Err(contradiction(&["partial_from"], "`partial_from` must not be over `complete_from`"));
        }
        Ok(())
    }
}

/// Measures completeness: see the module.
pub(crate) struct MeasureCompleteness {
    params: CompletenessParams,
    fields: Fields,
}

/// The fields that a company's basic section is counted by.
const BASIC: [&str; 4] = ["name", "email", "phone", "address"];

/// The fields that a company's profile is counted by, then those that are sections of their own.
const COMPANY: [&str; 9] =
    ["legalForm", "industry", "rccm", "taxId", "activities", "capital", "owner", "associates", "locations"];

/// How many of [`COMPANY`] are counted.
const COUNTED: usize = 6;

/// An institution's sections: each complete when all groups of its list hold a present field.
const SECTIONS: [(&str, &[&[&str]]); 6] = [
    ("basic_info", &[&["denominationSociale"], &["typeInstitution"]]),
    ("legal_info", &[&["numeroAgrement"], &["autoriteSupervision"]]),
    ("governance", &[&["conseilAdministration"], &["directionGenerale"]]),
    ("financial_info", &[&["capitalSocial"], &["totalBilan"]]),
    ("digital_presence", &[&["siteWeb", "servicesEnLigne"]]),
    ("compliance", &[&["certificationsISO", "rapportsConformite"]]),
];

/// The fields whose absence is named, in the order of the rules.
const CRITICAL: [&str; 7] = [
    "denominationSociale",
    "numeroAgrement",
    "autoriteSupervision",
    "typeInstitution",
    "capitalSocial",
    "totalBilan",
    "ratioSolvabilite",
];

impl MeasureCompleteness {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "measure_completeness",
        summary: "how complete a profile is, in percent, and what is missing",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(CompletenessParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: CompletenessParams) -> Self {
        Self { params, fields: Fields::new() }
    }

    fn institution(&self, view: &View) -> Completeness {
        let present = self.fields.present(&[view.get(SectionName::SpecificData), view.get(SectionName::InstitutionProfile)]);
        let (complete, incomplete): (Vec<_>, Vec<_>) =
            SECTIONS.iter().partition(|(_, all)| all.iter().all(|any| any.iter().any(|name| present.has(name))));
        Completeness {
            percentage: percentage(complete.len(), SECTIONS.len()),
            complete_sections: complete.iter().map(|(code, _)| *code).collect(),
            incomplete_sections: incomplete.iter().map(|(code, _)| *code).collect(),
            missing_fields: CRITICAL.into_iter().filter(|name| !present.has(name)).collect(),
            field_coverage: present.by_group(),
            ..Completeness::default()
        }
    }

    fn company(&self, view: &View) -> Completeness {
        let basic = field::pick_present(view.get(SectionName::Basic), BASIC);
        let company = field::pick_present(view.get(SectionName::CompanyProfile), COMPANY);
        let form = form::is_complete(view);
        let counted = || BASIC.iter().zip(basic).chain(COMPANY.iter().zip(company).take(COUNTED));
        let form_counts_as = usize::from(self.params.form_counts_as.get());
        let present = counted().filter(|(_, value)| value.is_some()).count() + if form { form_counts_as } else { 0 };
        let lines = |name| view.get(name).is_some_and(JsonRef::is_present);
        let [.., owner, associates, locations] = company;
        let sections = [
            ("owner", owner.is_some()),
            ("associates", associates.is_some()),
            ("locations", locations.is_some()),
            ("extended_identification", form),
            ("assets", lines(SectionName::Assets)),
            ("stocks", lines(SectionName::Stocks)),
        ];
        let of_state = |state| sections.iter().filter(move |(_, complete)| *complete == state).map(|(code, _)| *code).collect();
        Completeness {
            percentage: percentage(present, BASIC.len() + COUNTED + form_counts_as),
            complete_sections: of_state(true),
            incomplete_sections: of_state(false),
            missing_fields: counted().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect(),
            ..Completeness::default()
        }
    }
}

impl Derive for MeasureCompleteness {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let mut completeness = match subject.profile.customer_type() {
            CustomerType::FinancialInstitution => self.institution(subject.view),
            CustomerType::Pme => self.company(subject.view),
        };
        completeness.band = match completeness.percentage {
            percentage if percentage >= self.params.complete_from.get() => Band::Complete,
            percentage if percentage >= self.params.partial_from.get() => Band::Partial,
            _ => Band::Minimal,
        };
        computed.completeness = completeness;
    }
}

/// `part` of `whole` in percent, rounded half up. `part` is at most `whole`, and `whole` is not zero.
fn percentage(part: usize, whole: usize) -> u8 {
    u8::try_from((200 * part + whole) / (2 * whole)).unwrap_or(100)
}

#[cfg(test)]
mod tests;
