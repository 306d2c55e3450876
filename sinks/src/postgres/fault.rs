//! What PostgreSQL's errors mean to the engine.

use schemas::{Fault, FaultKind};
use sqlx::Error;

/// The fault behind an error. `what` says what was being done.
pub(super) fn of(what: &str, error: Error) -> Fault {
    let code = error.as_database_error().and_then(|database| database.code()).unwrap_or_default();
    let kind = if code.is_empty() { without_code(&error) } else { of_sqlstate(&code) };
    let advice = advice(&code);
    let fault = Fault::caused(kind, format!("postgres: {what}"), error);
    match advice {
        Some(advice) => fault.advise(advice),
        None => fault,
    }
}

/// For `map_err`.
pub(super) fn when(what: &'static str) -> impl FnOnce(Error) -> Fault {
    move |error| of(what, error)
}

/// Trouble that the server did not report itself.
fn without_code(error: &Error) -> FaultKind {
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => FaultKind::Unavailable,
        Error::Configuration(_) => FaultKind::Refused,
        Error::Decode(_) | Error::ColumnDecode { .. } => FaultKind::Lost,
        _ => FaultKind::Bug,
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>): single codes first, then their classes.
fn of_sqlstate(code: &str) -> FaultKind {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => FaultKind::Conflict,
        "53100" => FaultKind::Full,
        // program_limit_exceeded: a text too long for jsonb, a key too long for an index. Some record's value.
        "54000" => FaultKind::Data,
        // read_only_sql_transaction: a standby, which a failover makes the primary.
        "25006" => FaultKind::Unavailable,
        // idle_in_transaction_session_timeout, transaction_timeout, and query_canceled: by statement_timeout, or by somebody's hand. The
        // transaction is undone.
        "25P03" | "25P04" | "57014" => FaultKind::Overlong,
        _ => match code.get(..2).unwrap_or_default() {
            // Data exceptions and integrity constraints.
            "22" | "23" => FaultKind::Data,
            // Connections, transactions undone, resources, an operator's intervention, the system below.
            "08" | "40" | "53" | "57" | "58" => FaultKind::Unavailable,
            // Authorisation, catalogs and schemas that do not exist, names and permissions.
            "28" | "3D" | "3F" | "42" => FaultKind::Refused,
            _ => FaultKind::Bug,
        },
    }
}

/// What to do about codes whose message alone does not say.
fn advice(code: &str) -> Option<&'static str> {
    match code {
        // undefined_table, undefined_column, undefined_object: a type
        "42P01" | "42703" | "42704" => Some("is the database migrated? run `syncline migrate run`"),
        "3D000" => Some("create the database, then run `syncline migrate run`"),
        "28000" | "28P01" => Some("correct the user and the password in the sink's url"),
        "42501" => Some("grant the user the right"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_are_judged_by_code_and_then_by_class() {
        for (code, kind) in [
            ("40001", FaultKind::Conflict),
            ("40P01", FaultKind::Conflict),
            ("55P03", FaultKind::Conflict),
            ("22P02", FaultKind::Data),
            ("23505", FaultKind::Data),
            ("54000", FaultKind::Data),
            ("53100", FaultKind::Full),
            ("53300", FaultKind::Unavailable),
            ("57P01", FaultKind::Unavailable),
            ("57P03", FaultKind::Unavailable),
            ("08006", FaultKind::Unavailable),
            ("25P03", FaultKind::Overlong),
            ("57014", FaultKind::Overlong),
            ("42P01", FaultKind::Refused),
            ("3D000", FaultKind::Refused),
            ("28P01", FaultKind::Refused),
            ("XX000", FaultKind::Bug),
        ] {
            assert_eq!(of_sqlstate(code), kind, "{code}");
        }
    }

    #[test]
    fn a_lost_connection_may_come_back() {
        let error = Error::Io(std::io::ErrorKind::UnexpectedEof.into());
        assert_eq!(of("committing a batch", error).kind(), FaultKind::Unavailable);
    }
}
