//! What a running process tells Prometheus.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::{Bench, Database, record_lines, root};
use super::needed::Needed;
use super::sample_profiles::{expected, sample};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running pipeline; dropping it ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What the address answers; nothing while nobody listens.
fn get(address: &str, path: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}

/// The values of a metric, by their labels.
fn values(text: &str, name: &str) -> Vec<(String, f64)> {
    let series = text.lines().filter_map(|line| line.strip_prefix(name)?.split_once(' '));
    let series = series.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
    series.map(|(labels, value)| (labels.to_owned(), value.parse().unwrap())).collect()
}

fn sum(text: &str, name: &str) -> f64 {
    values(text, name).iter().map(|(_, value)| value).sum()
}

/// Prometheus' own tool, where it is found, has nothing to say against it.
fn lint(text: &str) {
    let tool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = tool else {
        Needed::Promtool.is_missing("there is no `promtool`");
        return;
    };
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = tool.wait_with_output().unwrap();
    assert!(said.status.success(), "{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_of_every_partition_goes_to_nothing_and_nothing_tells_of_a_customer() {
    let bench = Bench::new(Database::Sqlite).await;
    let pipeline = bench.pipeline(&[]).await;
    let events = record_lines(&sample("events.jsonl"));
    pipeline.produce(events.clone()).await.unwrap();
    pipeline.sink().close().await;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.args(["run", "--http-addr", &address]).current_dir(root()).envs(bench.variables()).env("LOG_LEVEL", "warn");
    let _running = Running(command.stdin(Stdio::null()).spawn().unwrap());
    let begun = Instant::now();
    let text = loop {
        assert!(begun.elapsed() < PATIENCE, "the lag stays");
        let text = get(&address, "/metrics").map(|(_, body)| body).unwrap_or_default();
        let lag = values(&text, "syncline_lag_records");
        if lag.len() == 44 && lag.iter().all(|(_, lag)| *lag == 0.0) && sum(&text, "syncline_records_written_total") >= 300.0 {
            break text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let records = events.len() as f64;
    for name in
        ["syncline_records_read_total", "syncline_records_resolved_total", "syncline_position_offset", "syncline_end_offset"]
    {
        assert_eq!(sum(&text, name), records, "{name}\n{text}");
    }
    assert_eq!(sum(&text, "syncline_profiles_created_total"), 300.0);
    assert!(sum(&text, "syncline_commit_duration_seconds_count") > 0.0, "{text}");
    assert_eq!(values(&text, "syncline_broker_up"), [("{broker=\"local\"}".to_owned(), 1.0)]);
    assert!(get(&address, "/health/ready").unwrap().0.starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/metrics").unwrap().0.to_lowercase().contains("content-type: text/plain; version=0.0.4"));
    for customer in expected(&sample("expected.jsonl")).keys() {
        assert!(!text.contains(customer), "{customer} is told of:\n{text}");
    }
    lint(&text);
}
