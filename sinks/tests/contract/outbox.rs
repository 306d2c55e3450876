//! What waits to be published.

use std::collections::BTreeMap;

use schemas::profile::{Section, SectionName};
use schemas::store::{Batch, DeadLetter, Effect, Outbound, OutboxEntry};
use schemas::{Header, Json, TopicName};
use sinks::Settings;

use super::dead_letters::letter;
use super::{Place, batch, json, noon, opened, profile, read, row, stamp, store, topic};

pub fn effect(id: &str) -> Effect {
    Effect {
        id: id.into(),
        topic: topic("admin.alerts.stock.low"),
        key: "c-1".into(),
        value: vec![b'{', 0, 255],
        headers: vec![Header { name: "content-type".into(), value: b"application/cloudevents+json".to_vec() }],
        timestamp: noon(),
    }
}

fn effects(entries: &[OutboxEntry]) -> Vec<&Effect> {
    let mut effects = Vec::new();
    for entry in entries {
        let Outbound::Effect(effect) = &entry.what else { panic!("{entry:?} is no effect") };
        assert_eq!(entry.topic, effect.topic);
        effects.push(effect);
    }
    effects
}

pub async fn effects_come_in_order_and_go_when_published(place: &impl Place) {
    let sink = store(place).await;
    sink.write(&Batch { effects: vec![effect("e-2"), effect("e-1")], ..batch(vec![]) }).await.unwrap();
    sink.write(&Batch { effects: vec![effect("e-0")], ..batch(vec![]) }).await.unwrap();
    let first = sink.outbox(2, None).await.unwrap();
    assert_eq!(effects(&first), [&effect("e-2"), &effect("e-1")]);
    assert_eq!(sink.outbox(2, None).await.unwrap(), first, "what was not published comes again");
    sink.published(&first, &[]).await.unwrap();
    sink.published(&first, &[]).await.unwrap();
    let rest = sink.outbox(2, None).await.unwrap();
    assert_eq!(effects(&rest), [&effect("e-0")]);
    sink.published(&rest, &[]).await.unwrap();
    // Numbers are not given again: who publishes in their order stays in order.
    sink.write(&Batch { effects: vec![effect("e-9")], ..batch(vec![]) }).await.unwrap();
    assert!(sink.outbox(2, None).await.unwrap()[0].seq > rest[0].seq);
}

pub async fn the_outbox_ends_with_its_newest_entry(place: &impl Place) {
    let sink = store(place).await;
    let other = opened(place, &Settings::new("other")).await;
    assert_eq!(sink.outbox_end().await.unwrap(), 0);
    sink.write(&Batch { effects: vec![effect("e-1"), effect("e-2")], ..batch(vec![]) }).await.unwrap();
    other.write(&Batch { effects: vec![effect("e-3")], ..batch(vec![]) }).await.unwrap();
    let waiting = sink.outbox(10, None).await.unwrap();
    assert_eq!(sink.outbox_end().await.unwrap(), waiting[1].seq, "another pipeline's entries do not count");
    sink.published(&waiting, &[]).await.unwrap();
    assert_eq!(sink.outbox_end().await.unwrap(), 0);
}

pub async fn of_the_outbox_what_is_for_some_topics_comes_alone(place: &impl Place) {
    let sink = store(place).await;
    let [here, there] = ["alerts.here", "alerts.there"].map(|name| TopicName::try_from(name).unwrap());
    let to = |id: &str, topic: &TopicName| Effect { topic: topic.clone(), ..effect(id) };
    let sent = vec![to("e-1", &there), to("e-2", &here), to("e-3", &there), to("e-4", &here), to("e-5", &here)];
    sink.write(&Batch { effects: sent.clone(), ..batch(vec![]) }).await.unwrap();
    let of = async |topics: &[TopicName]| sink.outbox(2, Some(topics)).await.unwrap();
    assert_eq!(effects(&of(std::slice::from_ref(&here)).await), [&sent[1], &sent[3]]);
    assert_eq!(effects(&of(&[here.clone(), there.clone()]).await), [&sent[0], &sent[1]]);
    assert!(of(&[]).await.is_empty());
    assert_eq!(sink.outbox_beside(std::slice::from_ref(&here)).await.unwrap(), BTreeMap::from([(there.clone(), 2)]));
    assert!(sink.outbox_beside(&[there, here]).await.unwrap().is_empty());
}

pub async fn an_effect_that_waits_is_not_queued_twice(place: &impl Place) {
    let sink = store(place).await;
    let twice = Batch { effects: vec![effect("e-1"), effect("e-1")], ..batch(vec![]) };
    sink.write(&twice).await.unwrap();
    sink.write(&twice).await.unwrap();
    assert_eq!(sink.outbox(10, None).await.unwrap().len(), 1);
}

