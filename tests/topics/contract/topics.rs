//! Topics: what is there, what is not, what is made.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemas::FaultKind;
use syncline::topics::TopicSpec;

use crate::subject::{Subject, assert_dense, at, create, drain, name, numbered, read_all, record, to, values, with_topic};

pub(crate) async fn what_does_not_exist_is_refused(subject: &dyn Subject) {
    let topics = with_topic(subject, 2).await;
    let mut faults = Vec::new();
    faults.push((topics.write(vec![to("missing", None, "x")]).await.unwrap_err(), "missing"));
    faults.push((topics.write(vec![to("t", Some(2), "x")]).await.unwrap_err(), "t[2]"));
    faults.push((topics.bounds(&at("missing", 0)).await.unwrap_err(), "missing"));
    faults.push((topics.bounds(&at("t", 2)).await.unwrap_err(), "t[2]"));
    faults.push((topics.reader(&[(at("missing", 0), 0)]).await.err().unwrap(), "missing"));
    faults.push((topics.create(&[TopicSpec { name: name("none"), partitions: 0 }]).await.unwrap_err(), "none"));
    for (fault, named) in faults {
        assert_eq!(fault.kind(), FaultKind::Refused, "{fault}");
        assert!(fault.to_string().contains(named), "{fault}");
    }
    let counts = topics.partitions(&[name("t"), name("missing"), name("none")]).await.unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(name("t"), 2)]);
}

pub(crate) async fn a_refused_write_leaves_nothing(subject: &dyn Subject) {
    let topics = with_topic(subject, 1).await;
    topics.write(vec![record("x"), to("missing", None, "x")]).await.unwrap_err();
    // Together with writes that are accepted, which may share a transaction with it.
    let writes: Vec<_> = (0..40_u64)
        .map(|number| {
            let topics = Arc::clone(&topics);
            let records = match number % 2 {
                0 => numbered(number..number + 2),
                _ => vec![record("never"), to("t", Some(9), "never")],
            };
            tokio::spawn(async move { (number, topics.write(records).await.is_ok()) })
        })
        .collect();
    for write in writes {
        let (number, accepted) = write.await.unwrap();
        assert_eq!(accepted, number % 2 == 0);
    }
    let read = read_all(&*topics, "t", 1).await;
    assert_dense(&read, 1);
    assert_eq!(read.len(), 40);
    assert!(read.iter().all(|raw| raw.value != b"never" && raw.value != b"x"));
}

pub(crate) async fn creating_again_changes_nothing(subject: &dyn Subject) {
    let topics = with_topic(subject, 3).await;
    topics.write(numbered(0..3)).await.unwrap();
    create(&*topics, "t", 7).await;
    let other = subject.open().await;
    create(&*other, "t", 1).await;
    let counts = other.partitions(&[name("t")]).await.unwrap();
    assert_eq!(counts[&name("t")], 3);
    assert_eq!(values(&read_all(&*other, "t", 3).await), ["0", "1", "2"]);
}

pub(crate) async fn many_topics_with_every_name_that_it_takes(subject: &dyn Subject) {
    let topics = subject.open().await;
    let mut names: Vec<String> = (0..60).map(|number| format!("topic.{number}")).collect();
    names.extend(subject.names().iter().map(|name| (*name).to_owned()));
    names.push("x".repeat(subject.longest_name()));
    for topic in &names {
        subject.create(&*topics, topic, 2).await;
    }
    topics.write(names.iter().map(|topic| to(topic, Some(1), topic.clone())).collect()).await.unwrap();
    for topic in &names {
        let read = read_all(&*topics, topic, 2).await;
        assert_eq!(values(&read), std::slice::from_ref(topic));
        assert_eq!(read[0].origin.topic.as_str(), topic);
    }
    let from: Vec<_> = names.iter().flat_map(|topic| [(at(topic, 0), 0), (at(topic, 1), 0)]).collect();
    let mut all = topics.reader(&from).await.unwrap();
    let read: BTreeSet<_> = values(&drain(&mut *all, names.len(), 10).await).into_iter().collect();
    assert_eq!(read, names.into_iter().collect());
}

pub(crate) async fn it_answers(subject: &dyn Subject) {
    subject.open().await.ping().await.unwrap();
}
