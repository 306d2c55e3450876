//! Doing again what may work the next time, and telling what is waited for.

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::time::Duration;

use schemas::{Fault, FaultKind, Reaction};

use super::backoff::Backoff;
use super::counters::Counters;
use super::health::Health;
use super::stop::Stop;

/// What takes longer than this is told: the first answer of a system, and the end of a conflict.
const SOON: Duration = Duration::from_secs(2);

/// Tries again until it works or until told to stop, on behalf of one part of the pipeline.
pub(super) struct Retries<'r> {
    /// Where it is told what is waited for.
    pub(super) health: &'r Health,
    /// Who waits, by its name in `health`.
    pub(super) part: &'r str,
    /// Ends all waiting.
    pub(super) stop: &'r Stop,
    /// Where tries are counted.
    pub(super) counters: Option<&'r Counters>,
}

impl Retries<'_> {
    /// Tries until it works, or until a fault says that trying is no use.
    ///
    /// # Errors
    ///
    /// A fault that retrying cannot mend; one that could be retried once the run is told to stop.
    pub(super) async fn until_it_works<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut backoff = Backoff::new();
        loop {
            match attempt().await {
                Ok(value) => {
                    self.works();
                    return Ok(value);
                }
                Err(fault) if fault.reaction() == Reaction::Retry => self.wait_after(fault, &mut backoff).await?,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Waits before a fault's cause is tried again. What stops the run ends the wait.
    ///
    /// A conflict with another transaction is over in a moment, so it is tried again even when the run is told to stop. One that lasts is
    /// waited for as everything else: another process holds its lock.
    ///
    /// # Errors
    ///
    /// The fault itself, once the run is told to stop: what is not durable is done again by the next run.
    pub(super) async fn wait_after(&self, fault: Fault, backoff: &mut Backoff) -> Result<(), Fault> {
        if let Some(counters) = self.counters {
            counters.count_retry();
        }
        if fault.kind() == FaultKind::Conflict && backoff.lasts() < SOON && !self.health.is_bad(self.part) {
            tokio::time::sleep(backoff.next()).await;
            return Ok(());
        }
        if self.health.bad(self.part, fault.to_string()) {
            tracing::warn!(part = self.part, %fault, advice = fault.advice(), "waiting");
        }
        tokio::select! {
            biased;
            () = self.stop.told() => Err(fault),
            () = tokio::time::sleep(backoff.next()) => Ok(()),
        }
    }

    /// Says that what was waited for is there.
    pub(super) fn works(&self) {
        if self.health.good(self.part) {
            tracing::info!(part = self.part, "goes on");
        }
    }
}

/// Tries until it works, or until a fault says that trying is no use. What it waits for is told to `health`, as `part`.
///
/// # Errors
///
/// A fault that retrying cannot mend.
pub async fn patiently<T, F>(health: &Health, part: &str, mut attempt: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let stop = Stop::new();
    let watched = || told_when_slow(health, part, SOON, attempt());
    Retries { health, part, stop: &stop, counters: None }.until_it_works(watched).await
}

/// Waits for an answer. Tells, where nothing is told of the part yet, that there is none so far: a system that is away may be asked for
/// many seconds before that is called a fault.
async fn told_when_slow<T>(health: &Health, part: &str, soon: Duration, asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    tokio::select! {
        biased;
        answer = &mut asked => return answer,
        () = tokio::time::sleep(soon) => {}
    }
    if !health.is_bad(part) {
        let why = format!("has not answered for {} s", soon.as_secs());
        tracing::warn!(part, why, "waiting");
        health.bad(part, why);
    }
    asked.await
}
