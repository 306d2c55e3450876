//! What a profile comes to: the rules run over it, and what is written and published of that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::profile::{AlertTransition, Change, Computed, Profile, View, changes};
use schemas::store::{Effect, HistoryEntry, Row};
use schemas::{Header, Record, Reject};
use transforms::Subject;

use super::{Keyed, Merged};
use crate::run::chain::{guarded, panicked};

impl Keyed<'_> {
    /// Runs the rules.
    pub(super) fn derive(&self, profile: &Profile) -> Result<(View, Computed), Reject> {
        let view = guarded("overlays", || Ok(View::of(profile)))?;
        let mut computed = Computed { alerts: profile.alerts.clone(), ..Computed::default() };
        let subject = Subject { pipeline: self.pipeline, profile, view: &view, as_of: as_of(profile) };
        for (name, _, derive) in self.derives.iter().filter(|(_, rollout, _)| rollout.has(&profile.customer_id)) {
            catch_unwind(AssertUnwindSafe(|| derive.derive(&subject, &mut computed)))
                .map_err(|panic| panicked(name, panic.as_ref()))?;
        }
        Ok((view, computed))
    }

    /// Adds a row, and what happened to it.
    pub(super) fn settle(
        &self,
        stored: &Profile,
        mut profile: Profile,
        (view, mut computed): (View, Computed),
        last: Option<&Record>,
        merged: &mut Merged,
    ) {
        let last_event_id = latest_event(&profile).or_else(|| last.map(|record| Arc::clone(&record.id)));
        let as_of = as_of(&profile);
        let correlation_id = last.and_then(|record| record.correlation_id.as_deref());
        for transition in std::mem::take(&mut computed.transitions) {
            merged.effects.extend(self.alert(&profile.customer_id, &transition, as_of, correlation_id));
            merged.alerts.push((profile.customer_id.clone(), transition));
        }
        for Change { field, before, after } in changes(profile.stored.as_ref(), &computed) {
            let version = profile.version + 1;
            let event_id = last_event_id.clone();
            merged.history.push(HistoryEntry {
                customer_id: profile.customer_id.clone(),
                version,
                field,
                before,
                after,
                event_id,
            });
        }
        profile.alerts.clone_from(&computed.alerts);
        let unchanged = profile.shown_as_in(stored);
        let correlation_id = last.and_then(|record| record.correlation_id.clone());
        merged.rows.push(Row {
            profile,
            view,
            unchanged,
            computed,
            last_event_id,
            correlation_id,
            rules_hash: Arc::clone(&self.rules_hash),
        });
    }

    /// The CloudEvent of a transition, where its kind is routed to a topic.
    fn alert(
        &self,
        customer: &str,
        transition: &AlertTransition,
        as_of: DateTime<Utc>,
        correlation_id: Option<&str>,
    ) -> Option<Effect> {
        let topic = self.ports.get(transition.alert.kind.as_str())?;
        Some(Effect {
            id: format!("{}-{}", transition.alert.id, transition.number),
            topic: (*topic).clone(),
            key: customer.to_owned(),
            value: transforms::cloud_event(transition, self.pipeline, customer, correlation_id),
            headers: vec![Header { name: "content-type".into(), value: b"application/cloudevents+json; charset=UTF-8".to_vec() }],
            timestamp: as_of,
        })
    }
}

/// The profile's "as of"; without sections, the latest time of what else made it (spec/2 §1).
fn as_of(profile: &Profile) -> DateTime<Utc> {
    let overlays = profile.overlays.values().map(|overlay| overlay.stamp.at);
    let asked = profile.waiting.values().copied().chain(profile.decided.values().map(|decision| decision.asked_at));
    // What waits for an administrator changes nothing yet.
    profile.as_of().or_else(|| overlays.max()).or_else(|| asked.max()).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The id of the event with the latest stamp.
fn latest_event(profile: &Profile) -> Option<Arc<str>> {
    let sections = profile.sections.iter().map(|(_, section)| &section.stamp);
    let stamps = sections.chain(profile.overlays.values().map(|overlay| &overlay.stamp));
    stamps
        .max_by(|left, right| (left.at, &left.event_id).cmp(&(right.at, &right.event_id)))
        .map(|stamp| Arc::clone(&stamp.event_id))
}
