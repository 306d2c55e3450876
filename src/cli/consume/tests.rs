#![allow(clippy::unwrap_used, clippy::panic)]

use clap::{Args, FromArgMatches};
use schemas::{Outgoing, SystemClock};

use super::*;
use crate::topics::TopicSpec;
use crate::topics::memory::Memory;

/// A topic "t" of two partitions with the values 0 to 9: even ones in partition 0, odd ones in 1; those below 4 have the key "k".
async fn topics() -> Arc<dyn Topics> {
    let topics = Memory::new(Arc::new(SystemClock));
    let topic = TopicName::try_from("t").unwrap();
    topics.create(&[TopicSpec { name: topic.clone(), partitions: 2 }]).await.unwrap();
    let records = (0..10_u32).map(|number| Outgoing {
        topic: topic.clone(),
        partition: Some(number % 2),
        key: (number < 4).then(|| b"k".to_vec()),
        value: number.to_string().into_bytes().into(),
        headers: Vec::new(),
        timestamp: None,
    });
    topics.write(records.collect()).await.unwrap();
    Arc::new(topics)
}

fn parsed(arguments: &str) -> Result<Consume, clap::Error> {
    let command = Consume::augment_args(clap::Command::new("consume").no_binary_name(true));
    Consume::from_arg_matches(&command.try_get_matches_from(arguments.split(' '))?)
}

/// What is printed: the values, sorted.
async fn consumed(topics: &Arc<dyn Topics>, arguments: &str) -> Result<Vec<String>, ConsumeError> {
    let mut out = Vec::new();
    parsed(arguments).unwrap().run(Arc::clone(topics), &mut out, Reads::Program).await?;
    let lines = String::from_utf8(out).unwrap();
    let value = |(number, line): (u64, &str)| {
        String::from_utf8(record_line::parse(number, line.as_bytes()).unwrap().value.into_bytes()).unwrap()
    };
    let mut values: Vec<_> = (1..).zip(lines.lines()).map(value).collect();
    values.sort();
    Ok(values)
}

#[tokio::test]
async fn what_is_there_is_printed_once() {
    let topics = topics().await;
    let all = consumed(&topics, "t --from-beginning --until-caught-up").await.unwrap();
    assert_eq!(all, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert!(consumed(&topics, "t --until-caught-up").await.unwrap().is_empty());
}

#[tokio::test]
async fn key_partition_offset_and_limit_choose() {
    let topics = topics().await;
    assert_eq!(consumed(&topics, "t --from-beginning --until-caught-up --key k").await.unwrap(), ["0", "1", "2", "3"]);
    assert_eq!(consumed(&topics, "t --until-caught-up --partition 1 --offset 2").await.unwrap(), ["5", "7", "9"]);
    assert_eq!(consumed(&topics, "t --from-beginning --partition 0 --limit 2").await.unwrap(), ["0", "2"]);
    assert!(consumed(&topics, "t --until-caught-up --partition 1 --offset 5").await.unwrap().is_empty());
}

#[tokio::test]
async fn without_options_it_prints_what_is_written_from_now_on() {
    let topics = topics().await;
    let other = Arc::clone(&topics);
    let writing = tokio::spawn(async move {
        let topic = TopicName::try_from("t").unwrap();
        loop {
            let value = b"\"new\"".to_vec();
            let record = Outgoing {
                topic: topic.clone(),
                partition: None,
                key: None,
                value: value.into(),
                headers: Vec::new(),
                timestamp: None,
            };
            other.write(vec![record]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert_eq!(consumed(&topics, "t --limit 3").await.unwrap(), ["\"new\""; 3]);
    writing.abort();
}

#[tokio::test]
async fn what_is_not_there_is_wrong_usage() {
    let topics = topics().await;
    let cases = [
        ("missing", "topic \"missing\" does not exist"),
        ("t --partition 2", "t[2] does not exist"),
        ("t --partition 1 --offset 6", "t[1]: offset 6 is outside the log, which goes from 0 to 5"),
    ];
    for (arguments, expected) in cases {
        let error = consumed(&topics, arguments).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
    }
    for arguments in ["t --offset 1", "t --from-beginning --partition 0 --offset 1", "t --limit 0", "a*b"] {
        assert!(parsed(arguments).is_err(), "{arguments}");
    }
}

#[tokio::test]
async fn who_has_read_enough_of_the_output_ends_it() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let consume = parsed("t --from-beginning").unwrap();
    let error = consume.run(topics().await, &mut Closed, Reads::Program).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Done);
}

#[tokio::test]
async fn a_terminal_is_shown_escapes_and_a_program_gets_the_bytes() {
    let topics: Arc<dyn Topics> = Arc::new(Memory::new(Arc::new(SystemClock)));
    let topic = TopicName::try_from("t").unwrap();
    topics.create(&[TopicSpec { name: topic.clone(), partitions: 1 }]).await.unwrap();
    // A value that is JSON with C1, DEL and a change of direction in it; a key with ESC and BEL.
    let (key, value) = (b"\x1b]0;x\x07\x7f".to_vec(), "{\"a\": \"\u{9b}2J\u{7f}\u{202e}\"}".as_bytes().to_vec());
    let record = Outgoing {
        topic,
        partition: None,
        key: Some(key.clone()),
        value: value.clone().into(),
        headers: Vec::new(),
        timestamp: None,
    };
    topics.write(vec![record]).await.unwrap();
    let consume = parsed("t --from-beginning --until-caught-up").unwrap();
    for (reads, same_bytes) in [(Reads::Terminal, false), (Reads::Program, true)] {
        let mut out = Vec::new();
        consume.run(Arc::clone(&topics), &mut out, reads).await.unwrap();
        let line = String::from_utf8(out).unwrap();
        let line = line.trim_end_matches('\n');
        assert_eq!(line.contains(|c: char| c.is_control() || c == '\u{202e}'), same_bytes, "{line:?}");
        let read = record_line::parse(1, line.as_bytes()).unwrap();
        let [meant, printed] =
            [value.as_slice(), &read.value].map(|json| serde_json::from_slice::<serde_json::Value>(json).unwrap());
        assert_eq!((read.key.as_ref(), printed), (Some(&key), meant));
        assert_eq!(read.value == value, same_bytes);
    }
}
