//! Several processes write to one directory at the same time, while this one reads.
//!
//! The processes are this test program itself, told by the environment to run [`child`] alone.

use std::path::Path;
use std::process::Command;

use crate::local::open;
use crate::subject::{assert_dense, create, drain, patient, reader, to, values};

const DIRECTORY: &str = "SYNCLINE_TEST_WRITER_DIRECTORY";
const NAME: &str = "SYNCLINE_TEST_WRITER_NAME";

/// How many records each process writes.
const RECORDS: usize = 600;

#[tokio::test]
#[ignore = "the process that the test below starts"]
async fn child() {
    let (Ok(dir), Ok(name)) = (std::env::var(DIRECTORY), std::env::var(NAME)) else { return };
    let topics = open(Path::new(&dir)).await;
    let numbers: Vec<_> = (0..RECORDS).collect();
    for numbers in numbers.chunks(25) {
        topics
            .write(numbers.iter().map(|number| to("t", Some((number % 2) as u32), format!("{name}:{number}"))).collect())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn processes_that_write_at_once_lose_and_double_nothing() {
    const WRITERS: [&str; 3] = ["a", "b", "c"];
    let dir = tempfile::tempdir().unwrap();
    let topics = open(dir.path()).await;
    create(&*topics, "t", 2).await;
    let mut reader = reader(&*topics, "t", 2).await;
    let start = |name: &&str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "processes::child", "--quiet"]);
        command.env(DIRECTORY, dir.path()).env(NAME, name).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = WRITERS.iter().map(start).collect();
    let mut read = Vec::new();
    while read.len() < WRITERS.len() * RECORDS {
        let more = reader.read(&patient()).await.unwrap();
        assert!(!more.is_empty(), "nothing came for as long as a reader waits");
        read.extend(more);
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(drain(&mut *reader, 0, 10).await.is_empty());
    assert_dense(&read, 2);
    for writer in WRITERS {
        for remainder in 0..2 {
            let of_partition: Vec<_> = read.iter().filter(|raw| raw.origin.partition == remainder).cloned().collect();
            let own: Vec<_> = values(&of_partition).into_iter().filter(|value| value.starts_with(writer)).collect();
            let expected: Vec<_> = (remainder as usize..RECORDS).step_by(2).map(|number| format!("{writer}:{number}")).collect();
            assert_eq!(own, expected);
        }
    }
}
