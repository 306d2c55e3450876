//! A run whose store or broker is away when it starts.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use sqlx::{Connection, Executor};

use super::Folder;

/// What a run that starts with these variables says first, up to a line such as that. Then it is told to stop, which ends it with 0.
fn said_until(folder: &Folder, variables: &[(&str, &str)], such: impl Fn(&str) -> bool) {
    let mut run = folder.command("syncline");
    run.args(["run", "--http-addr", "off"]).envs(variables.iter().copied()).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut run = run.spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(|line| line.unwrap());
    let mut said = Vec::new();
    let found = lines.by_ref().any(|line| {
        let found = such(&line);
        said.push(line);
        found
    });
    assert!(found, "{said:#?}");
    assert!(Command::new("kill").arg(run.id().to_string()).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(0), "{said:#?}");
}

#[tokio::test]
async fn a_store_that_another_process_locks_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join(".syncline")).unwrap();
    let url = format!("sqlite://{}/.syncline/profiles.db?mode=rwc", folder.path().display());
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    said_until(&folder, &[], |line| line.contains("waiting") && line.contains("part=\"profiles\""));
    other.close().await.unwrap();
}

#[test]
fn what_takes_connections_and_says_nothing_is_named() {
    let folder = Folder::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (store, servers) = (format!("postgres://me@{address}/x"), address.to_string());
    said_until(&folder, &[("DATABASE_URL", &store)], |line| line.contains("waiting") && line.contains("part=\"profiles\""));
    let kafka = [("BROKER", "kafka"), ("KAFKA_BROKERS", servers.as_str())];
    said_until(&folder, &kafka, |line| line.contains("waiting") && line.contains("part=\"kafka\""));
}
