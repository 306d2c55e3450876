//! Where a customer's syncs stand between one act and the next: what the history says of before and after.

use schemas::profile::SyncStatus;
use schemas::sync::{Sync, SyncState};
use transforms::keep_in_sync::Act;
use uuid::Uuid;

/// Which syncs there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    open: Option<Uuid>,
    planned: Option<Uuid>,
    given_up: Option<Uuid>,
    answered: bool,
}

impl Standing {
    pub(super) fn of(state: &SyncState) -> Self {
        let id = |sync: &Option<Sync>| sync.as_ref().map(|sync| sync.id);
        Self {
            open: id(&state.open),
            planned: id(&state.planned),
            given_up: id(&state.given_up),
            answered: state.last_sync_at.is_some(),
        }
    }

    /// As it is once this was done.
    pub(super) fn after(mut self, act: &Act) -> Self {
        let id = act.sync().id;
        match act {
            Act::Planned(_) | Act::Joined(_) => self.planned = Some(id),
            Act::Started(_) => {
                self.planned.take_if(|planned| *planned == id);
                self.open = Some(id);
            }
            Act::Failed(_) => {}
            Act::GivenUp(_) => (self.open, self.given_up) = (None, Some(id)),
            Act::Completed(..) => {
                self.open.take_if(|open| *open == id);
                self.planned.take_if(|planned| *planned == id);
                (self.given_up, self.answered) = (None, true);
            }
        }
        self
    }

    /// What dashboards show, as [`SyncState::status`] says it.
    pub(super) fn status(&self) -> SyncStatus {
        match self {
            Self { open: Some(_), .. } => SyncStatus::PendingSync,
            Self { given_up: Some(_), .. } => SyncStatus::SyncFailed,
            Self { planned: Some(_), .. } => SyncStatus::SyncScheduled,
            Self { answered: true, .. } => SyncStatus::Synced,
            Self { answered: false, .. } => SyncStatus::NotSynced,
        }
    }
}
