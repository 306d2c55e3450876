//! What commands print where, and how they end.

use serde_json::Value;

use super::Folder;

#[test]
fn the_pipeline_file_is_named_in_one_way() {
    let folder = Folder::new();
    for command in [
        "produce --file - --pipeline missing.yaml",
        "consume admin.customer.assets.data --pipeline missing.yaml",
        "list schemas --pipeline missing.yaml",
        "migrate show --pipeline missing.yaml",
        "migrate --pipeline missing.yaml show",
        "dead-letters list --pipeline missing.yaml",
        "dead-letters --pipeline missing.yaml show 1b",
        "run missing.yaml",
        "demo missing.yaml",
    ] {
        let ended = folder.shell(&format!("syncline {command} </dev/null"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{command}: {ended:?}");
        assert!(ended.err.contains("the pipeline file missing.yaml cannot be read"), "{command}: {ended:?}");
    }
    assert_eq!(folder.shell("syncline check missing.yaml").code, Some(1));
}

/// One folder after a run, for all that only look at it.
#[test]
fn results_are_for_people_and_for_programs_and_are_printed_or_missed() {
    let folder = Folder::new();
    let made = folder.shell("syncline generate --customers 40 --seed 1 --faulty 20 | syncline produce --file - --format json");
    assert_eq!(made.code, Some(0), "{made:?}");
    let ran = folder.shell("syncline run --until-caught-up --format json");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    let letters: u64 = json(&ran.out)["dead_letters"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert!(letters > 3);

    for (command, said) in [
        ("dead-letters list --limit 3", format!("\n3 of {letters} shown; --limit shows more\n")),
        ("dead-letters list --stage nowhere", "no dead letters\n".into()),
        ("migrate run", "nothing to apply: the tables are current\n".into()),
        ("list schemas", "On admin.customer.assets.data.\n".into()),
        ("check", "pipeline.yaml: fine.".into()),
    ] {
        let ended = folder.shell(&format!("syncline {command}"));
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command}: {ended:?}");
        assert!(ended.out.contains(&said), "{command}: {ended:?}");
        // A full disk behind stdout is told; a reader that has seen enough is not.
        let full = folder.shell(&format!("syncline {command} >/dev/full"));
        assert_eq!(full.code, Some(4), "{command}: {full:?}");
        assert!(full.err.starts_with("error: cannot print the result: "), "{command}: {full:?}");
        assert_eq!(folder.shell(&format!("syncline {command} | head -c1 >/dev/null")).code, Some(0), "{command}");
    }
    for command in ["migrate show", "check", "list transforms", "list brokers", "list sinks", "list schemas"] {
        json(&folder.shell(&format!("syncline {command} --format json")).out);
    }
    let listed = folder.shell("syncline dead-letters list --format json --limit 2");
    assert_eq!(listed.err, format!("2 of {letters} shown; --limit shows more\n"));
    let ids: Vec<String> = listed.out.lines().map(|line| json(line)["id"].as_str().unwrap().to_owned()).collect();
    let shown = folder.shell(&format!("syncline dead-letters show {} --format json", &ids[1][..10]));
    assert_eq!(json(&shown.out)["id"], *ids[1]);
    assert_eq!(folder.shell("syncline dead-letters show nope").code, Some(1));
}

#[test]
fn what_is_asked_wrongly_ends_with_2() {
    let folder = Folder::new();
    for (command, said) in [
        ("", "Usage:"),
        ("nope", "unrecognized subcommand"),
        ("generate --customers 0", "0 is not in 1.."),
        ("generate --customers 1 --faulty 101", "101 is not in 0..=100"),
        ("demo --customers 0 --exit", "0 is not in 1.."),
        ("produce", "--file <FILE>"),
        ("produce --file missing.jsonl", "cannot read missing.jsonl"),
        ("produce --file - <<<hello", "error: stdin: line 1, column 1: no JSON object: expected a record, such as"),
        ("consume nope", "topic \"nope\" does not exist\nhelp: known: `admin.alerts.compliance.critical`, "),
        ("consume dlq.failed.message", "help: did you mean `dlq.failed.messages`?"),
        ("consume profile.events", "help: it is internal"),
        ("consume admin.customer.assets.data", "help: nothing was written to it yet"),
        ("dead-letters list --limit 0", "0 is not in 1.."),
        ("dead-letters list --since yesterday", "2026-03-01T08:00:00Z"),
        ("dead-letters list --reason nope", "[possible values: malformed, schema, "),
        ("run --http-addr nonsense", "--http-addr=\"nonsense\": it is IP:PORT or off"),
        ("run --health-addr localhost", "--health-addr=\"localhost\": it is IP:PORT or off"),
    ] {
        let ended = folder.shell(&format!("syncline {command}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{command}: {ended:?}");
        assert!(ended.err.contains(said), "{command}: {ended:?}");
    }
}

#[test]
fn a_store_that_cannot_be_made_is_named_and_not_waited_for() {
    let folder = Folder::new();
    folder.write("file", "no database");
    for (path, said) in [
        ("file/profiles.db", "error: sqlite: making the folder file: "),
        ("schemas", "error: sqlite: opening the database schemas: "),
        ("file", "error: sqlite: opening the database file: "),
    ] {
        let ended = folder.shell(&format!("DATABASE_URL=sqlite://{path} syncline run --until-caught-up"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{path}: {ended:?}");
        assert!(ended.err.starts_with(said) && ended.err.contains("(DATABASE_URL)"), "{path}: {ended:?}");
    }
}

#[test]
fn no_argument_writes_to_the_terminal() {
    let folder = Folder::new();
    let escapes = "$'\\e[31mx\\xc2\\x9b2J\\e]0;title\\a\\xe2\\x80\\xae'";
    for command in [
        "ESCAPES",
        "run ESCAPES",
        "run ESCAPES ESCAPES",
        "run --ESCAPES",
        "run --only ESCAPES",
        "run --http-addr ESCAPES",
        "check ESCAPES",
        "check ESCAPES --format json",
        "check ESCAPES --format sarif",
        "check --format ESCAPES",
        "consume ESCAPES",
        "consume t --pipeline ESCAPES",
        "produce --file ESCAPES",
        "generate --customers ESCAPES",
        "list ESCAPES",
        "dead-letters show ESCAPES",
        "dead-letters list --since ESCAPES",
        "dead-letters list --reason ESCAPES",
        "demo ESCAPES",
        "HTTP_ADDR=ESCAPES syncline run",
        "LOG_LEVEL=ESCAPES syncline list brokers",
        "LOG_FORMAT=ESCAPES syncline list brokers",
        "SYNCLINE_DIR=ESCAPES syncline dead-letters list",
    ] {
        let line = if command.contains(" syncline ") { command.to_owned() } else { format!("syncline {command}") };
        let ended = folder.shell(&line.replace("ESCAPES", escapes));
        let said = format!("{}{}", ended.out, ended.err);
        assert!(!said.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{command}: {said:?}");
        assert!(!said.is_empty(), "{command}");
    }
}

#[test]
fn a_broken_env_file_stops_everything_and_shows_no_secret() {
    let folder = Folder::new();
    for secret in ["PASSWORD=\"hunter2", "DATABASE_URL=postgres://u:hunter2 pw@h/x"] {
        folder.write(".env", format!("BROKER=local\n{secret}\n"));
        let ended = folder.shell("syncline check");
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.err.contains("error: .env: line 2 cannot be read") && !ended.err.contains("hunter2"), "{ended:?}");
    }
}

#[test]
fn check_takes_what_editors_write_before_and_behind_lines() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(folder.path().join("pipeline.yaml")).unwrap();
    folder.write("pipeline.yaml", format!("\u{feff}{}", text.replace('\n', "\r\n")));
    assert_eq!(folder.shell("syncline check --strict").code, Some(0));
    for (bytes, said) in [
        (&b""[..], "error: the file is empty\n --> broken.yaml\n"),
        (b"\xff\xfe", "the pipeline file broken.yaml cannot be read"),
        (b"# caf\xe9\nversion: 1\n", "help: save it as UTF-8"),
        (b"a: [1\n", "this is not YAML"),
        (b"# \0\nversion: 1\n", "help: remove the control character"),
    ] {
        folder.write("broken.yaml", bytes);
        let ended = folder.shell("syncline check broken.yaml");
        assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""), "{ended:?}");
        assert!(ended.out.contains(said) && ended.out.ends_with("broken.yaml: 1 error\n"), "{ended:?}");
    }
    assert_eq!(folder.shell("syncline check . --format sarif").code, Some(1));
    let endless = folder.shell("syncline check /dev/zero");
    assert!(endless.code == Some(1) && endless.out.contains("larger than 64 MiB"), "{endless:?}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
