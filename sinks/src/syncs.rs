//! What the tables keep of syncs: rows for dashboards, and one JSON text a customer for the engine, in the column `state`.

use chrono::{DateTime, Utc};
use schemas::profile::Profile;
use schemas::store::{Loaded, Syncs};
use schemas::sync::{Sync, SyncState};
use schemas::{Fault, FaultKind};

/// The row of `sync_states` that stands for a customer's syncs.
#[derive(Debug, Clone)]
pub(crate) struct StateRow {
    pub(crate) customer_id: String,
    /// The version that the row will have.
    pub(crate) version: i64,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) state: String,
}

impl StateRow {
    pub(crate) fn of(syncs: &Syncs) -> Self {
        let Syncs { customer_id, state, .. } = syncs;
        Self { customer_id: customer_id.clone(), version: state.version + 1, due: state.due(), state: json(state) }
    }
}

/// The columns of a sync that are not simply members of it.
pub(crate) struct RequestRow<'s> {
    pub(crate) customer_id: &'s str,
    pub(crate) sync: &'s Sync,
    pub(crate) requested_data: String,
    pub(crate) steps: String,
    pub(crate) duration_ms: Option<i64>,
}

impl<'s> RequestRow<'s> {
    /// The rows of all syncs of a batch that changed.
    pub(crate) fn all(batch: &'s [Syncs]) -> Vec<Self> {
        let of = |customer_id: &'s str, sync: &'s Sync| {
            let duration_ms = sync.finished_at.zip(sync.started_at).map(|(end, start)| (end - start).num_milliseconds());
            Self { customer_id, sync, requested_data: json(&sync.data), steps: json(&sync.steps), duration_ms }
        };
        let rows = batch.iter().flat_map(|syncs| syncs.changed.iter().map(move |sync| of(&syncs.customer_id, sync)));
        rows.collect()
    }
}

/// The state that a row holds.
///
/// # Errors
///
/// `Lost` when it cannot be read: somebody else wrote it. Faults are logged, so the customer is not named.
pub(crate) fn decode(version: i64, state: &str) -> Result<SyncState, Fault> {
    match serde_json::from_str(state) {
        Ok(state) => Ok(SyncState { version, ..state }),
        Err(error) => {
            let what = format!("syncs of version {version}: the column state of sync_states cannot be read");
            Err(Fault::caused(FaultKind::Lost, what, error))
        }
    }
}

/// Adds what was read of customers' syncs to their profiles; a customer without a profile has its syncs alone.
pub(crate) fn attach(loaded: &mut Loaded, syncs: Vec<(String, SyncState)>) {
    for (customer, state) in syncs {
        if !loaded.left.contains(&customer) {
            let profile = loaded.profiles.entry(customer).or_insert_with_key(|customer| Profile::new(customer.clone()));
            profile.syncs = state;
        }
    }
}

pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types serialise: string keys, finite numbers")
}

/// Two began a backfill of one name at one time: one of them goes on.
pub(crate) fn under_way(name: &str) -> Fault {
    let what = format!("another run of the backfill {name:?} is under way");
    Fault::new(FaultKind::Refused, what).advise("let it go on, or give this one another --name")
}
