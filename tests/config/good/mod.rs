//! Files that pass, and what they become.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemas::TopicName;
use syncline::config::{self, Checked, Plan, render};
use syncline::topics::Broker;
use syncline::topics::kafka::{Compression, Sasl};

use super::catalogue::CATALOGUE;
use super::environment::Machine;

const ORDERS: &str = include_str!("orders.yaml");

fn checked(text: &str, machine: &Machine) -> Checked {
    config::check(text, Path::new("tests/config/good/orders.yaml"), machine, CATALOGUE)
        .unwrap_or_else(|errors| panic!("{}", render::text(errors.findings(), false)))
}

fn plan(text: &str) -> Plan {
    let checked = checked(text, &Machine::default());
    assert!(checked.warnings.is_empty(), "{}", render::text(&checked.warnings, false));
    checked.plan
}

fn topic(name: &str) -> TopicName {
    TopicName::try_from(name).unwrap()
}

#[test]
fn an_internal_topic_fuses_the_stages_on_its_sides() {
    let plan = plan(ORDERS);
    let [segment] = plan.segments.as_slice() else { panic!("{} segments", plan.segments.len()) };
    assert_eq!(segment.name, "intake");
    let [intake, profile] = segment.stages.as_slice() else { panic!("{} stages", segment.stages.len()) };
    assert_eq!(intake.from, [topic("orders.paid"), topic("orders.placed")]);
    assert_eq!(intake.to, Some(topic("orders.events")));
    assert_eq!(intake.on_reject, Some(topic("rejects")));
    assert_eq!((intake.lanes, intake.batch.records, intake.batch.linger), (1, 1000, Duration::from_millis(20)));
    assert_eq!(profile.from, [topic("orders.events")]);
    assert_eq!((profile.lanes, profile.batch.records, profile.batch.size_bytes), (2, 500, 1 << 20));
    let store = profile.store.as_ref().unwrap();
    assert_eq!((store.sink.as_str(), store.changelog.as_ref()), ("profiles", Some(&topic("profiles"))));
    let steps: Vec<_> = profile.steps.iter().map(|step| step.name).collect();
    assert_eq!(steps, ["merge_profile", "assess_risk", "raise_alerts"]);
    assert_eq!(profile.steps[2].routes["high_risk"], topic("alerts.risk"));
}

#[test]
fn a_segment_is_exactly_once_where_one_of_its_stages_is() {
    let file = |asked: &str| {
        format!(
            "version: 1\nname: orders\nbrokers: {{kafka: {{servers: \"localhost:9092\", group: orders}}}}\n\
             topics: {{in: {{}}, inner: {{internal: true, key: id}}, out: {{}}, rejects: {{}}}}\n\
             stages:\n\
             - {{name: first, from: [in], steps: [{{use: decode}}], to: inner, on_reject: rejects}}\n\
             - {{name: second, from: [inner], steps: [{{use: validate}}], to: out{asked}}}\n\
             sinks: {{profiles: {{type: sql, url: \"sqlite://profiles.db\"}}}}\n"
        )
    };
    let [with, without] = [", exactly_once: true", ""].map(|asked| plan(&file(asked)));
    assert_eq!(with.segments.len(), 1);
    assert!(with.segments[0].exactly_once() && !with.segments[0].stages[0].exactly_once);
    assert!(!without.segments[0].exactly_once());
}

#[test]
fn what_is_left_out_has_its_default() {
    let plan = plan(ORDERS);
    let sink = &plan.sinks["profiles"];
    assert_eq!((sink.table.as_str(), sink.key.as_str(), sink.connections), ("customer_detailed_profiles", "customer_id", 8));
    assert_eq!(plan.topics[&topic("orders.paid")].partitions, 1);
    assert!(plan.topics[&topic("orders.placed")].schema.is_some());
    assert!(plan.topics[&topic("orders.paid")].schema.is_none());
}

#[test]
fn paths_start_from_the_folder_of_the_file() {
    let plan = plan(ORDERS);
    assert_eq!(plan.brokers["local"], Broker::Local { dir: PathBuf::from("tests/config/good/.syncline") });
    assert_eq!(plan.sinks["profiles"].url, "sqlite://tests/config/good/profiles.db");
    let absolute = self::plan(&ORDERS.replace("sqlite://profiles.db", "sqlite:///var/profiles.db"));
    assert_eq!(absolute.sinks["profiles"].url, "sqlite:///var/profiles.db");
}

