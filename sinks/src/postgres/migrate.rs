//! The tables of the PostgreSQL store, step by step.

use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::{connect, fault};
use crate::migrations::{Migration, MigrationStatus, status, steps};
use crate::settings::{Names, Settings};

const STEPS: [Migration; 11] = steps!("postgres");

/// Applies what is pending, in order.
pub(crate) async fn run(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    let names = settings.names()?;
    let mut connection = open(url, settings).await?;
    let applied = apply(&mut connection, &names).await;
    close(connection).await?;
    applied
}

/// Every step, and when it was applied.
pub(crate) async fn show(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    settings.names()?;
    let mut connection = open(url, settings).await?;
    let all = steps(&mut connection).await;
    close(connection).await?;
    all
}

/// Undoes the last step that was applied.
pub(crate) async fn revert(url: &str, settings: &Settings) -> Result<Option<MigrationStatus>, Fault> {
    let names = settings.names()?;
    let mut connection = open(url, settings).await?;
    let reverted = undo(&mut connection, &names).await;
    close(connection).await?;
    reverted
}

async fn apply(connection: &mut PgConnection, names: &Names) -> Result<Vec<MigrationStatus>, Fault> {
    let mut applied = Vec::new();
    for step in &STEPS {
        let mut transaction = connection.begin().await.map_err(fault::when("beginning a migration"))?;
        lock(&mut transaction).await?;
        sqlx::raw_sql(include_str!("sql/create_schema_migrations.sql"))
            .execute(&mut *transaction)
            .await
            .map_err(fault::when("making schema_migrations"))?;
        let known = steps(&mut transaction).await?;
        if known.iter().any(|known| known.number == step.number && known.applied_at.is_none()) {
            execute(&mut transaction, names.render(step.up)?, step).await?;
            let noted = sqlx::query("INSERT INTO schema_migrations (number, name) VALUES ($1, $2) RETURNING applied_at")
                .bind(step.number)
                .bind(step.name)
                .fetch_one(&mut *transaction)
                .await
                .map_err(fault::when("noting a migration"))?;
            let applied_at = noted.try_get(0).map_err(fault::when("noting a migration"))?;
            applied.push(MigrationStatus { number: step.number, name: step.name.to_owned(), applied_at: Some(applied_at) });
        }
        transaction.commit().await.map_err(fault::when("committing a migration"))?;
    }
    Ok(applied)
}

async fn undo(connection: &mut PgConnection, names: &Names) -> Result<Option<MigrationStatus>, Fault> {
    let mut transaction = connection.begin().await.map_err(fault::when("beginning a migration"))?;
    lock(&mut transaction).await?;
    let Some(last) = steps(&mut transaction).await?.into_iter().rfind(|step| step.applied_at.is_some()) else {
        return Ok(None);
    };
    for step in STEPS.iter().filter(|step| step.number == last.number) {
        execute(&mut transaction, names.render(step.down)?, step).await?;
    }
    sqlx::query("DELETE FROM schema_migrations WHERE number = $1")
        .bind(last.number)
        .execute(&mut *transaction)
        .await
        .map_err(fault::when("noting a migration"))?;
    transaction.commit().await.map_err(fault::when("committing a migration"))?;
    Ok(Some(last))
}

/// Waits for anybody else who migrates this database. Given back at the transaction's end.
async fn lock(connection: &mut PgConnection) -> Result<(), Fault> {
    let query = sqlx::query("SELECT pg_advisory_xact_lock(hashtext('syncline schema_migrations'))");
    query.execute(connection).await.map_err(fault::when("locking for a migration"))?;
    Ok(())
}

/// Every step, and when it was applied, over a connection. Without the table, none was.
pub(super) async fn steps(connection: &mut PgConnection) -> Result<Vec<MigrationStatus>, Fault> {
    let reading = || fault::when("reading schema_migrations");
    let known = sqlx::query("SELECT to_regclass('schema_migrations') IS NOT NULL").fetch_one(&mut *connection).await;
    if !known.and_then(|row| row.try_get::<bool, _>(0)).map_err(reading())? {
        return status(&STEPS, &[]);
    }
    let query = sqlx::query("SELECT number, applied_at FROM schema_migrations ORDER BY number");
    let rows = query.fetch_all(connection).await.map_err(reading())?;
    let read =
        |row: &sqlx::postgres::PgRow| -> Result<(i64, DateTime<Utc>), sqlx::Error> { Ok((row.try_get(0)?, row.try_get(1)?)) };
    status(&STEPS, &rows.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(reading())?)
}

/// Refuses to work on a database that lacks a step.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), Fault> {
    match steps(connection).await?.into_iter().find(|step| step.applied_at.is_none()) {
        None => Ok(()),
        Some(MigrationStatus { number, name, .. }) => {
            let what = format!("postgres: migration {number:04}_{name} is pending");
            Err(Fault::new(FaultKind::Refused, what).advise("run `syncline migrate run`"))
        }
    }
}

async fn execute(connection: &mut PgConnection, statements: String, step: &Migration) -> Result<(), Fault> {
    // Our own files; the names in them are checked and quoted.
    let result = sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await;
    result.map_err(|error| fault::of(&format!("migration {:04}_{}", step.number, step.name), error))?;
    Ok(())
}

async fn open(url: &str, settings: &Settings) -> Result<PgConnection, Fault> {
    let options = connect::options(url)?.application_name("syncline migrate");
    connect::now(&options, connect::patience(settings.answer_timeout)).await
}

async fn close(connection: PgConnection) -> Result<(), Fault> {
    connection.close().await.map_err(fault::when("closing the connection"))
}
