//! How much of the outbox is read at once.

/// About so many bytes of payload: entries are read until they have as many together, the first one in any case. A profile counts with
/// what its JSON takes in the database, which may have compressed it.
pub(crate) const BYTES_AT_ONCE: i64 = 8 << 20;
