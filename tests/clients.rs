//! Clients that are not ours: what the source system sends with (kafkajs), and what everybody looks with (kcat).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::harness::{Bench, Database, root};
use super::kafka_server::KafkaServer;
use super::needed::Needed;
use super::sample_profiles::{expected, matches, sample};

/// The version that NestJS 11 asks for.
const KAFKAJS: &str = "kafkajs@2.2.4";

/// Whether a program is there; it is told if it is not.
fn found(program: &str, version: &str) -> bool {
    let asked = Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = asked.is_ok_and(|status| status.success());
    if !found {
        Needed::Clients.is_missing(format_args!("there is no `{program}`"));
    }
    found
}

/// A folder below the target folder in which Node finds kafkajs; `None`, which is told, where it cannot be had.
fn kafkajs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(KAFKAJS);
    if !folder.join("node_modules/kafkajs/package.json").exists() {
        fs::create_dir_all(&folder).unwrap();
        let mut npm = Command::new("npm");
        let installed = npm
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix", "."])
            .arg(KAFKAJS)
            .current_dir(&folder)
            .output();
        match installed {
            Ok(Output { status, .. }) if status.success() => {}
            Ok(Output { stderr, .. }) => {
                let said = String::from_utf8_lossy(&stderr);
                Needed::Clients
                    .is_missing(format_args!("npm cannot install {KAFKAJS}: {}", said.lines().next().unwrap_or_default()));
                return None;
            }
            Err(error) => {
                Needed::Clients.is_missing(format_args!("npm: {error}"));
                return None;
            }
        }
    }
    Some(folder)
}

/// Feeds a program, and returns what it printed.
fn feed(command: &mut Command, input: String) -> String {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let ended = process.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

/// The lines of the sample, parsed.
fn lines() -> Vec<Value> {
    let text = fs::read_to_string(sample("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Of either envelope.
fn customer(value: &Value) -> &str {
    value["customerId"].as_str().or(value["data"]["customerId"].as_str()).unwrap()
}

fn send_by_kafkajs(folder: &Path, server: &str, lines: &[Value]) {
    let script = root().join("tests/clients/nest_producer.js");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    feed(Command::new("node").arg(script).arg(server).env("NODE_PATH", folder.join("node_modules")), text);
}

fn send_by_kcat(server: &str, lines: &[Value]) {
    let mut topics: Vec<&str> = lines.iter().map(|line| line["topic"].as_str().unwrap()).collect();
    topics.sort_unstable();
    topics.dedup();
    for topic in topics {
        let of_topic = lines.iter().filter(|line| line["topic"] == topic);
        let text: String = of_topic.map(|line| format!("{}\t{}\n", customer(&line["value"]), line["value"])).collect();
        feed(Command::new("kcat").args(["-b", server, "-P", "-t", topic, "-K", "\t"]), text);
    }
}

/// Keys and values of a topic, from its beginning to its end.
fn read_by_kcat(server: &str, topic: &str) -> Vec<(String, Value)> {
    let text = feed(Command::new("kcat").args(["-b", server, "-C", "-e", "-q", "-t", topic, "-f", "%k\t%s\n"]), String::new());
    let record = |line: &str| {
        let (key, value) = line.split_once('\t').unwrap();
        (key.to_owned(), serde_json::from_str(value).unwrap())
    };
    text.lines().map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_sent_by_kafkajs_and_kcat_become_alerts_that_kcat_reads() {
    if !found("node", "--version") || !found("kcat", "-V") {
        return;
    }
    let (Some(server), Some(kafkajs)) = (KafkaServer::start(), kafkajs()) else { return };
    let address = server.address();
    let variables = [("BROKER", "kafka"), ("KAFKA_BROKERS", address.as_str())];
    let bench = Bench::new(Database::Sqlite).await;
    // Creates the topics.
    bench.run(&variables, Vec::new()).await;
    let lines = lines();
    let (keyless, keyed) = lines.split_at(lines.len() / 2);
    send_by_kafkajs(&kafkajs, &address, keyless);
    send_by_kcat(&address, keyed);
    let counts = bench.run(&variables, Vec::new()).await;
    assert_eq!((counts.records_read, counts.dead_letters.len()), (lines.len() as u64, 0));
    matches(&bench, &expected(&sample("expected.jsonl"))).await;

    let low = read_by_kcat(&address, "admin.alerts.stock.low");
    assert!(!low.is_empty());
    for (key, event) in &low {
        assert_eq!((event["specversion"].as_str(), event["subject"].as_str()), (Some("1.0"), Some(key.as_str())), "{event}");
    }
    let raised: std::collections::BTreeSet<&str> = low.iter().map(|(_, event)| event["id"].as_str().unwrap()).collect();
    assert_eq!(raised.len(), low.len(), "nothing failed, so each is there once");
}
