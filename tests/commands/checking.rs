//! `check --live`: what it asks, what it says of the answers, and that it changes nothing.

use super::Folder;
use crate::harness::{Bench, Database};

#[test]
fn before_the_first_run_it_says_what_the_run_will_make_and_makes_nothing() {
    let folder = Folder::new();
    let ended = folder.shell("syncline check --live");
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    for said in [
        "warning: the broker `local` has none of the ",
        "= help: `syncline run` and `syncline produce` create them\n",
        "warning: the sink `profiles` has no tables yet\n   --> pipeline.yaml:",
        "pipeline.yaml: 2 warnings, but it can run.",
    ] {
        assert!(ended.out.contains(said), "{said}: {ended:?}");
    }
    assert!(!folder.path().join(".syncline").exists());
    let strict = folder.shell("syncline check --live --strict --format json");
    let found: serde_json::Value = serde_json::from_str(&strict.out).unwrap();
    assert_eq!((strict.code, &found["ok"], &found["warnings"]), (Some(1), &false.into(), &2.into()), "{strict:?}");
    assert_eq!(found["findings"][0]["pointer"], "/brokers/local");
}

#[test]
fn after_a_run_all_is_there_and_a_new_topic_is_named() {
    let folder = Folder::new();
    assert_eq!(folder.shell("syncline run --until-caught-up").code, Some(0));
    let ended = folder.shell("syncline check --live --strict");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("pipeline.yaml: fine, and so is what it names. customer-profiles: "), "{ended:?}");

    let text = std::fs::read_to_string(folder.path().join("pipeline.yaml")).unwrap();
    folder.write("pipeline.yaml", text.replace("  customer.profiles: {", "  customer.profiles.copy: {}\n  customer.profiles: {"));
    let ended = folder.shell("syncline check --live");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.out.contains("warning: the topic `customer.profiles.copy` does not exist on the broker `local` yet"),
        "{ended:?}"
    );
    assert!(ended.out.contains("help: `syncline run` creates it, with 1 partition\n"), "{ended:?}");
}

#[test]
fn a_system_that_is_away_ends_it_with_3_and_the_others_are_asked() {
    let folder = Folder::new();
    let ended = folder.shell("DATABASE_URL=postgres://me:hunter2@127.0.0.1:1/admin syncline check --live");
    assert_eq!((ended.code, ended.err.as_str()), (Some(3), ""), "{ended:?}");
    assert!(ended.out.contains("error: the sink `profiles` does not answer\n   --> pipeline.yaml:"), "{ended:?}");
    assert!(ended.out.contains("the broker `local` has none of the"), "{ended:?}");
    assert!(ended.out.ends_with("pipeline.yaml: 1 error, 1 warning\n") && !ended.out.contains("hunter2"), "{ended:?}");

    let ended = folder.shell("BROKER=kafka KAFKA_BROKERS=127.0.0.1:1 syncline check --live");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.out.contains("error: the broker `kafka` does not answer\n"), "{ended:?}");
    // Without a file that can run, nothing is asked.
    assert_eq!(folder.shell("DATABASE_URL=mysql://x BROKER=kafka syncline check --live").code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_an_error_until_it_is_migrated() {
    let bench = Bench::new(Database::Postgres).await;
    let folder = Folder::new();
    let with_url = |command: &str| folder.shell(&format!("DATABASE_URL='{}' syncline {command}", bench.url));
    let ended = with_url("check --live");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("error: the sink `profiles` has no tables yet"), "{ended:?}");
    assert!(ended.out.contains("help: run `syncline migrate run`\n"), "{ended:?}");

    assert_eq!(with_url("migrate run").code, Some(0));
    assert_eq!(with_url("migrate revert").code, Some(0));
    let ended = with_url("check --live");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("error: the sink `profiles` lacks 1 of "), "{ended:?}");

    assert_eq!(with_url("migrate run").code, Some(0));
    let ended = with_url("check --live");
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let text = std::fs::read_to_string(folder.path().join("pipeline.yaml")).unwrap();
    folder.write("pipeline.yaml", text.replace("table: customer_detailed_profiles", "table: somewhere_else"));
    let ended = with_url("check --live");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("error: the sink `profiles` cannot be used"), "{ended:?}");
}
