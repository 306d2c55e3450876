//! The synchronisation workflow at a customer (spec/3): what it does to the profile, and what is written and published of it.

use chrono::{DateTime, Utc};
use schemas::profile::Profile;
use schemas::store::{ChangeStatus, CriticalChange, Effect, SyncEntry, Syncs};
use schemas::sync::{Ask, Sync, SyncState};
use schemas::{Header, Record, TopicName};
use sha2::{Digest, Sha256};
use transforms::Workflow;
use transforms::keep_in_sync::{self, Act, Message, NOTIFICATIONS, REQUESTS};
use uuid::{Builder, Uuid};

use super::judging::Judgment;
use super::standing::Standing;
use super::{Folding, Given, Keyed};
use crate::config::{Rollout, StepPlan};

/// Somebody who is no record wants a sync: an administrator, a backfill.
#[derive(Debug, Clone)]
pub(in crate::run) struct Wish {
    /// Under which it is remembered, so that it is granted once.
    pub(in crate::run) id: String,
    /// What is asked for. Its own id does not matter: the sync gets another.
    pub(in crate::run) ask: Ask,
}

/// A customer to look at though no record came: a timer is due, somebody wishes for a sync, or an administrator decides.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Wake {
    /// The customer.
    pub(in crate::run) customer_id: String,
    /// What is wished for.
    pub(in crate::run) wish: Option<Wish>,
    /// What is decided over critical syncs of the customer.
    pub(in crate::run) judgments: Vec<Judgment>,
}

impl Wake {
    /// Nothing but the time makes it due.
    pub(in crate::run) fn due(customer_id: String) -> Self {
        Self { customer_id, ..Self::default() }
    }
}

impl<'p> Keyed<'p> {
    /// The workflow, where it is switched on and applies to this customer.
    pub(super) fn syncing(&self, profile: &Profile) -> Option<&Syncing<'p>> {
        self.syncing.as_ref().filter(|syncing| syncing.is_enabled() && syncing.applies_to(&profile.customer_id))
    }

    /// Does what is asked for beside records.
    pub(super) fn attend(&self, folding: &mut Folding<'_>, wake: Option<&Wake>, given: &Given<'_>) {
        let Some(wake) = wake else { return };
        for judgment in &wake.judgments {
            folding.judged.extend(judgment.pass(&mut folding.profile, self.pipeline));
        }
        self.grant(folding, wake.wish.as_ref(), given);
    }

    /// Grants a wish for a sync, unless it was granted before.
    fn grant(&self, folding: &mut Folding<'_>, wish: Option<&Wish>, given: &Given<'_>) {
        if let Some((syncing, wish)) = self.syncing(&folding.profile).zip(wish)
            && !given.seen.contains(&wish.id)
        {
            folding.acts.push(syncing.wished(wish, &mut folding.profile, given.now));
            folding.ids.insert(wish.id.clone());
        }
    }
}

/// The workflow of a stage.
pub(super) struct Syncing<'p> {
    pipeline: &'p str,
    workflow: &'p Workflow,
    rollout: Rollout,
    requests: Option<&'p TopicName>,
    notifications: Option<&'p TopicName>,
}

impl<'p> Syncing<'p> {
    pub(super) fn of(pipeline: &'p str, workflow: &'p Workflow, step: &'p StepPlan) -> Self {
        let (requests, notifications) = (step.routes.get(REQUESTS), step.routes.get(NOTIFICATIONS));
        Self { pipeline, workflow, rollout: step.rollout, requests, notifications }
    }

