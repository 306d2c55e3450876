//! `key:` and `columns:` of a sink: what its table's columns are called in this database.

use std::collections::BTreeMap;

use sinks::COLUMNS;

use super::super::draft::Place;
use super::super::error::{Finding, Report};
use super::super::fields::{Fields, check_identifier};
use super::super::suggest::did_you_mean;

/// The column that `key:` names, and not `columns:`.
const KEY: &str = "customer_id";

/// Our names to the database's, with the place where the new name is written. Every name is a plain identifier.
struct Renames(BTreeMap<&'static str, (String, Place)>);

/// The key's column and the renamed others: columns that the table has, and no name twice.
pub(super) fn check(fields: &Fields<'_>, report: &mut Report) -> (String, BTreeMap<String, String>) {
    let key = fields.identifier("key", report);
    let renames = Renames::read(fields, &key, report);
    renames.report_names_given_twice(report);
    let columns = renames.0.into_iter().filter(|(ours, _)| *ours != KEY);
    (key, columns.map(|(ours, (theirs, _))| (ours.to_owned(), theirs)).collect())
}

impl Renames {
    fn read(fields: &Fields<'_>, key: &str, report: &mut Report) -> Self {
        let mut renames = BTreeMap::new();
        if let Some(node) = fields.node("key") {
            renames.insert(KEY, (key.to_owned(), node.place.clone()));
        }
        for (member, theirs) in fields.texts_by_name("columns", report) {
            let Some(ours) = COLUMNS.map(|column| column.name).into_iter().find(|ours| *ours == member.name) else {
                let message = format!("the profiles' table has no column `{}`", member.name);
                let help = did_you_mean(&member.name, COLUMNS.map(|column| column.name), "");
                report.push(Finding::error(member.place.clone(), message).help(help));
                continue;
            };
            if !check_identifier(theirs.name, &theirs.place, report) {
                continue;
            }
            if ours == KEY {
                let finding = Finding::error(member.place.clone(), "the column of the customer's id is not renamed here");
                report.push(finding.help(format!("write `key: {}` beside `columns` instead", theirs.name)));
                continue;
            }
            renames.insert(ours, (theirs.name.to_owned(), theirs.place));
        }
        Self(renames)
    }

    /// SQLite compares names without regard to case, and a file is to mean the same in both databases.
    fn report_names_given_twice(&self, report: &mut Report) {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        // Columns that keep their names first: whoever is renamed to one of theirs is at fault.
        for kept in COLUMNS.map(|column| column.name).into_iter().filter(|ours| !self.0.contains_key(ours)) {
            taken.insert(kept.to_owned(), kept);
        }
        let mut renamed: Vec<_> = self.0.iter().collect();
        renamed.sort_by_key(|(_, (_, place))| place.span.start);
        for (ours, (theirs, place)) in renamed {
            if let Some(other) = taken.insert(theirs.to_ascii_lowercase(), ours) {
                let message = format!("the columns `{other}` and `{ours}` would both be called `{theirs}`");
                report.push(Finding::error(place.clone(), message).help("give each column a name of its own"));
            }
        }
    }
}
