//! How a sink is opened, and the names that its SQL is written with.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use schemas::{Fault, FaultKind};

use crate::columns::COLUMNS;

/// The profiles' table, unless `table:` says otherwise.
pub const DEFAULT_TABLE: &str = "customer_detailed_profiles";

/// How a sink is opened, besides its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The pipeline's name: part of positions, leases, ids.
    pub pipeline: String,
    /// The profiles' table; default [`DEFAULT_TABLE`].
    pub table: String,
    /// Renamed columns of that table: our name to the database's.
    pub columns: BTreeMap<String, String>,
    /// Connections at most.
    pub connections: u32,
    /// How long a lease lasts unless renewed; default 2 s (`architecture.md`, rule 6).
    pub lease: Duration,
    /// How long a database server may take over one operation, such as writing a batch, before it counts as silent and the connection
    /// is given up; default 30 s.
    pub answer_timeout: Duration,
    /// About how many bytes of profiles, in JSON, one reading loads; default 48 MiB: 2,000 profiles of 24 KiB.
    pub loaded_bytes: u32,
}

impl Settings {
    /// The settings of a pipeline that renames nothing: eight connections, leases of two seconds, 48 MiB a reading.
    #[must_use]
    pub fn new(pipeline: impl Into<String>) -> Self {
        Self {
            pipeline: pipeline.into(),
            table: DEFAULT_TABLE.to_owned(),
            columns: BTreeMap::new(),
            connections: 8,
            lease: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(30),
            loaded_bytes: 48 << 20,
        }
    }

    /// The names for SQL: checked, quoted, with the renames applied.
    ///
    /// # Errors
    ///
    /// `Refused` when a name is no identifier, when `columns:` renames a column that does not exist, or gives two one name.
    pub(crate) fn names(&self) -> Result<Names, Fault> {
        let mut names = HashMap::from([("table", identifier("table", &self.table)?)]);
        if let Some(unknown) = self.columns.keys().find(|name| !COLUMNS.iter().any(|column| column.name == **name)) {
            return Err(refused(format!("columns: {DEFAULT_TABLE} has no column {unknown:?} to rename")));
        }
        let mut taken = BTreeMap::new();
        for column in COLUMNS.map(|column| column.name) {
            let name = self.columns.get(column).map_or(column, String::as_str);
            // Both databases compare the names of columns without regard to case somewhere: SQLite always does.
            if let Some(other) = taken.insert(name.to_ascii_lowercase(), column) {
                return Err(refused(format!("columns: {other} and {column} would both be named {name:?}")));
            }
            names.insert(column, identifier("column", name)?);
        }
        Ok(Names(names))
    }
}

/// Quoted identifiers by our names: the columns' own, and `table`.
#[derive(Debug, Clone)]
pub(crate) struct Names(HashMap<&'static str, String>);

impl Names {
    /// The SQL with every `{name}` replaced by the database's name, quoted.
    ///
    /// # Errors
    ///
    /// `Bug` when the text holds a name that is none of ours: a mistake in one of our own files.
    pub(crate) fn render(&self, sql: &str) -> Result<String, Fault> {
        let mut out = String::with_capacity(sql.len() + sql.len() / 4);
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let Some(quoted) = self.0.get(name) else {
                return Err(Fault::new(FaultKind::Bug, format!("a statement names {{{name}}}, which is no column of ours")));
            };
            out.push_str(before);
            out.push_str(quoted);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Quotes a name that is safe to stand in SQL: a letter or underscore, then at most 62 letters, digits or underscores.
fn identifier(what: &str, name: &str) -> Result<String, Fault> {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if begins && name.len() <= 63 && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(format!("\"{name}\""));
    }
    Err(refused(format!("{what} {name:?}: a name is a letter or _, then at most 62 letters, digits or _")))
}

fn refused(what: String) -> Fault {
    Fault::new(FaultKind::Refused, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn names_are_quoted_and_renamed() {
        let mut settings = Settings::new("p");
        settings.table = "Profiles".into();
        settings.columns.insert("customer_id".into(), "customerId".into());
        let names = settings.names().unwrap();
        assert_eq!(
            names.render("select {customer_id}, {version} from {table} where 1").unwrap(),
            r#"select "customerId", "version" from "Profiles" where 1"#
        );
        assert_eq!(names.render("select {custmer_id}").unwrap_err().kind(), FaultKind::Bug);
    }

    #[test]
    fn names_that_are_no_identifiers_are_refused() {
        for name in ["", "1a", "a b", "a\"; drop table x; --", "é", &"x".repeat(64)] {
            let mut settings = Settings::new("p");
            settings.table = name.into();
            assert_eq!(settings.names().unwrap_err().kind(), FaultKind::Refused, "{name:?}");
        }
    }

    #[test]
    fn renames_of_unknown_columns_and_clashes_are_refused() {
        for (from, to) in [("nmae", "nom"), ("name", "email"), ("name", "EMAIL")] {
            let mut settings = Settings::new("p");
            settings.columns.insert(from.into(), to.into());
            assert_eq!(settings.names().unwrap_err().kind(), FaultKind::Refused, "{from} -> {to}");
        }
    }
}
