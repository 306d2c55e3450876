//! The table of an institution's fields (spec/1 §3.1), and which of them a profile has.

use std::collections::{BTreeMap, HashMap};

use schemas::JsonRef;
use schemas::profile::Coverage;

use crate::date;

/// The groups of the table with their fields, as the wire names them.
const GROUPS: [(&str, &[&str]); 10] = [
    (
        "legal",
        &[
            "denominationSociale",
            "sigleLegalAbrege",
            "numeroAgrement",
            "dateAgrement",
            "autoriteSupervision",
            "typeInstitution",
            "categorieInstitution",
            "numeroRCCM",
            "numeroNIF",
            "licencesSpeciales",
            "derniereInspection",
            "statut",
        ],
    ),
    (
        "activities",
        &[
            "activitesAutorisees",
            "servicesOfferts",
            "produitsBancaires",
            "servicesCredit",
            "servicesInvestissement",
            "servicesGarantie",
            "servicesTransactionnels",
            "servicesConseil",
        ],
    ),
    (
        "capital",
        &[
            "capitalSocial",
            "capitalMinimumReglementaire",
            "capitalLibere",
            "nombreActionnaires",
            "devise",
            "structureActionnariat",
            "principauxActionnaires",
        ],
    ),
    ("governance", &["conseilAdministration", "directionGenerale", "comitesSpecialises", "auditeurs"]),
    (
        "network",
        &[
            "siegeSocial",
            "agences",
            "pointsService",
            "reseauDistribution",
            "nombreAgences",
            "nombrePointsService",
            "nombreGuichetsAutomatiques",
            "zonesCouverture",
            "effectifTotal",
            "nombreCadres",
            "nombreAgentsOperationnels",
        ],
    ),
    (
        "financial",
        &[
            "chiffreAffaires",
            "totalBilan",
            "fondsPropreNets",
            "ratioSolvabilite",
            "ratioLiquidite",
            "provisions",
            "creancesDouteuses",
            "totalDepots",
            "totalCreditsOctroyes",
            "actifsSousGestion",
            "nombreClientsActifs",
            "notationCredit",
            "historiquePerformances",
        ],
    ),
    ("digital_presence", &["siteWeb", "plateformeDigitale", "servicesEnLigne", "applicationsMobiles", "presenceEnLigne"]),
    ("partnerships", &["partenairesStrategiques", "affiliationsInternationales", "reseauxCorrespondants"]),
    (
        "compliance",
        &[
            "certificationsISO",
            "certificationsObtenues",
            "auditExterne",
            "rapportsConformite",
            "accordsConformite",
            "documentsLegaux",
            "notesConformite",
            "indicateursRisque",
        ],
    ),
    (
        "strategy",
        &[
            "perspectivesStrategiques",
            "projetsDeveloppement",
            "investissementsPrevis",
            "contactsPrincipaux",
            "notesSpeciales",
            "validePar",
            "statutValidation",
        ],
    ),
];

/// Those of the fields that are dates.
const DATES: [&str; 2] = ["dateAgrement", "derniereInspection"];

/// The key of the sum over all groups, beside the groups' own.
const TOTAL: &str = "total";

/// Where each field stands in the table. Built once per step.
pub(crate) struct Fields(HashMap<&'static str, u32>);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).zip(0..).collect())
    }

    /// Which fields are present in at least one of these sections; one pass over each.
    pub(crate) fn present(&self, sections: &[Option<JsonRef<'_>>]) -> Present<'_> {
        let mut bits = 0;
        for (name, value) in sections.iter().flatten().flat_map(|section| section.members()) {
            let name = name.as_str();
            // A date that does not parse is absent for the rules (spec/1 §1).
            let is_there = value.is_present() && (!DATES.contains(&&*name) || date::day(value).is_some());
            if let Some(index) = self.0.get(&*name).filter(|_| is_there) {
                bits |= 1 << index;
            }
        }
        Present { fields: self, bits }
    }
}

/// A set of the table's fields: bit n is the table's nth field.
pub(crate) struct Present<'f> {
    fields: &'f Fields,
    bits: u128,
}

impl Present<'_> {
    /// Whether a field is in the set; one that is not in the table never is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.0.get(name).is_some_and(|index| self.bits & (1 << index) != 0)
    }

    /// How many fields of each group are in the set, and in total.
    pub(crate) fn by_group(&self) -> BTreeMap<&'static str, Coverage> {
        let mut coverage = BTreeMap::new();
        let mut total = Coverage::default();
        for ((group, names), bits) in GROUPS.iter().zip(group_bits()) {
            let of = Coverage { present: count((self.bits & bits).count_ones()), of: count(names.len()) };
            total.present += of.present;
            total.of += of.of;
            coverage.insert(*group, of);
        }
        coverage.insert(TOTAL, total);
        coverage
    }
}

/// For each group, the bits of its fields.
fn group_bits() -> impl Iterator<Item = u128> {
    let mut start = 0;
    GROUPS.iter().map(move |(_, names)| {
        let bits = ((1 << names.len()) - 1) << start;
        start += names.len();
        bits
    })
}

/// A count of fields, of which the table has under 128.
fn count(fields: impl TryInto<u16>) -> u16 {
    fields.try_into().unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Json;

    #[test]
    fn the_table_has_78_fields_each_once() {
        assert_eq!(Fields::new().0.len(), 78);
        assert_eq!(GROUPS.iter().map(|(_, names)| names.len()).sum::<usize>(), 78);
    }

    #[test]
    fn each_field_counts_for_its_own_group() {
        let fields = Fields::new();
        for (group, names) in GROUPS {
            for name in names {
                // A date, as two of them are.
                let section = Json::from_serialize(&HashMap::from([(name, "2026-02-28")]));
                let present = fields.present(&[Some(section.as_ref())]);
                assert!(present.has(name));
                let coverage = present.by_group();
                for (other, found) in coverage {
                    assert_eq!(found.present, u16::from(other == group || other == TOTAL), "{name} in {other}");
                }
            }
        }
    }

    #[test]
    fn a_date_that_does_not_parse_is_absent() {
        let fields = Fields::new();
        let section = |date: &str| Json::from_serialize(&serde_json::json!({"dateAgrement": date, "statut": "actif"}));
        let has = |date: &str| fields.present(&[Some(section(date).as_ref())]).has("dateAgrement");
        assert!(has("2026-02-28") && !has("2026-02-30") && !has("demain"));
        assert_eq!(DATES.iter().filter(|date| fields.0.contains_key(*date)).count(), DATES.len());
    }

    #[test]
    fn a_field_in_two_sections_counts_once_and_an_unknown_one_not_at_all() {
        let fields = Fields::new();
        let one = Json::from_serialize(&serde_json::json!({"siteWeb": "", "statut": "actif", "website": "x"}));
        let other = Json::from_serialize(&serde_json::json!({"siteWeb": "y", "statut": "actif"}));
        let present = fields.present(&[Some(one.as_ref()), None, Some(other.as_ref())]);
        assert_eq!(present.by_group()[TOTAL], Coverage { present: 2, of: 78 });
        assert!(!present.has("website"));
    }
}
