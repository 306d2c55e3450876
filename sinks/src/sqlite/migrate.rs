//! The tables of the SQLite store, step by step.

use chrono::{DateTime, Utc};
use schemas::{Fault, FaultKind};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};

use super::{connect, fault, time};
use crate::migrations::{Migration, MigrationStatus, status, steps};
use crate::settings::{Names, Settings};

/// What to do about a path at which no database can be.
const ANOTHER_PATH: &str = "name a database, or a path at which one can be made and written, by the sink's `url` (DATABASE_URL)";

const STEPS: [Migration; 11] = steps!("sqlite");

/// Applies what is pending; makes the file, and the folder that it is in, where there is none.
pub(crate) async fn run(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    let names = settings.names()?;
    let options = connect::options(url)?.create_if_missing(true);
    make_folder(&options)?;
    let mut connection = options.connect().await.map_err(|error| unopened(&options, error))?;
    let applied = apply(&mut connection, &names).await;
    close(connection).await?;
    applied
}

/// Applies what is pending over a connection.
pub(super) async fn apply(connection: &mut SqliteConnection, names: &Names) -> Result<Vec<MigrationStatus>, Fault> {
    let mut applied = Vec::new();
    for step in &STEPS {
        // The lock is taken before the look, so that two processes that start together do not both apply a step.
        let mut transaction = connection.begin_with("begin immediate").await.map_err(fault::when("locking for a migration"))?;
        sqlx::query(include_str!("sql/create_schema_migrations.sql"))
            .execute(&mut *transaction)
            .await
            .map_err(fault::when("making schema_migrations"))?;
        let pending =
            steps(&mut transaction).await?.iter().any(|known| known.number == step.number && known.applied_at.is_none());
        if pending {
            execute(&mut transaction, names.render(step.up)?, step).await?;
            let at = Utc::now();
            sqlx::query("insert into schema_migrations (number, name, applied_at) values (?1, ?2, ?3)")
                .bind(step.number)
                .bind(step.name)
                .bind(time::text(at))
                .execute(&mut *transaction)
                .await
                .map_err(fault::when("noting a migration"))?;
            applied.push(MigrationStatus { number: step.number, name: step.name.to_owned(), applied_at: Some(at) });
        }
        transaction.commit().await.map_err(fault::when("committing a migration"))?;
    }
    Ok(applied)
}

/// Every step, and when it was applied. A file that does not exist has none, and is not made.
pub(crate) async fn show(url: &str, settings: &Settings) -> Result<Vec<MigrationStatus>, Fault> {
    settings.names()?;
    let Some(mut connection) = existing(url).await? else { return status(&STEPS, &[]) };
    let all = steps(&mut connection).await;
    close(connection).await?;
    all
}

/// A connection to a database that is there already.
async fn existing(url: &str) -> Result<Option<SqliteConnection>, Fault> {
    let options = connect::options(url)?;
    if !connect::in_memory(url) && !options.get_filename().exists() {
        return Ok(None);
    }
    options.connect().await.map(Some).map_err(fault::when("opening the database"))
}

/// Undoes the last step that was applied.
pub(crate) async fn revert(url: &str, settings: &Settings) -> Result<Option<MigrationStatus>, Fault> {
    let names = settings.names()?;
    let Some(mut connection) = existing(url).await? else { return Ok(None) };
    let reverted = undo(&mut connection, &names).await;
    close(connection).await?;
    reverted
}

async fn undo(connection: &mut SqliteConnection, names: &Names) -> Result<Option<MigrationStatus>, Fault> {
    let mut transaction = connection.begin_with("begin immediate").await.map_err(fault::when("locking for a migration"))?;
    let Some(last) = steps(&mut transaction).await?.into_iter().rfind(|step| step.applied_at.is_some()) else {
        return Ok(None);
    };
    for step in STEPS.iter().filter(|step| step.number == last.number) {
        execute(&mut transaction, names.render(step.down)?, step).await?;
    }
    sqlx::query("delete from schema_migrations where number = ?1")
        .bind(last.number)
        .execute(&mut *transaction)
        .await
        .map_err(fault::when("noting a migration"))?;
    transaction.commit().await.map_err(fault::when("committing a migration"))?;
    Ok(Some(last))
}

/// Every step, and when it was applied, over a connection. Without the table, none was.
pub(super) async fn steps(connection: &mut SqliteConnection) -> Result<Vec<MigrationStatus>, Fault> {
    let known = sqlx::query("select 1 from sqlite_schema where type = 'table' and name = 'schema_migrations'")
        .fetch_optional(&mut *connection)
        .await
        .map_err(fault::when("looking for schema_migrations"))?;
    if known.is_none() {
        return status(&STEPS, &[]);
    }
    let rows = sqlx::query("select number, applied_at from schema_migrations order by number")
        .fetch_all(connection)
        .await
        .map_err(fault::when("reading schema_migrations"))?;
    let read = |row: &sqlx::sqlite::SqliteRow| -> Result<(i64, DateTime<Utc>), Fault> {
        let number = row.try_get("number").map_err(fault::when("reading schema_migrations"))?;
        Ok((number, time::column(row, "applied_at")?))
    };
    status(&STEPS, &rows.iter().map(read).collect::<Result<Vec<_>, _>>()?)
}

async fn execute(connection: &mut SqliteConnection, statements: String, step: &Migration) -> Result<(), Fault> {
    // Our own files; the names in them are checked and quoted.
    let result = sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await;
    result.map_err(|error| fault::of(&format!("migration {:04}_{}", step.number, step.name), error))?;
    Ok(())
}

fn make_folder(options: &SqliteConnectOptions) -> Result<(), Fault> {
    let Some(folder) = options.get_filename().parent() else { return Ok(()) };
    let made = std::fs::create_dir_all(folder);
    // No wait makes a path right, or a folder writable.
    made.map_err(|error| {
        Fault::caused(FaultKind::Refused, format!("sqlite: making the folder {}", folder.display()), error).advise(ANOTHER_PATH)
    })
}

/// Why the file that the tables are to be in cannot be opened.
fn unopened(options: &SqliteConnectOptions, error: sqlx::Error) -> Fault {
    let fault = fault::of(&format!("opening the database {}", options.get_filename().display()), error);
    if fault.kind() == FaultKind::Refused { fault.advise(ANOTHER_PATH) } else { fault }
}

async fn close(connection: SqliteConnection) -> Result<(), Fault> {
    connection.close().await.map_err(fault::when("closing the database"))
}
