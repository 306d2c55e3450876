//! Waiting between two tries: longer each time, with jitter, so that many workers do not come back at once.

use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(5);

/// The waits of one row of tries.
#[derive(Debug)]
pub(super) struct Backoff {
    bound: Duration,
    /// When the first of the waits began.
    begun: Option<Instant>,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { bound: FIRST, begun: None }
    }

    /// The next wait: between half of the bound and all of it; the bound doubles up to 5 s.
    pub(super) fn next(&mut self) -> Duration {
        self.begun.get_or_insert_with(Instant::now);
        let bound = self.bound;
        self.bound = (bound * 2).min(LONGEST);
        bound.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// Begins anew, after a success.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }

    /// For how long it has been tried again.
    pub(super) fn lasts(&self) -> Duration {
        self.begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..20).map(|_| backoff.next()).collect();
        assert!(waits[0] <= FIRST && waits[0] >= FIRST / 2);
        assert!(waits[19] <= LONGEST && waits[19] >= LONGEST / 2);
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
