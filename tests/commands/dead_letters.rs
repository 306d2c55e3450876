//! `dead-letters` where nothing was run yet.

use super::Folder;
use crate::harness::{Bench, Database};

const NO_FILE: &str =
    "there is no database ./.syncline/profiles.db (the sink `profiles`): is its name right? the first `syncline run` makes it\n";

#[test]
fn before_the_first_run_there_is_no_file_and_none_is_made() {
    let folder = Folder::new();
    for (command, code, out, err) in [
        ("list", 0, "no dead letters\n", ""),
        ("list --format json", 0, "", ""),
        ("show 1b", 1, "", "error: there is no dead letter \"1b\"; `syncline dead-letters list` shows them\n"),
    ] {
        let ended = folder.shell(&format!("syncline dead-letters {command} --pipeline ./pipeline.yaml"));
        assert_eq!((ended.code, ended.out.as_str(), ended.err), (Some(code), out, format!("{NO_FILE}{err}")), "{command}");
    }
    let mistyped = folder.shell("DATABASE_URL=sqlite://profils.db syncline dead-letters list");
    assert_eq!((mistyped.code, mistyped.out.as_str()), (Some(0), "no dead letters\n"));
    assert!(mistyped.err.starts_with("there is no database profils.db"), "{mistyped:?}");
    assert!(!folder.path().join(".syncline/profiles.db").exists() && !folder.path().join("profils.db").exists());
}

#[test]
fn a_file_without_tables_is_told_from_none() {
    let folder = Folder::new();
    folder.write("empty.db", "");
    let ended = folder.shell("DATABASE_URL=sqlite://empty.db syncline dead-letters list");
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no dead letters\n"), "{ended:?}");
    assert!(ended.err.starts_with("the database empty.db has no tables"), "{ended:?}");
}

#[tokio::test]
async fn before_the_first_run_postgresql_has_none_either() {
    let bench = Bench::new(Database::Postgres).await;
    let folder = Folder::new();
    let ended = folder.shell(&format!("DATABASE_URL='{}' syncline dead-letters list", bench.url));
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "no dead letters\n"), "{ended:?}");
    assert_eq!(ended.err, "the database of the sink `profiles` has no tables: `syncline migrate run` makes them\n");
}
