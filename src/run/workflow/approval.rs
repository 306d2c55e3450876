//! Approving and rejecting critical syncs that wait (spec/2 §1, spec/4 §2).

use schemas::profile::Verdict;
use schemas::store::{Administrator, ChangeStatus, Ruling, StoredChange};
use schemas::{Fault, FaultKind};

use super::Desk;
use super::desk::patiently;
use crate::run::keyed::{Judgment, Wake};

/// What became of a verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// It stands: the critical syncs of the request, as they are now. Several where one request id came with different changes
    /// (`docs/adr/0012`).
    Decided(Vec<StoredChange>),
    /// None of the request's critical syncs waits: applied at once, or decided before. As they stand.
    Settled(Vec<StoredChange>),
    /// The customer has no critical sync of this request.
    Unknown,
}

impl Desk {
    /// Decides over all critical syncs of a request that wait, in one transaction with the profile, its rules, and the administrator's
    /// act. The same verdict by the same administrator again is [`Judged::Settled`], and changes nothing.
    ///
    /// What is approved has the time of its event, as if it had been applied then: where a section is newer, the section shows. The act's
    /// `after` names such fields.
    ///
    /// # Errors
    ///
    /// A fault of the store that lasts. `Refused` where nothing of the request can be decided so: it asks for fields that the rules no longer
    /// let a critical sync set, so it can only be rejected; or a rule cannot judge the profile that would come of it.
    pub async fn decide(
        &self,
        customer: &str,
        request: &str,
        verdict: Verdict,
        by: &Administrator,
        reason: &str,
    ) -> Result<Judged, Fault> {
        let at = self.clock().now();
        let mine = |stored: &StoredChange| {
            let ours = |ruling: &Ruling| (ruling.at, ruling.verdict) == (at, verdict) && ruling.by == by.subject;
            stored.ruling.as_ref().is_some_and(ours)
        };
        patiently(async || {
            let stored = self.sink().critical_changes(customer, Some(request)).await?;
            if stored.is_empty() {
                return Ok(Judged::Unknown);
            }
            // Decided by an attempt whose answer was lost.
            if stored.iter().any(mine) {
                return Ok(Judged::Decided(stored));
            }
            let waiting = stored.iter().filter(|stored| stored.change.status == ChangeStatus::PendingApproval);
            let judgment = |stored: &StoredChange| Judgment {
                change: stored.change.clone(),
                verdict,
                by: by.clone(),
                reason: reason.to_owned(),
                at,
            };
            let judgments: Vec<Judgment> = waiting.map(judgment).collect();
            if judgments.is_empty() {
                return Ok(Judged::Settled(stored));
            }
            let wake = Wake { customer_id: customer.to_owned(), judgments, ..Wake::default() };
            if self.look(&[wake]).await?.rulings.is_empty() {
                return self.refused(customer, request).await;
            }
            Ok(Judged::Decided(self.sink().critical_changes(customer, Some(request)).await?))
        })
        .await
    }

    /// Nothing was decided: somebody else was first, or it cannot be.
    async fn refused(&self, customer: &str, request: &str) -> Result<Judged, Fault> {
        let stored = self.sink().critical_changes(customer, Some(request)).await?;
        if stored.iter().all(|stored| stored.change.status != ChangeStatus::PendingApproval) {
            return Ok(Judged::Settled(stored));
        }
        let what = format!(
            "request {request:?} cannot be decided so: a field that it names may not be set, or a rule cannot judge the result"
        );
        Err(Fault::new(FaultKind::Refused, what).advise("the log says which; such a request can be rejected"))
    }
}

#[cfg(test)]
mod tests;
