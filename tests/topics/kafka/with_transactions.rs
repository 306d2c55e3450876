//! Transactions: on a server of Apache Kafka, where Java and Maven are, and on the mock cluster, which fails when it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use schemas::FaultKind;
use syncline::topics::kafka::{Group, Options, Others};
use syncline::topics::{ReadLimits, Topics, Transactions};
use tokio::time::timeout;

use super::{open, options};
use crate::kafka_server::KafkaServer;
use crate::subject::{at, create, patient, reader, to, values};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn in_group(server: &KafkaServer, group: &str, others: &[(&str, &str)]) -> Options {
    let others = others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let group = Some(Group { id: group.into(), instance_id: None });
    Options { group, others: Others(others), ..options(server.address()) }
}

async fn opened(topics: &Arc<dyn Topics>, name: &str) -> Box<dyn Transactions> {
    let transactions = topics.transactions(name).await.unwrap().expect("there is a group");
    // The server makes its log of transactions for the first of them, and says that it has none meanwhile.
    let opening = async {
        while let Err(fault) = transactions.open().await {
            assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, opening).await.expect("it opens in time");
    transactions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_of_a_group() {
    let Some(server) = KafkaServer::start() else { return };
    let alone = open(options(server.address())).await;
    assert!(alone.transactions("n").await.unwrap().is_none(), "without a group there are no positions to commit");
    assert_eq!(alone.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::new());
    for topic in ["once", "aborted", "lost", "slow"] {
        create(&*alone, topic, 1).await;
    }
    create(&*alone, "in", 2).await;
    records_and_positions_are_seen_together(&server).await;
    tokio::join!(
        what_is_aborted_is_not_seen(&server),
        who_takes_the_name_over_ends_what_was_open(&server),
        a_transaction_that_takes_too_long_is_aborted(&server),
    );
}

async fn records_and_positions_are_seen_together(server: &KafkaServer) {
    let topics = open(in_group(server, "once", &[])).await;
    let transactions = opened(&topics, "once").await;
    let both = [at("in", 0), at("in", 1)];
    assert_eq!(topics.committed(&both).await.unwrap(), BTreeMap::new());
    let to = |value: &str| to("once", Some(0), value);
    transactions.prepare(&[to("1"), to("2")], &[(at("in", 0), 5)]).await.unwrap();
    let mut reader = reader(&*topics, "once", 1).await;
    let a_while = ReadLimits { wait: Duration::from_millis(300), ..patient() };
    assert_eq!(reader.read(&a_while).await.unwrap(), [], "nothing is seen before the commit");
    // It is there: who is to read to the end has to wait for it.
    assert_eq!(topics.bounds(&at("once", 0)).await.unwrap().end, 2);
    assert_eq!(reader.positions(), [(at("once", 0), 0)]);
    // Who asks for the positions meanwhile waits for the end of the transaction.
    let (asked, ()) = tokio::join!(topics.committed(&both), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transactions.commit().await.unwrap();
    });
    assert_eq!(asked.unwrap(), BTreeMap::from([(at("in", 0), 5)]));
    assert_eq!(values(&reader.read(&patient()).await.unwrap()), ["1", "2"]);
    // Positions alone are a transaction, too.
    transactions.prepare(&[], &[(at("in", 0), 6), (at("in", 1), 1)]).await.unwrap();
    transactions.commit().await.unwrap();
    assert_eq!(topics.committed(&both).await.unwrap(), BTreeMap::from([(at("in", 0), 6), (at("in", 1), 1)]));
}

async fn what_is_aborted_is_not_seen(server: &KafkaServer) {
    let topics = open(in_group(server, "aborted", &[])).await;
    let transactions = opened(&topics, "aborted").await;
    let to = |value: &str| to("aborted", Some(0), value);
    transactions.prepare(&[to("never")], &[(at("in", 0), 5)]).await.unwrap();
    transactions.abort().await;
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::new());
    transactions.open().await.unwrap();
    transactions.prepare(&[to("then")], &[(at("in", 0), 3)]).await.unwrap();
    transactions.commit().await.unwrap();
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::from([(at("in", 0), 3)]));
    assert_eq!(values(&reader(&*topics, "aborted", 1).await.read(&patient()).await.unwrap()), ["then"]);
}

async fn who_takes_the_name_over_ends_what_was_open(server: &KafkaServer) {
    let topics = open(in_group(server, "lost", &[])).await;
    let to = |value: &str| to("lost", Some(0), value);
    let lost = opened(&topics, "lost").await;
    lost.prepare(&[to("never")], &[(at("in", 0), 5)]).await.unwrap();
    let next = opened(&topics, "lost").await;
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::new(), "nobody waits for what is lost");
    let fault = lost.commit().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    next.prepare(&[to("then")], &[(at("in", 0), 2)]).await.unwrap();
    next.commit().await.unwrap();
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::from([(at("in", 0), 2)]));
    assert_eq!(values(&reader(&*topics, "lost", 1).await.read(&patient()).await.unwrap()), ["then"]);
}

async fn a_transaction_that_takes_too_long_is_aborted(server: &KafkaServer) {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let topics = open(in_group(server, "slow", &[("transaction.timeout.ms", &TIMEOUT.as_millis().to_string())])).await;
    let transactions = opened(&topics, "slow").await;
    let to = |value: &str| to("slow", Some(0), value);
    let begun = Instant::now();
    transactions.prepare(&[to("never")], &[(at("in", 0), 5)]).await.unwrap();
    // The cluster ends it; until then the positions are not told.
    let ended = async { while topics.committed(&[at("in", 0)]).await.is_err() {} };
    timeout(PATIENCE, ended).await.expect("it is aborted in time");
    assert!(begun.elapsed() >= TIMEOUT, "it was ended after {:?}, when it was not late yet", begun.elapsed());
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::new(), "it was not committed");
    let fault = transactions.commit().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    transactions.abort().await;
    transactions.open().await.unwrap();
    transactions.prepare(&[to("then")], &[(at("in", 0), 7)]).await.unwrap();
    transactions.commit().await.unwrap();
    assert_eq!(topics.committed(&[at("in", 0)]).await.unwrap(), BTreeMap::from([(at("in", 0), 7)]));
    assert_eq!(values(&reader(&*topics, "slow", 1).await.read(&patient()).await.unwrap()), ["then"]);
}
