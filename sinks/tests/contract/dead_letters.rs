//! Records that could not be processed.

use chrono::TimeDelta;
use schemas::store::{Batch, DeadLetter, DeadLetterFilter, Outbound};
use schemas::{Header, Origin, Reason, Violation};
use uuid::Uuid;

use super::{Place, batch, noon, store, topic};

/// A letter from an offset, with all that one can hold.
pub fn letter(offset: u64) -> DeadLetter {
    let header = |name: &str, value: &[u8]| Header { name: name.into(), value: value.into() };
    DeadLetter {
        id: Uuid::from_u128(u128::from(offset)),
        stage: "intake".into(),
        reason: Reason::Schema,
        violations: vec![Violation {
            pointer: "/a~1b".into(),
            rule: "/type".into(),
            message: "\"x\" n'est pas un nombre".into(),
        }],
        origin: Origin { topic: topic("admin.customer.assets.data"), partition: 2, offset },
        key: Some(vec![0, 255]),
        headers: vec![header("h", b"1"), header("h", &[0, 159, 146, 150]), header("", b"")],
        value: vec![0, 159, 146, 150, b'{'],
        timestamp: noon(),
        publish_to: None,
    }
}

fn all() -> DeadLetterFilter {
    DeadLetterFilter { limit: 100, ..DeadLetterFilter::default() }
}

pub async fn the_same_bytes_at_two_offsets_are_two(place: &impl Place) {
    let sink = store(place).await;
    sink.write(&Batch { dead_letters: vec![letter(1), letter(2)], ..batch(vec![]) }).await.unwrap();
    // The same record, read again after a crash; perhaps by a program that finds something else wrong with it.
    let found_otherwise = DeadLetter { reason: Reason::Store, violations: vec![], ..letter(2) };
    let dead_letters = vec![letter(1), found_otherwise, letter(3)];
    let later = Batch { now: noon() + TimeDelta::hours(1), dead_letters, ..batch(vec![]) };
    sink.write(&later).await.unwrap();
    let stored = sink.dead_letters(&all()).await.unwrap();
    let seen: Vec<_> = stored.iter().map(|stored| (stored.letter.origin.offset, stored.first_seen, stored.attempts)).collect();
    assert_eq!(seen, [(1, noon(), 2), (2, noon(), 2), (3, noon() + TimeDelta::hours(1), 1)]);
    assert_eq!(stored[1].letter, letter(2), "the rest of it stays");
}

/// Of another broker, or of a topic that was made anew.
pub async fn another_record_at_the_place_of_a_letter_is_another_letter(place: &impl Place) {
    let sink = store(place).await;
    let first = DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(1) };
    let other = DeadLetter { value: b"{".to_vec(), id: Uuid::from_u128(71), ..first.clone() };
    for (hours, letter) in [&first, &other].into_iter().enumerate() {
        let now = noon() + TimeDelta::hours(i64::try_from(hours).unwrap());
        for attempts in [1, 2] {
            sink.write(&Batch { now, dead_letters: vec![letter.clone()], ..batch(vec![]) }).await.unwrap();
            let stored = sink.dead_letters(&all()).await.unwrap();
            assert_eq!(stored.len(), hours + 1);
            assert_eq!((stored[hours].first_seen, stored[hours].attempts), (now, attempts));
            let announced = sink.outbox(10, None).await.unwrap();
            assert_eq!(announced.len(), if attempts == 1 { 1 } else { 0 }, "announced once, each");
            if let Some(Outbound::DeadLetter(stored)) = announced.first().map(|entry| &entry.what) {
                assert_eq!(&stored.letter.value, &letter.value);
            }
            sink.published(&announced, &[]).await.unwrap();
        }
    }
    let values: Vec<_> = sink.dead_letters(&all()).await.unwrap().into_iter().map(|stored| stored.letter.value).collect();
    assert_eq!(values, [first.value, other.value]);
}

pub async fn a_record_of_which_two_parts_are_refused_is_one(place: &impl Place) {
    let sink = store(place).await;
    let part = DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(1) };
    let other = DeadLetter { violations: vec![], ..part.clone() };
    sink.write(&Batch { dead_letters: vec![part, other], ..batch(vec![]) }).await.unwrap();
    let stored = sink.dead_letters(&all()).await.unwrap();
    assert_eq!((stored.len(), stored[0].attempts, &stored[0].letter), (1, 1, &letter(1)));
    assert_eq!(sink.outbox(10, None).await.unwrap().len(), 1);
}

