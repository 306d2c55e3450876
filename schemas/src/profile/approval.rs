//! Critical syncs that wait for an administrator, and what was decided over them (spec/2 §1, spec/4 §2).

use chrono::{DateTime, Utc};

use super::Profile;

/// What an administrator said to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may take effect.
    Approved,
    /// It may not.
    Rejected,
}

/// A verdict, for good: no event and no older copy of the profile takes it back. Of two over one request the lesser stands, which is the
/// earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// The verdict.
    pub verdict: Verdict,
    /// The event time of the request, as long as it waited.
    pub asked_at: DateTime<Utc>,
}

/// Of each request the profile knows the greatest of: nothing, waiting (the earlier time being the greater), decided. So what is known of
/// requests is a join like the sections' (`architecture.md`, rule 3), and the rows of `critical_changes` are kept by the same order.
impl Profile {
    /// Has a request wait, unless one decided over it. Of several events with one request the earliest time is kept. Returns whether that
    /// is a change.
    pub fn wait_for(&mut self, request_id: &str, asked_at: DateTime<Utc>) -> bool {
        if self.decided.contains_key(request_id) || self.waiting.get(request_id).is_some_and(|&own| own <= asked_at) {
            return false;
        }
        self.waiting.insert(request_id.to_owned(), asked_at);
        true
    }

    /// Notes a decision; the request waits no longer. Returns whether that is a change.
    ///
    /// What an approved request asks for is laid over the sections by who decides, in the same transaction.
    pub fn decide(&mut self, request_id: &str, decision: Decision) -> bool {
        self.waiting.remove(request_id);
        if self.decided.get(request_id).is_some_and(|&own| own <= decision) {
            return false;
        }
        self.decided.insert(request_id.to_owned(), decision);
        true
    }
}
