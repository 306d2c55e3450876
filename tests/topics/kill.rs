//! A process that writes is killed at any moment: all that it was told is durable is there, whole, and once.
//!
//! The process is this test program itself, told by the environment to run [`child`] alone.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::RngExt;

use crate::local::open;
use crate::subject::{assert_dense, at, create, read_all, to};

const DIRECTORY: &str = "SYNCLINE_TEST_KILLED_WRITER";

/// The records of a write, so that writes of many pages are cut as well as short ones.
const WRITES: [u64; 4] = [1, 7, 300, 40];

#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn child() {
    let Ok(dir) = std::env::var(DIRECTORY) else { return };
    let topics = open(Path::new(&dir)).await;
    let mut number = topics.bounds(&at("t", 0)).await.unwrap().end;
    for records in WRITES.into_iter().cycle() {
        topics.write((number..number + records).map(|number| to("t", Some(0), value(number))).collect()).await.unwrap();
        number += records;
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Its number, then bytes that follow from it, of a length that does as well.
fn value(number: u64) -> Vec<u8> {
    let mut value = format!("{number}:").into_bytes();
    let length = (number.wrapping_mul(2_654_435_761) % 3000) as usize;
    value.extend((0..length).map(|at| (number as usize * 31 + at) as u8));
    value
}

/// Lets a child write until it was told so many times that all is durable, kills it a moment later, and returns the last count
/// that it was told.
fn killed_after(dir: &Path, acknowledgements: usize, moment: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "kill::child", "--nocapture"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut counts = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let before = counts.nth(acknowledgements - 1).expect("it writes until it is killed");
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had said before it died.
    counts.last().unwrap_or(before)
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there() {
    let dir = tempfile::tempdir().unwrap();
    // Open all the time, as another process would be, and read after each kill.
    let topics = open(dir.path()).await;
    create(&*topics, "t", 1).await;
    let mut acknowledged = 0;
    for _ in 0..6 {
        let mut random = rand::rng();
        let moment = Duration::from_micros(random.random_range(0..8000));
        acknowledged = killed_after(dir.path(), random.random_range(1..40), moment);
        let read = read_all(&*topics, "t", 1).await;
        assert!(read.len() as u64 >= acknowledged, "{} records, {acknowledged} were acknowledged", read.len());
        assert_dense(&read, 1);
        for (number, raw) in (0..).zip(&read) {
            assert!(raw.value == value(number), "record {number} is torn");
        }
        assert_eq!(topics.bounds(&at("t", 0)).await.unwrap().end, read.len() as u64);
    }
    drop(topics);
    assert!(read_all(&*open(dir.path()).await, "t", 1).await.len() as u64 >= acknowledged);
}