pub async fn a_header_whose_name_no_json_column_holds_is_kept_under_another(place: &impl Place) {
    let sink = store(place).await;
    let header = |name: &str| Header { name: name.into(), value: vec![0, 255] };
    let odd = DeadLetter { headers: vec![header("a\0b")], ..letter(1) };
    sink.write(&Batch { dead_letters: vec![odd], ..batch(vec![]) }).await.unwrap();
    assert_eq!(sink.dead_letters(&all()).await.unwrap()[0].letter.headers, [header("a\u{fffd}b")]);
}

pub async fn all_of_a_letter_comes_back(place: &impl Place) {
    let sink = store(place).await;
    let bare = DeadLetter { key: None, headers: vec![], value: vec![], violations: vec![], ..letter(2) };
    let empty_key = DeadLetter { key: Some(vec![]), ..letter(3) };
    let published = DeadLetter { publish_to: Some(topic("dlq.failed.messages")), ..letter(1) };
    sink.write(&Batch { dead_letters: vec![published, bare.clone(), empty_key.clone()], ..batch(vec![]) }).await.unwrap();
    let stored = sink.dead_letters(&all()).await.unwrap();
    assert!(stored.iter().all(|stored| stored.attempts == 1 && stored.first_seen == noon()));
    let letters: Vec<DeadLetter> = stored.into_iter().map(|stored| stored.letter).collect();
    assert_eq!(letters, [letter(1), bare, empty_key]);
}

pub async fn of_a_long_list_the_beginnings_are_enough(place: &impl Place) {
    let sink = store(place).await;
    let large = DeadLetter { value: (0..=255).cycle().take(1 << 20).collect(), ..letter(1) };
    let empty = DeadLetter { value: vec![], ..letter(2) };
    sink.write(&Batch { dead_letters: vec![large.clone(), empty], ..batch(vec![]) }).await.unwrap();
    let cases: [(Option<u32>, &[u8]); 4] =
        [(Some(0), &[]), (Some(3), &[0, 1, 2]), (None, &large.value), (Some(u32::MAX), &large.value)];
    for (value_bytes, beginning) in cases {
        let stored = sink.dead_letters(&DeadLetterFilter { value_bytes, ..all() }).await.unwrap();
        assert!(stored[0].letter.value == beginning, "{value_bytes:?}: {} bytes", stored[0].letter.value.len());
        let sizes: Vec<u64> = stored.iter().map(|stored| stored.size_bytes).collect();
        assert_eq!((sizes, stored[1].letter.value.len()), (vec![1 << 20, 0], 0));
    }
}

pub async fn filters_choose(place: &impl Place) {
    let sink = store(place).await;
    let malformed = DeadLetter { reason: Reason::Malformed, stage: "profile".into(), ..letter(2) };
    let mut other = letter(3);
    other.origin.topic = topic("other");
    sink.write(&Batch { dead_letters: vec![letter(1), malformed], ..batch(vec![]) }).await.unwrap();
    let later = noon() + TimeDelta::seconds(1);
    sink.write(&Batch { dead_letters: vec![other], now: later, ..batch(vec![]) }).await.unwrap();
    let cases: [(DeadLetterFilter, &[u64]); 8] = [
        (all(), &[1, 2, 3]),
        (DeadLetterFilter { limit: 2, ..all() }, &[1, 2]),
        (DeadLetterFilter { reason: Some(Reason::Malformed), ..all() }, &[2]),
        (DeadLetterFilter { stage: Some("intake".into()), ..all() }, &[1, 3]),
        (DeadLetterFilter { topic: Some("other".into()), ..all() }, &[3]),
        (DeadLetterFilter { since: Some(later), ..all() }, &[3]),
        (DeadLetterFilter { until: Some(later), reason: Some(Reason::Schema), ..all() }, &[1]),
        (DeadLetterFilter { ids: Some(Uuid::from_u128(2)..=Uuid::from_u128(3)), ..all() }, &[2, 3]),
    ];
    for (filter, expected) in cases {
        let stored = sink.dead_letters(&filter).await.unwrap();
        let offsets: Vec<u64> = stored.iter().map(|stored| stored.letter.origin.offset).collect();
        assert_eq!(offsets, expected, "{filter:?}");
        let counted: u64 =
            sink.dead_letter_counts(&DeadLetterFilter { limit: 0, ..filter.clone() }).await.unwrap().values().sum();
        assert_eq!(counted, if filter.limit == 2 { 3 } else { expected.len() as u64 }, "{filter:?}");
    }
    let counts = sink.dead_letter_counts(&all()).await.unwrap();
    assert_eq!(counts, [(Reason::Malformed, 1), (Reason::Schema, 2)].into());
}
