//! How much larger profiles are here than in the table, which compresses them.
//!
//! The database can only count what it keeps. Asked for as many bytes as may be loaded, it would send many times as much of what compresses
//! well, to be thrown away; and again for each portion, all that is left of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes received for each KiB that the table keeps: never less than a KiB. Of the last reading that was cut; one that was whole costs
/// nothing, whatever it was.
#[derive(Debug)]
pub(super) struct Expansion(AtomicU64);

const KIB: u64 = 1 << 10;

impl Expansion {
    /// Nothing is known yet: as large here as there.
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(KIB))
    }

    /// What the table keeps of profiles that have so many bytes here; at least 1.
    pub(super) fn kept_bytes(&self, received_bytes: u64) -> u64 {
        (received_bytes.saturating_mul(KIB) / self.0.load(Ordering::Relaxed)).max(1)
    }

    /// Notes what a reading that was cut brought of what the table keeps.
    pub(super) fn learn(&self, kept_bytes: u64, received_bytes: u64) {
        let received_a_kib = received_bytes.saturating_mul(KIB) / kept_bytes.max(1);
        self.0.store(received_a_kib.max(KIB), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_last_reading() {
        let expansion = Expansion::new();
        assert_eq!(expansion.kept_bytes(48 << 20), 48 << 20);
        expansion.learn(1 << 20, 8 << 20);
        assert_eq!(expansion.kept_bytes(48 << 20), 6 << 20);
        assert_eq!(expansion.kept_bytes(0), 1, "one profile at least");
        expansion.learn(2_000, 1_000);
        assert_eq!(expansion.kept_bytes(1_000), 1_000, "the table keeps more than is read: nothing is gained by asking for more");
        expansion.learn(0, 1 << 20);
        assert_eq!(expansion.kept_bytes(48 << 20), 48, "nothing kept counts as a byte");
    }
}