#[test]
fn a_kafka_cluster_takes_names_with_units_and_other_settings_as_they_are() {
    let cluster = "  kafka:
    servers: a:9092,b:9092
    compression: zstd
    max_record: 2MiB
    security: {tls: true, ca_file: ca.pem, sasl: scram-sha-512, username: orders, password: hunter2}
    options: {linger.ms: 20, socket.keepalive.enable: true}
";
    let brokers = plan(&ORDERS.replace("  local: {dir: .syncline}\n", cluster)).brokers;
    let Broker::Kafka(options) = &brokers["kafka"] else { panic!("{brokers:?}") };
    assert_eq!((options.servers.as_str(), options.client_id.as_str()), ("a:9092,b:9092", "syncline"));
    assert_eq!((options.compression, options.max_record_bytes, options.replication), (Compression::Zstd, 2 << 20, 0));
    let tls = options.security.tls.as_ref().unwrap();
    assert_eq!(tls.ca_file.as_deref(), Some(Path::new("tests/config/good/ca.pem")));
    let (mechanism, username, password) = ("scram-sha-512".into(), "orders".into(), "hunter2".into());
    assert!(options.security.sasl == Some(Sasl::Password { mechanism, username, password }));
    assert!(!format!("{options:?}").contains("hunter2"), "a password is never printed");
    let others: Vec<_> = options.others.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(others, [("linger.ms", "20"), ("socket.keepalive.enable", "true")]);
}