    /// Whether syncs start and end at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.workflow.is_enabled()
    }

    /// Whether this customer is one of those whom it concerns.
    pub(super) fn applies_to(&self, customer: &str) -> bool {
        self.rollout.has(customer)
    }

    /// What a record asks for, under an id that is always the same.
    pub(super) fn asked(&self, record: &Record, ask_id: &str, profile: &mut Profile, now: DateTime<Utc>) -> Option<Act> {
        let id = self.sync_id(&profile.customer_id, ask_id, now);
        let ask = self.workflow.ask_of(record, id)?;
        Some(self.ask(ask, profile, now))
    }

    /// What somebody wishes for.
    pub(super) fn wished(&self, wish: &Wish, profile: &mut Profile, now: DateTime<Utc>) -> Act {
        let ask = Ask { id: self.sync_id(&profile.customer_id, &wish.id, now), ..wish.ask.clone() };
        self.ask(ask, profile, now)
    }

    fn ask(&self, ask: Ask, profile: &mut Profile, now: DateTime<Utc>) -> Act {
        let mut syncs = std::mem::take(&mut profile.syncs);
        let act = self.workflow.ask(&mut syncs, ask, profile, now);
        profile.syncs = syncs;
        act
    }

    /// Does what is due, and shows at the profile where its syncs stand.
    pub(super) fn pass(&self, profile: &mut Profile, acts: &mut Vec<Act>, now: DateTime<Utc>) {
        let mut syncs = std::mem::take(&mut profile.syncs);
        acts.extend(self.workflow.pass(&mut syncs, profile, now));
        if !acts.is_empty() || syncs.version > 0 {
            profile.sync_status = syncs.status();
            profile.last_sync_at = syncs.last_sync_at;
        }
        profile.syncs = syncs;
    }

    /// What is written of them; `None` where nothing happened.
    pub(super) fn written(
        &self,
        before: &SyncState,
        profile: &mut Profile,
        acts: &[Act],
        is_new: bool,
        now: DateTime<Utc>,
    ) -> Option<Syncs> {
        // A new profile shows where its syncs stand, or that there are none: they are written with it, so that nobody who knows of no
        // profile begins one, or moves one on, unseen meanwhile.
        if acts.is_empty() && !is_new {
            return None;
        }
        let mut stands = Standing::of(before);
        let mut entries = Vec::with_capacity(acts.len());
        let mut changed: Vec<Sync> = Vec::new();
        for act in acts {
            let sync = act.sync();
            let after = stands.after(act);
            profile.syncs.entries += 1;
            entries.push(SyncEntry {
                seq: profile.syncs.entries,
                sync_id: sync.id,
                attempt: sync.attempt,
                what: act.stage(),
                who: who(act, self.pipeline),
                why: sync.error.clone().filter(|_| failed(act)).unwrap_or_else(|| sync.reason.clone()),
                before: stands.status().as_str(),
                after: after.status().as_str(),
                at: now,
            });
            stands = after;
            changed.retain(|known| known.id != sync.id);
            changed.push(sync.clone());
        }
        debug_assert_eq!(stands.status(), profile.syncs.status(), "the history ends where the syncs stand");
        Some(Syncs { customer_id: profile.customer_id.clone(), state: profile.syncs.clone(), changed, entries })
    }

    /// What is published of them.
    pub(super) fn published<'e>(
        &'e self,
        customer: &'e str,
        acts: &'e [Act],
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = Effect> + 'e {
        acts.iter().filter_map(move |act| match act {
            Act::Started(sync) => {
                let message = keep_in_sync::source_request(sync, self.pipeline, customer, now);
                self.requests.map(|topic| effect(message, topic, customer, now))
            }
            Act::GivenUp(sync) => {
                let message = keep_in_sync::given_up(sync, self.pipeline, customer, now);
                self.notifications.map(|topic| effect(message, topic, customer, now))
            }
            Act::Planned(_) | Act::Joined(_) | Act::Completed(..) | Act::Failed(_) => None,
        })
    }

    /// What an administrator is told of critical syncs that wait since this batch.
    pub(super) fn approvals_wanted<'e>(
        &'e self,
        stored: &'e Profile,
        changes: &'e [CriticalChange],
    ) -> impl Iterator<Item = Effect> + 'e {
        let new = |change: &&CriticalChange| {
            change.status == ChangeStatus::PendingApproval && !stored.waiting.contains_key(&change.question)
        };
        let topic = self.notifications;
        changes.iter().filter(new).filter_map(move |change| {
            let message = keep_in_sync::approval_wanted(change, self.pipeline);
            topic.map(|topic| effect(message, topic, &change.customer_id, change.at))
        })
    }

    /// The id of the sync that a wish makes, if it makes one: a UUID of version 7, the same whenever this batch is made again at this time.
    fn sync_id(&self, customer: &str, wish: &str, now: DateTime<Utc>) -> Uuid {
        let digest = Sha256::digest(format!("{}\0{customer}\0{wish}", self.pipeline));
        let mut random = [0; 10];
        random.copy_from_slice(&digest[..10]);
        Builder::from_unix_timestamp_millis(now.timestamp_millis().unsigned_abs(), &random).into_uuid()
    }
}

fn failed(act: &Act) -> bool {
    matches!(act, Act::Failed(_) | Act::GivenUp(_))
}

fn who(act: &Act, pipeline: &str) -> String {
    match act {
        Act::Completed(..) => "customer-service".to_owned(),
        Act::Failed(_) | Act::GivenUp(_) => pipeline.to_owned(),
        Act::Started(sync) if sync.attempt > 1 => pipeline.to_owned(),
        Act::Planned(sync) | Act::Joined(sync) | Act::Started(sync) => sync.by.clone(),
    }
}

fn effect(message: Message, topic: &TopicName, customer: &str, at: DateTime<Utc>) -> Effect {
    let Message { id, content_type, value } = message;
    let headers = vec![Header { name: "content-type".into(), value: content_type.as_bytes().to_vec() }];
    Effect { id, topic: topic.clone(), key: customer.to_owned(), value, headers, timestamp: at }
}
