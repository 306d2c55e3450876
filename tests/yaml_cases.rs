//! The cases in `tests/pipelines/*.yaml`: records in at topics; rows, alerts and dead letters out. They document the rules.
//!
//! ```yaml
//! - name: a company that loses money is a medium risk
//!   at: 2026-03-01T08:00:00Z            # the clock, and the timestamp of records that have none
//!   with: {ENABLE_RISK_ASSESSMENT: "true"}   # variables of the pipeline file
//!   in:
//!     - topic: admin.customer.enterprise.identification
//!       value: {$file: fixtures/form.json, $set: {identification.patrimonyAndMeans.beneficeNet: -1}, $unset: [timestamp]}
//!   expect:
//!     rows: {customer_detailed_profiles: [{customer_id: c-1, risk_level: medium}]}
//!     topics: {admin.alerts.risk.high: []}
//! ```
//!
//! What is expected of a table or a topic is all that it holds, in order; of an object, the members that are named.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use schemas::{ManualClock, Outgoing};
use serde::Deserialize;
use serde_json::Value;
use syncline::run::Pipeline;
use syncline::topics::{ReadLimits, TopicPartition};
use tokio::sync::watch;

use super::harness::{Bench, Database, root, topic};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    at: DateTime<Utc>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    r#in: Vec<Input>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    topic: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    timestamp: Option<DateTime<Utc>>,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    raw: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(default)]
    rows: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
    #[serde(default)]
    topics: BTreeMap<String, Vec<Value>>,
}

/// The order in which a table's rows are compared.
fn order(table: &str) -> &'static str {
    match table {
        "customer_detailed_profiles" => "customer_id",
        "profile_alerts" => "customer_id, kind, raised_at",
        "profile_history" => "customer_id, version, field",
        "dead_letters" => "topic, \"partition\", \"offset\"",
        "critical_changes" => "customer_id, request_id, at, event_id",
        other => panic!("no order is known for the table {other}: name one in yaml_cases.rs"),
    }
}

/// A value with its `$file` read, `$set` and `$unset` applied.
fn resolved(value: Value, folder: &Path) -> Value {
    let Value::Object(mut members) = value else { return value };
    let Some(file) = members.remove("$file") else { return Value::Object(members) };
    let text = std::fs::read_to_string(folder.join(file.as_str().unwrap())).unwrap();
    let mut base: Value = serde_json::from_str(&text).unwrap();
    for (path, value) in members.remove("$set").and_then(|set| set.as_object().cloned()).unwrap_or_default() {
        *at_path(&mut base, &path) = value;
    }
    for path in members.remove("$unset").and_then(|unset| unset.as_array().cloned()).unwrap_or_default() {
        let path = path.as_str().unwrap();
        let (parent, name) = path.rsplit_once('.').map_or((None, path), |(parent, name)| (Some(parent), name));
        let parent = match parent {
            Some(parent) => at_path(&mut base, parent),
            None => &mut base,
        };
        assert!(parent.as_object_mut().unwrap().remove(name).is_some(), "$unset: nothing stands at {path}");
    }
    assert!(members.is_empty(), "beside $file only $set and $unset: {members:?}");
    base
}

fn at_path<'v>(base: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(base, |value, name| match name.parse::<usize>() {
        Ok(index) if value.is_array() => &mut value[index],
        _ => &mut value[name],
    })
}

/// Whether `found` has all that `expected` names.
fn fits(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().all(|(name, value)| fits(value, found.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| fits(expected, found))
        }
        (Value::Number(expected), Value::Number(found)) => expected.as_f64() == found.as_f64(),
        _ => expected == found,
    }
}

fn compare(case: &str, what: &str, expected: &[Value], found: &[Value], failures: &mut Vec<String>) {
    let fit = expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| fits(expected, found));
    if !fit {
        let lines = |values: &[Value]| values.iter().map(|value| format!("\n      {value}")).collect::<String>();
        failures.push(format!("{case}\n  {what}\n    expected:{}\n    found:{}", lines(expected), lines(found)));
    }
}

async fn held(pipeline: &Pipeline, name: &str) -> Vec<Value> {
    let plan = &pipeline.plan().topics[&topic(name)];
    let from: Vec<_> =
        (0..plan.partitions).map(|partition| (TopicPartition { topic: plan.name.clone(), partition }, 0)).collect();
    let mut reader = pipeline.brokers()[&plan.broker].reader(&from).await.unwrap();
    let limits = ReadLimits { records: 1_000, bytes: 16 << 20, wait: Duration::from_millis(1) };
    let mut values = Vec::new();
    loop {
        let records = reader.read(&limits).await.unwrap();
        if records.is_empty() {
            return values;
        }
        values.extend(records.iter().map(|record| serde_json::from_slice::<Value>(&record.value).unwrap()));
    }
}

async fn run(file: &str, folder: &Path, case: Case, failures: &mut Vec<String>) {
    let bench = Bench::new(Database::Sqlite).await;
    let with: Vec<_> = case.with.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pipeline = bench.pipeline_at(&with, ManualClock::at(case.at)).await;
    let records = case.r#in.into_iter().map(|input| Outgoing {
        topic: topic(&input.topic),
        partition: Some(0),
        key: input.key.map(String::into_bytes),
        value: match (input.value, input.raw) {
            (Some(value), None) => serde_json::to_vec(&resolved(value, folder)).unwrap().into(),
            (None, Some(raw)) => raw.into_bytes().into(),
            _ => panic!("{}: a record has either `value` or `raw`", case.name),
        },
        headers: Vec::new(),
        timestamp: Some(input.timestamp.unwrap_or(case.at)),
    });
    // One after the other, each run to its end: what is expected may depend on the order in which records came.
    for record in records.collect::<Vec<_>>() {
        pipeline.produce(vec![record]).await.unwrap();
        let (_stop, stopped) = watch::channel(false);
        pipeline.run_until_caught_up(stopped).await.unwrap();
    }
    let name = format!("{file}: {}", case.name);
    for (table, expected) in &case.expect.rows {
        let mut columns: Vec<&str> = expected.iter().flat_map(|row| row.keys().map(String::as_str)).collect();
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() {
            columns.push(order(table).split(',').next().unwrap().trim_matches('"'));
        }
        let found = bench.rows(table, &columns, order(table)).await;
        let expected: Vec<Value> = expected.iter().map(|row| Value::Object(row.clone().into_iter().collect())).collect();
        compare(&name, table, &expected, &found, failures);
    }
    for (topic, expected) in &case.expect.topics {
        compare(&name, topic, expected, &held(&pipeline, topic).await, failures);
    }
    pipeline.sink().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_comes_out_as_it_says() {
    let folder = root().join("tests/pipelines");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        for case in cases {
            count += 1;
            run(&file, &folder, case, &mut failures).await;
        }
    }
    assert!(count > 0, "no case was found");
    assert!(failures.is_empty(), "{} of {count} cases failed\n\n{}", failures.len(), failures.join("\n\n"));
}