#[test]
fn brokers_of_one_kind_have_names_of_their_own() {
    let brokers = "  local: {dir: .syncline}
  old: {kind: kafka, servers: \"old:9092\"}
  kafka: {kind: kafka, servers: \"new:9092\"}
  shelf: {kind: local, dir: shelf}
";
    let plan = plan(&ORDERS.replace("  local: {dir: .syncline}\n", brokers).replacen("topics:", "broker: local\ntopics:", 1));
    let servers = |name: &str| match &plan.other_brokers[name] {
        Broker::Kafka(options) => options.servers.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((servers("old"), servers("kafka")), ("old:9092".into(), "new:9092".into()));
    assert_eq!(plan.other_brokers["shelf"], Broker::Local { dir: PathBuf::from("tests/config/good/shelf") });
    assert!(plan.brokers.contains_key("local"));
}

#[test]
fn a_fluvio_cluster_takes_names_with_units_and_certificates() {
    let cluster = "  fluvio:
    endpoint: a:9003
    compression: zstd
    max_record: 2MiB
    replication: 3
    tls: {domain: fluvio.local, ca_file: ca.pem, certificate_file: own.pem, key_file: /own.key}
";
    let brokers = plan(&ORDERS.replace("  local: {dir: .syncline}\n", cluster)).brokers;
    let Broker::Fluvio(options) = &brokers["fluvio"] else { panic!("{brokers:?}") };
    assert_eq!((options.endpoint.as_str(), options.max_record_bytes, options.replication), ("a:9003", 2 << 20, 3));
    assert_eq!(options.compression, syncline::topics::fluvio::Compression::Zstd);
    let tls = options.tls.as_ref().unwrap();
    assert_eq!((tls.domain.as_str(), tls.ca_file.as_path()), ("fluvio.local", Path::new("tests/config/good/ca.pem")));
    assert_eq!(tls.key_file, Path::new("/own.key"));
}

#[test]
fn a_token_stands_in_a_file() {
    let cluster = "  kafka: {servers: \"a:9092\", security: {sasl: oauthbearer, token_file: run/token}}\n";
    let brokers = plan(&ORDERS.replace("  local: {dir: .syncline}\n", cluster)).brokers;
    let Broker::Kafka(options) = &brokers["kafka"] else { panic!("{brokers:?}") };
    assert_eq!(options.security.sasl, Some(Sasl::Token { file: PathBuf::from("tests/config/good/run/token") }));
}

#[test]
fn a_topic_that_is_not_internal_separates_segments() {
    let plan = plan(&ORDERS.replace("internal: true, ", ""));
    let names: Vec<_> = plan.segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, ["intake", "profile"]);
}

#[test]
fn segments_stand_after_those_that_feed_them() {
    let text = ORDERS
        .replace("stages:\n", "stages:\n  - name: archive\n    from: [copies]\n    steps: [{use: validate}]\n    to: archived\n")
        .replace("sinks:", "  - name: copy\n    from: [rejects]\n    steps: [{use: decode}]\n    to: copies\nsinks:")
        .replace("  rejects: {}", "  rejects: {}\n  copies: {}\n  archived: {}");
    let plan = plan(&text);
    let names: Vec<_> = plan.segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, ["intake", "copy", "archive"]);
}

#[test]
fn a_step_that_is_switched_off_does_not_run() {
    let machine = |value| Machine { variables: vec![("RISK", value)] };
    let text = ORDERS.replace("- use: assess_risk", "- use: assess_risk\n        if: ${RISK:-true}");
    let steps = |checked: Checked| checked.plan.segments[0].stages[1].steps.len();
    assert_eq!(steps(checked(&text, &Machine::default())), 3);
    assert_eq!(steps(checked(&text, &machine("false"))), 2);
}

#[test]
fn aliases_show_the_same_value_in_several_places() {
    let text = ORDERS.replace("orders.paid: {}", "orders.paid: &four {partitions: 4}\n  orders.shipped: *four");
    let plan = plan(&text);
    assert_eq!(plan.topics[&topic("orders.shipped")].partitions, 4);
    assert!(plan.segments[0].stages[0].from.contains(&topic("orders.shipped")));
}

#[test]
fn one_mistake_behind_an_alias_is_said_once() {
    let text = ORDERS.replace("orders.paid: {}", "orders.paid: &four {partitions: four}\n  orders.shipped: *four");
    let errors = config::check(&text, Path::new("f.yaml"), &Machine::default(), CATALOGUE).err().unwrap();
    let messages: Vec<_> = errors.findings().iter().map(ToString::to_string).collect();
    assert!(messages.contains(&"`partitions` must be a whole number from 1 to 1024, found the text \"four\"".to_owned()));
    assert_eq!(messages.iter().filter(|message| message.contains("partitions")).count(), 1);
}

#[test]
fn aliases_cannot_multiply_without_end() {
    let mut text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("b{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    let errors = config::check(&text, Path::new("f.yaml"), &Machine::default(), CATALOGUE).err().unwrap();
    assert_eq!(errors.findings()[0].message(), "the file holds over 100000 values once its aliases are followed");
}

#[test]
fn a_database_may_be_named_by_the_environment_alone() {
    let text = ORDERS.replace("sqlite://profiles.db", "${DATABASE_URL}");
    let machine = Machine { variables: vec![("DATABASE_URL", "postgres://me:hunter2@db/profiles")] };
    let plan = checked(&text, &machine).plan;
    assert_eq!(plan.sinks["profiles"].url, "postgres://me:hunter2@db/profiles");
    assert!(!format!("{:?}", plan.sinks["profiles"]).contains("hunter2"));
}

#[test]
fn columns_may_have_the_names_of_a_database_that_is_there_already() {
    let text =
        ORDERS.replace("type: sql", "type: sql, key: customerId, columns: {name: email, email: contact, risk_level: riskLevel}");
    let sink = plan(&text).sinks.remove("profiles").unwrap();
    assert_eq!(
        (sink.key.as_str(), sink.columns["name"].as_str(), sink.columns["risk_level"].as_str()),
        ("customerId", "email", "riskLevel")
    );
}

#[test]
fn a_sink_has_connections_enough_for_the_lanes() {
    let connections = |text: String| plan(&text).sinks["profiles"].connections;
    let lanes = |lanes: u32| ORDERS.replace("lanes: 2", &format!("lanes: {lanes}"));
    assert_eq!(connections(lanes(2)), 8);
    assert_eq!(connections(lanes(20)), 22);
    // The stage before shares the lanes of the one that stores; over a topic that is not internal it has its own.
    assert_eq!(connections(lanes(20).replace("name: intake", "name: intake\n    lanes: 10")), 22);
    assert_eq!(connections(lanes(20).replace("internal: true, ", "").replace("name: intake", "name: intake\n    lanes: 10")), 32);
    assert_eq!(connections(lanes(20).replace("type: sql", "type: sql, connections: 22")), 22);
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_its_own() {
    let errors = config::load(Path::new("tests/config/none.yaml"), &Machine::default(), CATALOGUE).err().unwrap();
    assert_eq!(errors.findings()[0].message(), "the pipeline file tests/config/none.yaml cannot be read");
    assert_eq!(errors.findings()[0].reason(), Some("entity not found"));
}
