//! What holds whatever happens, in whatever order.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use schemas::profile::{CustomerType, SyncStatus};
use schemas::sync::{Ask, Phase, Requested, SyncPriority, SyncState};
use uuid::Uuid;

use super::{Act, Answers, SyncParams, Workflow};

/// A customer of whom codes arrive.
#[derive(Default)]
struct Customer {
    complete: Option<DateTime<Utc>>,
    codes: BTreeMap<String, DateTime<Utc>>,
}

impl Answers for Customer {
    fn customer_type(&self) -> CustomerType {
        CustomerType::Pme
    }

    fn summary(&self) -> String {
        "known".to_owned()
    }

    fn complete(&self) -> Option<DateTime<Utc>> {
        self.complete
    }

    fn newest(&self, code: &str) -> Option<DateTime<Utc>> {
        self.codes.get(code).copied()
    }
}

#[derive(Debug, Clone)]
enum Happening {
    Ask {
        priority: usize,
        minutes: i64,
        code: Option<usize>,
    },
    /// Data of an event time so many minutes ago (or ahead).
    Complete {
        ago: i64,
    },
    Part {
        code: usize,
        ago: i64,
    },
    /// So long nobody looks.
    Seconds(i64),
}

const CODES: [&str; 3] = ["basic_info", "assets_data", "stocks_data"];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..4usize, 0..40i64, proptest::option::of(0..CODES.len())).prop_map(|(priority, minutes, code)| Happening::Ask {
            priority,
            minutes,
            code
        }),
        (-2..20i64).prop_map(|ago| Happening::Complete { ago }),
        (0..CODES.len(), -2..20i64).prop_map(|(code, ago)| Happening::Part { code, ago }),
        (0..3000i64).prop_map(Happening::Seconds),
    ]
}

struct World {
    workflow: Workflow,
    state: SyncState,
    customer: Customer,
    now: DateTime<Utc>,
    asked: BTreeSet<Uuid>,
    acts: Vec<Act>,
}

impl World {
    fn new() -> Self {
        let workflow = Workflow::new(SyncParams::default());
        let now = "2026-03-01T08:00:00Z".parse().unwrap();
        Self {
            workflow,
            state: SyncState::default(),
            customer: Customer::default(),
            now,
            asked: BTreeSet::new(),
            acts: Vec::new(),
        }
    }

    fn happens(&mut self, what: &Happening) {
        match what {
            Happening::Ask { priority, minutes, code } => {
                let id = Uuid::from_u128(self.acts.len() as u128 + 1);
                let requested = Requested::named(code.map(|code| CODES[code].to_owned()));
                let (priority, delay) = (SyncPriority::ALL[*priority], TimeDelta::minutes(*minutes));
                let ask = Ask { id, priority, reason: "r".into(), by: "b".into(), requested, delay };
                let act = self.workflow.ask(&mut self.state, ask, &self.customer, self.now);
                self.asked.insert(act.sync().id);
                self.acts.push(act);
            }
            Happening::Complete { ago } => {
                self.customer.complete = self.customer.complete.max(Some(self.now - TimeDelta::minutes(*ago)));
            }
            Happening::Part { code, ago } => {
                let at = self.now - TimeDelta::minutes(*ago);
                let newest = self.customer.codes.entry(CODES[*code].to_owned()).or_insert(at);
                *newest = at.max(*newest);
            }
            Happening::Seconds(seconds) => self.now += TimeDelta::seconds(*seconds),
        }
        self.pass();
    }

    fn pass(&mut self) {
        let acts = self.workflow.pass(&mut self.state, &self.customer, self.now);
        self.acts.extend(acts);
        let settled = self.state.clone();
        assert_eq!(self.workflow.pass(&mut self.state, &self.customer, self.now), [], "once more at the same time");
        assert_eq!(self.state, settled);
        assert!(self.state.due().is_none_or(|due| due > self.now), "nothing is left undone");
    }

    /// Lets time pass, from one timer to the next, until there is none.
    fn ends(&mut self) {
        for _ in 0..100 {
            let Some(due) = self.state.due() else { return };
            self.now = self.now.max(due);
            self.pass();
        }
        panic!("there is always another timer: {:?}", self.state);
    }
}

proptest! {
    #[test]
    fn every_sync_starts_once_and_ends_once(happenings in proptest::collection::vec(happening(), 0..40)) {
        let mut world = World::new();
        world.happens(&Happening::Seconds(0));
        for what in &happenings {
            world.happens(what);
        }
        world.ends();
        let mut attempts: BTreeMap<Uuid, u32> = BTreeMap::new();
        let (mut open, mut ended) = (None, BTreeSet::new());
        for act in &world.acts {
            let sync = act.sync();
            match act {
                Act::Planned(_) | Act::Joined(_) => prop_assert!(world.asked.contains(&sync.id)),
                Act::Started(_) => {
                    let count = attempts.entry(sync.id).or_default();
                    *count += 1;
                    prop_assert_eq!(*count, sync.attempt, "each attempt starts once");
                    prop_assert!(open.replace(sync.id).is_none_or(|open| open == sync.id), "one is open at a time");
                }
                Act::Failed(_) => prop_assert_eq!(open, Some(sync.id)),
                Act::GivenUp(_) => {
                    prop_assert_eq!(sync.attempt, 3);
                    prop_assert_eq!(open.take(), Some(sync.id));
                    prop_assert!(ended.insert((sync.id, Phase::GivenUp)));
                }
                Act::Completed(..) => {
                    open = open.filter(|open| *open != sync.id);
                    prop_assert!(ended.insert((sync.id, Phase::Completed)), "it is completed once");
                }
            }
        }
        let over: BTreeSet<Uuid> = ended.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(over, world.asked, "whatever was asked for ends");
        prop_assert!(!matches!(world.state.status(), SyncStatus::PendingSync | SyncStatus::SyncScheduled));
        prop_assert!(world.state.ended.len() <= SyncState::KEPT && world.state.errors.len() <= SyncState::KEPT);
    }

    /// Who looks more often does not ask more often: requests come when they are due, or at the next look after that.
    #[test]
    fn looking_more_often_asks_no_more_often(happenings in proptest::collection::vec(happening(), 0..20)) {
        let (mut seldom, mut often) = (World::new(), World::new());
        for what in &happenings {
            seldom.happens(what);
            for _ in 0..3 {
                often.pass();
            }
            often.happens(what);
        }
        prop_assert_eq!(seldom.acts, often.acts);
        prop_assert_eq!(seldom.state, often.state);
    }
}
