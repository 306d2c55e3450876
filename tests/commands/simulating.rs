//! The stand-in for the source, and the demo that plays with it.

use serde_json::{Value, json};

use super::Folder;

/// Where the sync of the first customer stands, after the source answered in this way.
fn answered(folder: &Folder, manners: &str) -> Value {
    let ended = folder.shell(&format!(
        "syncline generate --customers 20 --seed 7 | syncline produce --file - >produced.txt && syncline run --until-caught-up >first.txt \
         && syncline sync c-of-nobody --priority urgent --format json >sync.json && syncline run --until-caught-up >second.txt \
         && syncline simulate-source --from-beginning --until-caught-up --delay 1ms..20ms --seed 7 --format json {manners} \
         && syncline run --until-caught-up >third.txt"
    ));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// Whom the source answered, how often.
fn answers(folder: &Folder) -> Vec<String> {
    let ended = folder.shell("syncline consume admin.customer.complete.profile.v2_1 --from-beginning --until-caught-up");
    let lines = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |line: Value| line["value"]["customerId"].as_str().map(str::to_owned);
    lines.filter_map(of).filter(|customer| customer == "c-of-nobody").collect()
}

#[test]
fn every_request_is_answered() {
    let folder = Folder::new();
    let counts = answered(&folder, "");
    assert!(counts["requests"].as_u64().unwrap() >= 1);
    assert_eq!((&counts["answers"], &counts["lost"], &counts["others"]), (&counts["requests"], &json!(0), &json!(0)));
    assert_eq!(answers(&folder).len(), 1);
    let again = folder.shell("syncline simulate-source --until-caught-up");
    assert_eq!((again.code, again.out.as_str()), (Some(0), "0 requests, 0 of them lost; 0 answers sent\n"), "{}", again.err);
    let profiles = folder.shell("syncline consume customer.profiles --from-beginning --until-caught-up --key c-of-nobody");
    let last: Value = serde_json::from_str(profiles.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["value"]["syncStatus"], "synced");
}

#[test]
fn answers_are_lost_and_sent_twice() {
    let folder = Folder::new();
    let counts = answered(&folder, "--loss 100");
    assert_eq!((&counts["lost"], &counts["answers"]), (&counts["requests"], &json!(0)));
    assert!(answers(&folder).is_empty());
    let folder = Folder::new();
    let counts = answered(&folder, "--duplication 100");
    assert_eq!(counts["answers"].as_u64().unwrap(), 2 * counts["requests"].as_u64().unwrap());
    assert_eq!(answers(&folder).len(), 2);
}

#[test]
fn a_pipeline_that_asks_for_nothing_needs_no_source() {
    let ended = Folder::new().shell("ENABLE_V21_WORKFLOW=false syncline simulate-source --until-caught-up");
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("ENABLE_V21_WORKFLOW"), "{}", ended.err);
    let ended = Folder::new().shell("syncline simulate-source --delay 2s..1s");
    assert_eq!(ended.code, Some(2));
}

#[test]
fn the_demo_shows_a_sync_a_retry_and_one_that_is_given_up() {
    let folder = Folder::new();
    let ended = folder.shell("syncline demo --customers 60 --exit --format json");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let result: Value = serde_json::from_str(&ended.out).unwrap();
    let syncs = result["syncs"].as_array().unwrap();
    let ends: Vec<_> = syncs.iter().map(|sync| (sync["status"].as_str().unwrap(), sync["attempts"].as_u64().unwrap())).collect();
    assert_eq!(ends, [("completed", 1), ("completed", 2), ("given_up", 3)]);
    // Two minutes until the first attempt is over, about as long until the next.
    assert!((230..270).contains(&syncs[1]["seconds"].as_i64().unwrap()), "{syncs:?}");
    assert!(result["topics"]["admin.alerts.sync.failed"].as_u64().unwrap() >= 1);
    let off = folder.shell("ENABLE_V21_WORKFLOW=false syncline demo --customers 60 --exit --format json");
    assert_eq!(serde_json::from_str::<Value>(&off.out).unwrap()["syncs"], json!([]));
}
