#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use schemas::store::{Assigned, Batch, Claim, Position};
use schemas::{Clock, Fault, Outgoing, SystemClock, TopicName};
use sinks::Sink;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::run::faulty::{FaultySink, OnWrite, Rig, stocks};
use crate::run::stop::Stop;
use crate::topics::{Membership, TopicPartition};

/// Much more than any of it may take.
const PATIENCE: Duration = Duration::from_secs(20);
const TOPIC: &str = "admin.customer.stocks.data";

/// What a member was asked for and told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    /// Its assignment: how many batches were durable, and whether another worker could have had the partition.
    Asked {
        batches: usize,
        free: bool,
    },
    /// Positions of the topic.
    Told(Vec<u64>),
    Left,
}

/// A group that gives what the test wants.
struct Group {
    given: watch::Sender<Vec<TopicPartition>>,
    events: watch::Sender<Vec<Event>>,
    sink: Arc<FaultySink>,
}

/// Its one member.
struct Member {
    group: Arc<Group>,
    told: Mutex<Vec<TopicPartition>>,
}

#[async_trait]
impl Membership for Member {
    async fn assignment(&mut self) -> Result<Vec<TopicPartition>, Fault> {
        let free = self.group.is_free().await;
        self.group.happened(Event::Asked { batches: self.group.sink.written().len(), free });
        let given = self.group.given.borrow().clone();
        *self.told.lock().unwrap() = given.clone();
        Ok(given)
    }

    async fn change(&self) {
        let told = self.told.lock().unwrap().clone();
        drop(self.group.given.subscribe().wait_for(|given| *given != told).await.expect("the sender is borrowed"));
    }

    async fn tell(&self, positions: &[(TopicPartition, u64)]) {
        let of_topic = positions.iter().filter(|(of, _)| of.topic.as_str() == TOPIC);
        self.group.happened(Event::Told(of_topic.map(|(_, position)| *position).collect()));
    }

    async fn leave(self: Box<Self>) {
        self.group.happened(Event::Left);
    }
}

impl Group {
    fn giving(given: &[TopicPartition], rig: &Rig) -> Arc<Self> {
        let (given, events) = (watch::Sender::new(given.to_vec()), watch::Sender::default());
        Arc::new(Self { given, events, sink: Arc::clone(&rig.sink) })
    }

    fn member(self: &Arc<Self>) -> Box<dyn Membership> {
        Box::new(Member { group: Arc::clone(self), told: Mutex::default() })
    }

    /// Whether another worker could have the partition now.
    async fn is_free(&self) -> bool {
        match self.sink.claim(&[assigned()], "another").await.unwrap() {
            Claim::Granted(leases) => self.sink.release(&leases).await.is_ok(),
            Claim::Held { .. } => false,
        }
    }

    fn happened(&self, event: Event) {
        self.events.send_modify(|events| events.push(event));
    }

    async fn until_asked(&self, times: usize) {
        let asked = |events: &Vec<Event>| events.iter().filter(|event| matches!(event, Event::Asked { .. })).count() >= times;
        let waiting = async { drop(self.events.subscribe().wait_for(asked).await.expect("the sender is borrowed")) };
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "in vain: {:?}", self.events.borrow());
    }
}

fn assigned() -> Assigned {
    let TopicPartition { topic, partition } = partition();
    Assigned { segment: "intake".into(), broker: "memory".into(), topic, partition }
}

fn partition() -> TopicPartition {
    TopicPartition { topic: TopicName::try_from(TOPIC).unwrap(), partition: 0 }
}

/// Stocks, in the partition that the group has.
fn declared(customer: &str, minute: u32) -> Outgoing {
    Outgoing { partition: Some(0), ..stocks(customer, minute, 20, "Riz") }
}

/// Joins, does something meanwhile, and leaves. What happened to the member, in order.
async fn joined(rig: &Rig, group: &Arc<Group>, meanwhile: impl Future<Output = ()>) -> Vec<Event> {
    let stop = Stop::new();
    let segment = Arc::new(rig.pipeline.segment(0, &stop));
    let meanwhile = async {
        meanwhile.await;
        stop.tell();
    };
    let working = async { tokio::join!(segment.run_as_member(group.member()), meanwhile) };
    let (worked, ()) = timeout(PATIENCE, working).await.expect("it ends in time");
    worked.unwrap();
    group.events.borrow().clone()
}

#[tokio::test]
async fn what_is_in_hand_is_durable_and_given_back_before_partitions_go() {
    let rig = Rig::new().await;
    let group = Group::giving(&[partition()], &rig);
    let go = Arc::new(Notify::new());
    rig.sink.script([OnWrite::Held(Arc::clone(&go))]);
    rig.pipeline.produce(vec![declared("c-1", 1)]).await.unwrap();
    let events = joined(&rig, &group, async {
        rig.sink.arrived.notified().await;
        assert!(!group.is_free().await, "it is worked on");
        group.given.send_replace(Vec::new());
        go.notify_one();
        group.until_asked(2).await;
    });
    let asked = |batches, free| Event::Asked { batches, free };
    assert_eq!(events.await, [asked(0, true), Event::Told(vec![1]), asked(1, true), Event::Told(vec![1]), Event::Left]);
}

#[tokio::test]
async fn a_partition_that_comes_back_is_read_from_its_position() {
    let rig = Rig::new().await;
    let group = Group::giving(&[], &rig);
    rig.pipeline.produce(vec![declared("c-1", 1)]).await.unwrap();
    joined(&rig, &group, async {
        group.until_asked(1).await;
        group.given.send_replace(vec![partition()]);
        rig.sink.until_written(|batches| batches.len() == 1).await;
        group.given.send_replace(Vec::new());
        group.until_asked(3).await;
        rig.pipeline.produce(vec![declared("c-2", 2)]).await.unwrap();
        group.given.send_replace(vec![partition()]);
        rig.sink.until_written(|batches| batches.len() == 2).await;
    })
    .await;
    let customers = |batch: &Batch| batch.rows.iter().map(|row| row.profile.customer_id.clone()).collect::<Vec<_>>();
    assert_eq!(rig.sink.written().iter().map(customers).collect::<Vec<_>>(), [["c-1"], ["c-2"]]);
    assert_eq!(rig.resolved(TOPIC).await, 2);
}

#[tokio::test]
async fn the_positions_of_another_broker_are_none_of_the_group() {
    let rig = Rig::new().await;
    let group = Group::giving(&[], &rig);
    let elsewhere = Position { of: Assigned { broker: "elsewhere".into(), ..assigned() }, offset: 70, incarnation: None };
    rig.sink.write(&Batch { positions: vec![elsewhere], now: SystemClock.now(), ..Batch::default() }).await.unwrap();
    let events = joined(&rig, &group, group.until_asked(1)).await;
    assert!(events.contains(&Event::Told(Vec::new())), "{events:?}");
}

#[tokio::test]
async fn the_group_is_told_nothing_over_what_its_transactions_commit() {
    let rig = Rig::exactly_once(|_| {}).await;
    let group = Group::giving(&[partition()], &rig);
    rig.pipeline.produce(vec![declared("c-1", 1)]).await.unwrap();
    let events = joined(&rig, &group, async {
        group.until_asked(1).await;
        group.given.send_replace(Vec::new());
        group.until_asked(2).await;
    });
    let events = events.await;
    assert!(!events.iter().any(|event| matches!(event, Event::Told(_))), "{events:?}");
}
