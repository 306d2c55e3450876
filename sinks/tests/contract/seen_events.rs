//! Events that are remembered by id, and forgotten.

use chrono::TimeDelta;
use schemas::store::{Batch, Written};
use sinks::Settings;

use super::{Place, batch, noon, opened, profile, read, row, store};

pub async fn a_seen_event_writes_nothing(place: &impl Place) {
    let sink = store(place).await;
    let first = Batch { seen: vec!["event-1".into(), "event-2".into()], ..batch(vec![row(profile("c-1"))]) };
    assert_eq!(sink.write(&first).await.unwrap(), Written::Durable);
    let ids = ["event-2".to_owned(), "event-3".to_owned()];
    assert_eq!(sink.read(&[], &ids).await.unwrap().seen, ["event-2".to_owned()].into());
    let again = Batch { seen: vec!["event-3".into(), "event-2".into()], ..batch(vec![row(profile("c-2"))]) };
    assert_eq!(sink.write(&again).await.unwrap(), Written::Stale(vec!["c-2".into()]));
    assert!(read(&sink, "c-2").await.is_none());
    assert_eq!(sink.read(&[], &ids).await.unwrap().seen.len(), 1, "event-3 is not remembered");
}

pub async fn events_are_forgotten_oldest_first(place: &impl Place) {
    let sink = store(place).await;
    let other = opened(place, &Settings::new("another")).await;
    let ids: Vec<String> = (0..5).map(|day| format!("event-{day}")).collect();
    for (day, id) in (0..).zip(&ids) {
        let seen = Batch { seen: vec![id.clone()], now: noon() + TimeDelta::days(day), ..Batch::default() };
        sink.write(&seen).await.unwrap();
        other.write(&seen).await.unwrap();
    }
    let left = async || {
        let mut left: Vec<String> = sink.read(&[], &ids).await.unwrap().seen.into_iter().collect();
        left.sort();
        left
    };
    let before = noon() + TimeDelta::days(3);
    assert_eq!(sink.forget_events(before, 2).await.unwrap(), 2);
    assert_eq!(left().await, ["event-2", "event-3", "event-4"]);
    assert_eq!(sink.forget_events(before, 2).await.unwrap(), 1, "event-3 was not seen before");
    assert_eq!(sink.forget_events(before, 2).await.unwrap(), 0);
    assert_eq!(left().await, ["event-3", "event-4"]);
    assert_eq!(other.read(&[], &ids).await.unwrap().seen.len(), 5, "another pipeline's are its own");
}
