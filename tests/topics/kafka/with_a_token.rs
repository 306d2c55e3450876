//! A server of Apache Kafka that asks for a token, where Java and Maven are.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemas::{Clock, FaultKind, SystemClock};
use syncline::topics::kafka::{Options, Sasl, Security};
use syncline::topics::{Broker, TopicSpec};

use super::{open, options};
use crate::kafka_server::KafkaServer;
use crate::subject::{at, create, name, patient, record, values};

/// How long each token is good.
const GOOD: Duration = Duration::from_secs(5);

/// What the server takes for a token: one that nobody signed.
fn renew(file: &Path) {
    let now = SystemClock.now().timestamp();
    let claims = format!(r#"{{"sub":"test","iat":{now},"exp":{}}}"#, now + GOOD.as_secs().cast_signed());
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let fresh = file.with_extension("new");
    fs::write(&fresh, format!("{}.{}.\n", encode(r#"{"alg":"none"}"#), encode(&claims))).unwrap();
    fs::rename(fresh, file).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_read_again_before_it_expires() {
    let Some(server) = KafkaServer::start() else { return };
    let plain = open(options(server.address())).await;
    create(&*plain, "t", 1).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let security = Security { tls: None, sasl: Some(Sasl::Token { file: file.clone() }) };
    let by_token = Options { security, ..options(format!("127.0.0.1:{}", server.token_port)) };

    let Err(fault) = Broker::Kafka(Box::new(by_token.clone())).open(Arc::new(SystemClock)).await else {
        panic!("there is no token yet")
    };
    assert_eq!(fault.kind(), FaultKind::Unavailable, "somebody may be about to write it: {fault}");
    assert!(fault.to_string().contains(file.to_str().unwrap()) && fault.advice().contains("token"), "{fault}");

    renew(&file);
    let topics = open(by_token).await;
    let mut reader = topics.reader(&[(at("t", 0), 0)]).await.unwrap();
    let (begun, mut written, mut read) = (Instant::now(), Vec::new(), Vec::new());
    // Longer than one token is good for, and two.
    while begun.elapsed() < 2 * GOOD + Duration::from_secs(1) {
        renew(&file);
        written.push(written.len().to_string());
        topics.write(vec![record(written.last().unwrap().as_str())]).await.unwrap();
        topics.bounds(&at("t", 0)).await.unwrap();
        match reader.read(&patient()).await {
            Ok(records) => read.extend(values(&records)),
            // The server lets a connection go that waits for records when its token is to be shown again.
            Err(fault) => {
                assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
                reader = topics.reader(&[(at("t", 0), read.len() as u64)]).await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    while read.len() < written.len() {
        read.extend(values(&reader.read(&patient()).await.unwrap()));
    }
    assert_eq!(read, written);
    let fault = topics.create(&[TopicSpec { name: name("new"), partitions: 1 }]).await.unwrap_err();
    assert!(fault.to_string().contains("\"new\"") && fault.advice().contains("create them"), "{fault}");
}
