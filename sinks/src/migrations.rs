//! The sink's tables over time: steps forward, each with its reverse beside it.
//!
//! A step is a pair of files, `migrations/<database>/<number>_<name>.up.sql` and `.down.sql`, built into the program. What was applied
//! stands in the table `schema_migrations`. Each step runs in a transaction of its own: it is applied whole, or not at all.

use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind};

/// One step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// Its number; steps are applied in this order, without gaps.
    pub(crate) number: i64,
    /// What it makes.
    pub(crate) name: &'static str,
    /// Statements that make it.
    pub(crate) up: &'static str,
    /// Statements that unmake it.
    pub(crate) down: &'static str,
}

/// The steps of a database, from its folder: the same for all, by number and name, whatever they do there.
macro_rules! steps {
    ($database:literal) => {
        $crate::migrations::steps!($database;
            1 "0001_profiles", 2 "0002_engine", 3 "0003_records", 4 "0004_dashboards", 5 "0005_retention",
            6 "0006_outbox", 7 "0007_questions", 8 "0008_incarnations", 9 "0009_letters_by_record", 10 "0010_syncs",
            11 "0011_correlations")
    };
    ($database:literal; $($number:literal $file:literal),+) => {
        [$($crate::migrations::Migration {
            number: $number,
            // Without the number and what follows it.
            name: $file.split_at(5).1,
            up: include_str!(concat!("../../migrations/", $database, "/", $file, ".up.sql")),
            down: include_str!(concat!("../../migrations/", $database, "/", $file, ".down.sql")),
        }),+]
    };
}
pub(crate) use steps;

/// A step, and whether it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number, from 1.
    pub number: i64,
    /// What it makes.
    pub name: String,
    /// When it was applied, in database time; `None`: it is pending.
    pub applied_at: Option<DateTime<Utc>>,
}

/// What is applied and what is pending, in order, given what `schema_migrations` says.
///
/// # Errors
///
/// `Refused` when the database holds a step that this program does not know: a newer one made it.
pub(crate) fn status(known: &[Migration], applied: &[(i64, DateTime<Utc>)]) -> Result<Vec<MigrationStatus>, Fault> {
    if let Some((number, _)) = applied.iter().find(|(number, _)| known.iter().all(|step| step.number != *number)) {
        let what = format!("the database holds migration {number}, which this program does not know: use a newer one");
        return Err(Fault::new(FaultKind::Refused, what));
    }
    let at = |number| applied.iter().find(|(other, _)| *other == number).map(|(_, at)| *at);
    let of = |step: &Migration| MigrationStatus { number: step.number, name: step.name.to_owned(), applied_at: at(step.number) };
    Ok(known.iter().map(of).collect())
}
