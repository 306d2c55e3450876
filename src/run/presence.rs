//! Whether brokers are there, asked again and again. A client that waits for its broker by itself does not say so, and a broker to which
//! nothing is to be written at the moment is not missed.

use std::convert::Infallible;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::build::Pipeline;
use super::health::{Health, Part};
use crate::metrics::Metrics;
use crate::topics::Topics;

/// How often a broker is asked.
const ASK: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// So many times in a row it has not answered when it counts as gone: one answer may be late on a busy machine.
const MISSED: u32 = 2;

impl Pipeline {
    /// Asks the brokers until it is dropped.
    pub(super) async fn watch_brokers(&self) -> Infallible {
        let mut asking = JoinSet::new();
        for (name, broker) in self.brokers() {
            let (health, metrics) = (Arc::clone(self.health()), Arc::clone(self.metrics()));
            let (name, broker) = (name.clone(), Arc::clone(broker));
            asking.spawn(Presence { name, broker, health, metrics, missed: 0, lost_connections: 0 }.watch());
        }
        // Whoever asks ends with the set.
        std::future::pending().await
    }
}

/// A broker, and what is known of it.
struct Presence {
    name: String,
    broker: Arc<dyn Topics>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// How many times in a row it has not answered.
    missed: u32,
    lost_connections: u64,
}

impl Presence {
    async fn watch(mut self) {
        let part = Part::new(&self.health, format!("broker {}", self.name));
        loop {
            let why = match timeout(ANSWER, self.broker.ping()).await {
                Ok(Ok(())) => None,
                Ok(Err(fault)) => Some(fault.to_string()),
                Err(_) => Some(format!("no answer within {} s", ANSWER.as_secs())),
            };
            self.tell(&part, why);
            tokio::time::sleep(ASK).await;
        }
    }

    /// Tells what an answer says, or why there is none.
    fn tell(&mut self, part: &Part, why: Option<String>) {
        let known = mem::replace(&mut self.lost_connections, self.broker.lost_connections());
        self.metrics.count_lost_connections(&self.name, self.lost_connections.saturating_sub(known));
        self.missed = if why.is_some() { self.missed.saturating_add(1) } else { 0 };
        match why {
            None => {
                self.metrics.set_broker_up(&self.name, true);
                if self.health.good(part.name()) {
                    tracing::info!(broker = self.name, "the broker answers again");
                }
            }
            Some(why) if self.missed >= MISSED => {
                self.metrics.set_broker_up(&self.name, false);
                if self.health.bad(part.name(), why.clone()) {
                    tracing::warn!(broker = self.name, why, "the broker does not answer");
                }
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::run::faulty::Rig;

    fn up(metrics: &Metrics) -> bool {
        metrics.render().unwrap().contains("syncline_broker_up{broker=\"memory\"} 1\n")
    }

    #[tokio::test]
    async fn a_broker_that_nobody_reads_is_missed_and_seen_again() {
        let rig = Rig::new().await;
        let (health, metrics) = (rig.pipeline.health(), rig.pipeline.metrics());
        let broker = Arc::clone(&rig.pipeline.brokers()["memory"]);
        let part = Part::new(health, "broker memory".to_owned());
        let mut presence = Presence {
            name: "memory".into(),
            broker,
            health: Arc::clone(health),
            metrics: Arc::clone(metrics),
            missed: 0,
            lost_connections: 0,
        };
        presence.tell(&part, None);
        assert!(up(metrics) && !health.is_bad("broker memory"));
        presence.tell(&part, Some("gone".into()));
        assert!(up(metrics) && !health.is_bad("broker memory"), "one answer may be late");
        presence.tell(&part, Some("gone".into()));
        assert!(!up(metrics) && health.is_bad("broker memory"));
        presence.tell(&part, None);
        assert!(up(metrics) && !health.is_bad("broker memory"));
    }
}
