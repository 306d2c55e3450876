#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use schemas::{FaultKind, SystemClock};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::topics::memory::Memory;
use crate::topics::{Bounds, TopicPartition};

fn file(lines: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    file
}

fn memory() -> Arc<dyn Topics> {
    Arc::new(Memory::new(Arc::new(SystemClock)))
}

fn spec(topic: &str, partitions: u32) -> TopicSpec {
    TopicSpec { name: TopicName::try_from(topic).unwrap(), partitions }
}

async fn count_in(topics: &dyn Topics, topic: &str) -> u64 {
    let partition = TopicPartition { topic: TopicName::try_from(topic).unwrap(), partition: 0 };
    topics.bounds(&partition).await.map_or(0, |Bounds { end, .. }| end)
}

async fn produce(topics: &Arc<dyn Topics>, lines: &str, create: bool) -> Result<String, ProduceError> {
    let file = file(lines);
    let mut out = Vec::new();
    let produce = Produce { file: file.path().into(), create, format: Format::Text };
    produce.run(Arc::clone(topics), &[spec("declared", 1)], &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn all_lines_of_many_batches_are_written_and_counted() {
    let topics = memory();
    let lines: String = (0..2500).map(|number| format!("{{\"topic\":\"declared\",\"value\":{number}}}\n\n")).collect();
    let said = produce(&topics, &lines, false).await.unwrap();
    assert_eq!(said, "records written: 2500 (topics: 1)\n");
    assert_eq!(count_in(&*topics, "declared").await, 2500);
}

#[tokio::test]
async fn an_empty_file_is_no_records() {
    assert_eq!(produce(&memory(), "", false).await.unwrap(), "records written: 0 (topics: 0)\n");
}

#[tokio::test]
async fn the_last_line_needs_no_end_and_others_may_have_any() {
    let topics = memory();
    produce(&topics, "{\"topic\":\"declared\",\"value\":1}\r\n{\"topic\":\"declared\",\"value\":2}", false).await.unwrap();
    assert_eq!(count_in(&*topics, "declared").await, 2);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_first_line() {
    let topics = memory();
    produce(&topics, "\u{feff}{\"topic\":\"declared\",\"value\":1}\n", false).await.unwrap();
    assert_eq!(count_in(&*topics, "declared").await, 1);
    let error = produce(&topics, "\n\u{feff}{\"topic\":\"declared\",\"value\":1}\n", false).await.unwrap_err();
    assert!(error.to_string().contains("line 2, column 1"), "{error}");
    assert!(error.to_string().ends_with("; nothing is written"), "{error}");
}

#[tokio::test]
async fn a_bad_line_stops_and_those_before_it_are_written() {
    let topics = memory();
    let mut lines = "{\"topic\":\"declared\",\"value\":1}\n".repeat(1203);
    lines += "\n{\"topic\":\"declared\"}\n{\"topic\":\"declared\",\"value\":1}\n";
    let error = produce(&topics, &lines, false).await.unwrap_err();
    assert!(error.to_string().contains("line 1205: no value"), "{error}");
    assert!(error.to_string().contains("the 1203 records before it are written"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
    assert_eq!(count_in(&*topics, "declared").await, 1203);
}

#[tokio::test]
async fn an_undeclared_topic_needs_create() {
    let topics = memory();
    let lines = "{\"topic\":\"declared\",\"value\":1}\n{\"topic\":\"other\",\"value\":1}\n";
    let error = produce(&topics, lines, false).await.unwrap_err();
    assert!(error.to_string().contains("line 2: topic \"other\" does not exist"), "{error}");
    assert_eq!((error.exit(), count_in(&*topics, "declared").await), (Exit::Usage, 1));
    produce(&topics, lines, true).await.unwrap();
    assert_eq!((count_in(&*topics, "other").await, count_in(&*topics, "declared").await), (1, 2));
}

#[tokio::test]
async fn a_partition_that_is_not_there_is_the_fault_of_its_line() {
    let error = produce(&memory(), "{\"topic\":\"declared\",\"partition\":1,\"value\":1}\n", false).await.unwrap_err();
    assert!(error.to_string().contains("line 1: declared[1] does not exist"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_wrong_usage() {
    for file in ["/nonexistent/events.jsonl", "/"] {
        let produce = Produce { file: file.into(), create: false, format: Format::Text };
        let error = produce.run(memory(), &[], &mut Vec::new()).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot read {file}: ")), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
    }
}

#[tokio::test]
async fn counts_can_be_had_as_json() {
    let file = file("{\"topic\":\"a\",\"value\":1}\n{\"topic\":\"b\",\"value\":1}\n{\"topic\":\"a\",\"value\":1}\n");
    let mut out = Vec::new();
    let produce = Produce { file: file.path().into(), create: true, format: Format::Json };
    produce.run(memory(), &[], &mut out).await.unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "{\"records\":3,\"topics\":{\"a\":2,\"b\":1}}\n");
}

#[tokio::test]
async fn a_batch_does_not_wait_for_lines_that_do_not_come() {
    let topics = memory();
    let (mut writes, reads) = tokio::io::duplex(1024);
    let lines = Lines::of(tokio::io::BufReader::new(reads), None);
    let mut source = Source::new(lines, Targets::new(Arc::clone(&topics), &[spec("declared", 1)], false));
    writes.write_all(b"{\"topic\":\"declared\",\"value\":1}\n{\"topic\":\"declared\",").await.unwrap();
    let batch = tokio::time::timeout(Duration::from_secs(20), source.next()).await.unwrap();
    assert_eq!((batch.records.len(), batch.end.is_none()), (1, true));
    // The line that was half there is read on, not lost.
    writes.write_all(b"\"value\":2}\n").await.unwrap();
    drop(writes);
    let batch = source.next().await;
    assert_eq!(batch.records[0].value, b"2");
    assert!(matches!(batch.end, Some(End::Input)));
}

fn broken(kind: FaultKind, written: u64) -> ProduceError {
    ProduceError::Broker { written, source: Fault::new(kind, "x") }
}

#[test]
fn a_broker_that_does_not_answer_has_an_exit_code_of_its_own() {
    let exit = |kind| broken(kind, 0).exit();
    assert_eq!((exit(FaultKind::Unavailable), exit(FaultKind::Refused)), (Exit::NoAnswer, Exit::Stopped));
}

#[test]
fn how_much_is_written_is_said_and_what_to_do() {
    for (kind, written, said) in [
        (FaultKind::Full, 0, "x; nothing is written"),
        (FaultKind::Full, 3_000, "x; the first 3000 records are written, and nothing after"),
        (FaultKind::Unavailable, 0, "x; no record is known to be written; the first ones may be"),
        (FaultKind::Unavailable, 1, "x; the first record is known to be written; those after may be"),
    ] {
        let error = broken(kind, written);
        assert_eq!((error.to_string().as_str(), error.advice()), (said, Some(kind.policy().1)));
    }
}
