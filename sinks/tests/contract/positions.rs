//! How far partitions are resolved.

use schemas::store::{Assigned, Batch, Position};

use super::{Place, batch, partition, store, topic};

pub async fn positions_are_kept_for_each_broker_and_segment(place: &impl Place) {
    let sink = store(place).await;
    let other_segment = Assigned { segment: "intake".into(), ..partition(0) };
    let other_broker = Assigned { broker: "kafka".into(), ..partition(0) };
    let other_topic = Assigned { topic: topic("other"), ..partition(0) };
    // The second topic of that name is at 4; a broker that does not tell them apart says nothing.
    let at =
        |of, offset: u64| Position { of, offset, incarnation: offset.is_multiple_of(2).then(|| format!("of-{offset}").into()) };
    let first = vec![at(partition(0), 5), at(partition(1), 6), at(other_segment.clone(), 7), at(other_broker.clone(), 8)];
    sink.write(&Batch { positions: first, ..batch(vec![]) }).await.unwrap();
    sink.write(&Batch { positions: vec![at(partition(0), 4), at(other_topic.clone(), 1)], ..batch(vec![]) }).await.unwrap();
    assert_eq!(sink.positions("intake").await.unwrap(), [at(other_segment, 7)]);
    let mut positions = sink.positions("profile").await.unwrap();
    positions.sort_by(|left, right| left.of.cmp(&right.of));
    // Partition 0 went back: a position is what the last batch says, for somebody may have reset it.
    let mut expected = [at(other_broker, 8), at(other_topic, 1), at(partition(0), 4), at(partition(1), 6)];
    expected.sort_by(|left, right| left.of.cmp(&right.of));
    assert_eq!(positions, expected);
}