pub async fn a_profile_waits_once_and_goes_with_the_version_that_was_sent(place: &impl Place) {
    let sink = store(place).await;
    let changed = |profile| Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(profile)]) };
    sink.write(&changed(profile("c-1"))).await.unwrap();
    let old = sink.outbox(10, None).await.unwrap();
    sink.write(&changed(read(&sink, "c-1").await.unwrap())).await.unwrap();
    sink.write(&changed(profile("c-2"))).await.unwrap();
    let waiting = |entries: &[OutboxEntry]| -> Vec<(String, i64)> {
        let profile = |entry: &OutboxEntry| match &entry.what {
            Outbound::Profile { customer_id, version, value } => {
                let value = json(value);
                assert_eq!(value.as_ref().get("version").unwrap().text(), version.to_string());
                assert_eq!(value.as_ref().get("customerId").unwrap().as_str().unwrap(), *customer_id);
                (customer_id.clone(), *version)
            }
            other => panic!("{other:?} is no profile"),
        };
        entries.iter().map(profile).collect()
    };
    assert_eq!(waiting(&old), [("c-1".into(), 1)]);
    sink.published(&old, &[]).await.unwrap();
    let new = sink.outbox(10, None).await.unwrap();
    assert_eq!(waiting(&new), [("c-1".into(), 2), ("c-2".into(), 1)], "version 1 was sent, and 2 still waits, in its place");
    sink.published(&new, &[]).await.unwrap();
    assert!(sink.outbox(10, None).await.unwrap().is_empty());
}

pub async fn a_profile_waits_for_the_changelog_that_there_is_now(place: &impl Place) {
    let sink = store(place).await;
    for name in ["customer.profiles", "customer.profiles.v2"] {
        let own = read(&sink, "c-1").await.unwrap_or_else(|| profile("c-1"));
        sink.write(&Batch { changelog: Some(topic(name)), ..batch(vec![row(own)]) }).await.unwrap();
    }
    let entries = sink.outbox(10, None).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.topic.as_str()).collect::<Vec<_>>(), ["customer.profiles.v2"]);
}

pub async fn the_changelog_says_all_that_is_stored(place: &impl Place) {
    let sink = store(place).await;
    let mut full = profile("c-1");
    let lines = Section { stamp: stamp(1), value: json(r#"[{"id":"a-1","prixAchat":0.10}]"#), summary: Some(json("{}")) };
    full.sections.join(SectionName::Assets, lines);
    let batch = Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(full)]) };
    sink.write(&batch).await.unwrap();
    let entries = sink.outbox(10, None).await.unwrap();
    let Outbound::Profile { value, .. } = &entries[0].what else { panic!("{entries:?} holds no profile") };
    let value: Json = json(value);
    let at = |path: &[&str]| value.as_ref().at(path).map(|value| value.text().to_owned());
    assert_eq!(at(&["customerType"]).unwrap(), "\"PME\"");
    assert_eq!(at(&["basic", "name"]).unwrap(), "\"Kin Commerce\"");
    assert_eq!(at(&["patrimoine", "assets", "0", "prixAchat"]).unwrap(), "0.10");
    assert_eq!(at(&["patrimoine", "assetsSummary"]).unwrap(), "{}");
    assert_eq!(at(&["complianceRating"]).unwrap(), "\"low\"");
    assert_eq!(at(&["attention", "required"]).unwrap(), "true");
    assert_eq!(at(&["attention", "urgency"]).unwrap(), "40");
    assert_eq!(at(&["adminStatus"]).unwrap(), "\"under_review\"");
    assert_eq!(at(&["syncStatus"]).unwrap(), "\"not_synced\"");
    assert_eq!(at(&["riskProfile"]).unwrap(), "null");
    assert_eq!(at(&["updatedAt"]).unwrap(), "\"2026-03-01T12:00:00.123456Z\"");
    assert_eq!(at(&["asOf"]).unwrap(), "\"2026-03-01T12:00:01.123456Z\"");
    assert_eq!(at(&["companyProfile"]), None, "a section that does not exist is left out");
    assert_eq!(at(&["correlationId"]).unwrap(), "\"corr-7\"");
    assert_eq!(at(&["state"]), None, "the engine's own is nobody else's");
}

pub async fn new_dead_letters_wait_with_their_topic(place: &impl Place) {
    let sink = store(place).await;
    let published = |offset| DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(offset) };
    sink.write(&Batch { dead_letters: vec![published(1), letter(2)], ..batch(vec![]) }).await.unwrap();
    let entries = sink.outbox(10, None).await.unwrap();
    assert_eq!(entries.len(), 1, "a letter without a topic is published nowhere");
    assert_eq!(entries[0].topic, topic("dlq.failed.messages"));
    let Outbound::DeadLetter(stored) = &entries[0].what else { panic!("{entries:?} holds no dead letter") };
    assert_eq!((&stored.letter, stored.first_seen), (&letter(1), noon()));
    sink.published(&entries, &[]).await.unwrap();
    sink.write(&Batch { dead_letters: vec![published(1)], ..batch(vec![]) }).await.unwrap();
    assert!(sink.outbox(10, None).await.unwrap().is_empty(), "one that was there before is not published again");
}

