//! `run --only` and `run --worker`: one pipeline in several processes.

use super::Folder;

/// The shipped pipeline in two segments, with a topic of the broker between them.
fn split() -> Folder {
    let folder = Folder::new();
    let text = std::fs::read_to_string(folder.path().join("pipeline.yaml")).unwrap();
    let split = text.replace("{internal: true, key: customerId}", "{partitions: 3, key: customerId}");
    assert_ne!(split, text);
    folder.write("pipeline.yaml", split);
    folder
}

fn counts(ended: &super::Ended) -> serde_json::Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn each_segment_reads_its_own_topics_only() {
    let folder = split();
    let made = folder.shell("syncline generate --customers 30 --seed 1 | syncline produce --file - --format json");
    let records = counts(&made)["records"].clone();

    let intake = counts(&folder.shell("syncline run --until-caught-up --only intake --format json"));
    assert_eq!((&intake["records_read"], &intake["records_written"]), (&records, &records));
    assert_eq!(intake["rows_written"], 0);
    let profile = counts(&folder.shell("syncline run --until-caught-up --only profile --format json"));
    assert_eq!(profile["records_read"], records);
    assert!(profile["profiles_created"].as_u64() > Some(20), "{profile}");
    let rest = counts(&folder.shell("syncline run --until-caught-up --only profile,intake --format json"));
    assert_eq!(rest["records_read"], 0, "nothing is read twice");
}

#[test]
fn a_name_that_is_no_segment_is_wrong_usage() {
    for (folder, command, said) in [
        (split(), "--only intak", "error: --only: no segment is called `intak`; did you mean `intake`?\n"),
        (split(), "--only intake,x", "error: --only: no segment is called `x`; known: `intake`, `profile`\n"),
        (
            Folder::new(),
            "--only profile",
            "error: --only: the stage `profile` cannot run alone: an internal topic joins it to the segment `intake`",
        ),
        (Folder::new(), "--only ''", "a value is required for '--only"),
    ] {
        let ended = folder.shell(&format!("syncline run --until-caught-up {command}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{command}: {ended:?}");
        assert!(ended.err.contains(said), "{command}: {ended:?}");
        assert!(!folder.path().join(".syncline").exists(), "{command}");
    }
}

#[test]
fn each_worker_reads_its_own_partitions_only() {
    let folder = Folder::new();
    let made = folder.shell("syncline generate --customers 30 --seed 1 | syncline produce --file - --format json");
    let records = counts(&made)["records"].as_u64().unwrap();
    let read = |share: &str| {
        let ran = folder.shell(&format!("syncline run --until-caught-up --worker {share} --format json"));
        counts(&ran)["records_read"].as_u64().unwrap()
    };
    let (first, second) = (read("1/2"), read("2/2"));
    assert!(first > 0 && second > 0, "{first} and {second}");
    assert_eq!(first + second, records);
    assert_eq!(read("1/1"), 0, "nothing is read twice");
}

#[test]
fn a_worker_beyond_the_partitions_says_so_and_ends() {
    let folder = Folder::new();
    let ended = folder.shell("syncline run --until-caught-up --worker 1000/1000 --format json");
    assert_eq!(counts(&ended)["records_read"], 0);
    assert!(ended.err.contains("no partition is this worker"), "{ended:?}");
}

#[test]
fn what_is_no_share_is_wrong_usage() {
    let folder = Folder::new();
    for (share, said) in [
        ("0/3", "there is no worker 0 of 3: workers are counted from 1 to 3"),
        ("4/3", "there is no worker 4 of 3"),
        ("1/0", "there is at least 1 worker"),
        ("2", "a worker is written I/N, such as 2/3 for the second of three"),
    ] {
        let ended = folder.shell(&format!("syncline run --worker {share}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{share}: {ended:?}");
        assert!(ended.err.contains(said), "{share}: {ended:?}");
        assert!(!folder.path().join(".syncline").exists(), "{share}");
    }
}
