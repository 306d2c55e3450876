//! Several brokers as one: each topic on the broker that the pipeline file names.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use schemas::{Fault, FaultKind, Outgoing, TopicName};

use super::{Bounds, Reader, TopicPartition, TopicSpec, Topics};

/// Brokers by name, and which topic is on which.
pub struct Routed {
    brokers: BTreeMap<String, Arc<dyn Topics>>,
    routes: BTreeMap<TopicName, String>,
    /// Where topics are that have no route.
    usual: String,
}

impl Routed {
    /// `routes` names a broker for each topic that is not on the `usual` one.
    #[must_use]
    pub fn new(brokers: BTreeMap<String, Arc<dyn Topics>>, routes: BTreeMap<TopicName, String>, usual: String) -> Self {
        Self { brokers, routes, usual }
    }

    fn broker_of(&self, topic: &TopicName) -> Result<&dyn Topics, Fault> {
        let name = self.routes.get(topic).unwrap_or(&self.usual);
        let broker = self.brokers.get(name).map(Arc::as_ref);
        broker.ok_or_else(|| {
            Fault::new(
                FaultKind::Refused,
                format!("topic \"{topic}\" would be on the broker `{name}`, which no declared topic is on"),
            )
            .advise("declare the topic in the pipeline file")
        })
    }

    /// The items, by the broker of their topics, as indices into `brokers`' names.
    fn by_broker<T>(&self, items: impl IntoIterator<Item = T>, topic: impl Fn(&T) -> &TopicName) -> BTreeMap<&str, Vec<T>> {
        let mut by_broker: BTreeMap<&str, Vec<T>> = BTreeMap::new();
        for item in items {
            let name = self.routes.get(topic(&item)).unwrap_or(&self.usual);
            by_broker.entry(name).or_default().push(item);
        }
        by_broker
    }
}

#[async_trait]
impl Topics for Routed {
    async fn create(&self, topics: &[TopicSpec]) -> Result<(), Fault> {
        for specs in self.by_broker(topics.iter().cloned(), |spec| &spec.name).into_values() {
            self.broker_of(&specs[0].name)?.create(&specs).await?;
        }
        Ok(())
    }

    async fn partitions(&self, topics: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
        let mut partitions = BTreeMap::new();
        for topics in self.by_broker(topics.iter().cloned(), |topic| topic).into_values() {
            partitions.append(&mut self.broker_of(&topics[0])?.partitions(&topics).await?);
        }
        Ok(partitions)
    }

    async fn incarnation(&self, topic: &TopicName) -> Result<Option<Arc<str>>, Fault> {
        self.broker_of(topic)?.incarnation(topic).await
    }

    async fn bounds(&self, partition: &TopicPartition) -> Result<Bounds, Fault> {
        self.broker_of(&partition.topic)?.bounds(partition).await
    }

    async fn reader(&self, from: &[(TopicPartition, u64)]) -> Result<Box<dyn Reader>, Fault> {
        let by_broker = self.by_broker(from.iter().cloned(), |(of, _)| &of.topic);
        let [from] = by_broker.into_values().collect::<Vec<_>>().try_into().map_err(|several: Vec<_>| {
            Fault::new(FaultKind::Bug, format!("a reader of {} brokers; one reads one", several.len()))
        })?;
        self.broker_of(&from[0].0.topic)?.reader(&from).await
    }

    async fn write(&self, records: Vec<Outgoing>) -> Result<(), Fault> {
        for records in self.by_broker(records, |record| &record.topic).into_values() {
            self.broker_of(&records[0].topic)?.write(records).await?;
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), Fault> {
        for broker in self.brokers.values() {
            broker.ping().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::SystemClock;

    use super::*;
    use crate::topics::memory::Memory;

    fn topic(name: &str) -> TopicName {
        TopicName::try_from(name).unwrap()
    }

    #[tokio::test]
    async fn each_topic_is_on_its_own_broker() {
        let (near, far): (Arc<dyn Topics>, Arc<dyn Topics>) =
            (Arc::new(Memory::new(Arc::new(SystemClock))), Arc::new(Memory::new(Arc::new(SystemClock))));
        let brokers = BTreeMap::from([("near".to_owned(), Arc::clone(&near)), ("far".to_owned(), Arc::clone(&far))]);
        let routed = Routed::new(brokers, BTreeMap::from([(topic("a"), "far".to_owned())]), "near".to_owned());
        let spec = |name| TopicSpec { name: topic(name), partitions: 2 };
        routed.create(&[spec("a"), spec("b")]).await.unwrap();
        let both = [topic("a"), topic("b")];
        assert_eq!(far.partitions(&both).await.unwrap().into_keys().collect::<Vec<_>>(), [topic("a")]);
        assert_eq!(near.partitions(&both).await.unwrap().into_keys().collect::<Vec<_>>(), [topic("b")]);
        assert_eq!(routed.partitions(&both).await.unwrap().len(), 2);
        let record = |name| Outgoing {
            topic: topic(name),
            partition: Some(1),
            key: None,
            value: b"x".to_vec().into(),
            headers: Vec::new(),
            timestamp: None,
        };
        routed.write(vec![record("a"), record("b"), record("b")]).await.unwrap();
        for (name, records) in [("a", 1), ("b", 2)] {
            assert_eq!(routed.bounds(&TopicPartition { topic: topic(name), partition: 1 }).await.unwrap().end, records);
        }
        let unknown = Routed::new(BTreeMap::new(), BTreeMap::new(), "near".to_owned());
        assert_eq!(unknown.write(vec![record("a")]).await.unwrap_err().kind(), FaultKind::Refused);
    }
}