pub async fn a_pipeline_sees_its_own_entries_only(place: &impl Place) {
    let sink = store(place).await;
    let other = opened(place, &Settings::new("another")).await;
    sink.write(&Batch { effects: vec![effect("e-1")], dead_letters: vec![letter(1)], ..batch(vec![]) }).await.unwrap();
    assert!(other.outbox(10, None).await.unwrap().is_empty());
    let filter = schemas::store::DeadLetterFilter { limit: 10, ..Default::default() };
    assert!(other.dead_letters(&filter).await.unwrap().is_empty());
    let entries = sink.outbox(10, None).await.unwrap();
    other.published(&entries, &[]).await.unwrap();
    assert_eq!(sink.outbox(10, None).await.unwrap(), entries);
}

pub async fn entries_whose_row_is_gone_are_deleted(place: &impl Place) {
    let sink = store(place).await;
    let customers = || vec![row(profile("c-1")), row(profile("c-2"))];
    let changed = || Batch { changelog: Some(topic("customer.profiles")), ..batch(customers()) };
    let published = || DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(1) };
    let refused = || Batch { dead_letters: vec![published()], ..batch(vec![]) };
    let erase = async || {
        place.execute("delete from customer_detailed_profiles").await;
        place.execute("delete from dead_letters").await;
    };
    sink.write(&changed()).await.unwrap();
    sink.write(&refused()).await.unwrap();
    sink.write(&Batch { effects: vec![effect("e-1")], ..batch(vec![]) }).await.unwrap();
    let ids = "select count(*) from outbox where id in ('profile/c-1', 'profile/c-2')";
    assert_eq!(place.number(ids).await, 2, "both databases name the entries alike");
    erase().await;
    let mut entries = sink.outbox(10, None).await.unwrap();
    let sent = entries.pop().unwrap();
    assert_eq!(effects(&[sent]), [&effect("e-1")]);
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| matches!(entry.what, Outbound::Gone { .. })), "{entries:?}");
    // They are there again before they are deleted.
    sink.write(&changed()).await.unwrap();
    sink.write(&refused()).await.unwrap();
    sink.published(&entries, &[]).await.unwrap();
    assert_eq!(sink.outbox(10, None).await.unwrap().len(), 4, "what is announced anew stays");
    erase().await;
    let gone = sink.outbox(3, None).await.unwrap();
    sink.published(&gone, &[]).await.unwrap();
    assert_eq!(effects(&sink.outbox(1, None).await.unwrap()), [&effect("e-1")], "they hide nobody any more");
}

pub async fn entries_are_read_until_they_are_large(place: &impl Place) {
    let sink = store(place).await;
    let large = |id: &str| Effect { value: vec![0; 5 << 20], ..effect(id) };
    for id in ["e-1", "e-2", "e-3"] {
        sink.write(&Batch { effects: vec![large(id)], ..batch(vec![]) }).await.unwrap();
    }
    let first = sink.outbox(10, None).await.unwrap();
    assert_eq!(effects(&first).iter().map(|effect| effect.id.as_str()).collect::<Vec<_>>(), ["e-1", "e-2"]);
    sink.published(&first, &[]).await.unwrap();
    let huge = Effect { value: vec![0; 9 << 20], ..effect("e-4") };
    sink.write(&Batch { effects: vec![huge], ..batch(vec![]) }).await.unwrap();
    let rest = sink.outbox(10, None).await.unwrap();
    assert_eq!(rest.len(), 2, "5 MiB are not enough to stop at");
    sink.published(&rest[..1], &[]).await.unwrap();
    assert_eq!(sink.outbox(10, None).await.unwrap().len(), 1, "one that is too large for itself goes alone");
}

pub async fn of_a_large_dead_letter_the_beginning_is_published(place: &impl Place) {
    let sink = store(place).await;
    let whole: Vec<u8> = (0..300_u32 << 10).map(|number| u8::try_from(number % 251).unwrap()).collect();
    let large = DeadLetter { publish_to: Some(topic("dlq.failed.messages")), value: whole.clone(), ..letter(1) };
    sink.write(&Batch { dead_letters: vec![large], ..batch(vec![]) }).await.unwrap();
    let entries = sink.outbox(10, None).await.unwrap();
    let Outbound::DeadLetter(stored) = &entries[0].what else { panic!("{entries:?} holds no dead letter") };
    assert_eq!((stored.letter.value.as_slice(), stored.size_bytes), (&whole[..256 << 10], 300 << 10));
    let filter = schemas::store::DeadLetterFilter { limit: 10, ..Default::default() };
    let listed = &sink.dead_letters(&filter).await.unwrap()[0];
    assert_eq!((&listed.letter.value, listed.size_bytes), (&whole, 300 << 10), "the table keeps all of it");
}
