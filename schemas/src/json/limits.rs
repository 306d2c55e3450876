//! What is taken as JSON, and why something is not.

/// Bounds on what is taken as JSON (spec/1 §5).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest value in bytes. Default 1 MiB.
    pub size_bytes: usize,
    /// The deepest nesting; the root object is level 1. Default 128.
    pub depth: usize,
    /// The greatest decimal exponent of a number, either way, in scientific notation. Default 308.
    pub exponent: i64,
    /// The longest number in bytes: longer than any that a 64-bit float prints exactly. Default 1,100.
    pub number_bytes: usize,
}

impl Limits {
    /// The bounds of the contract.
    pub const DEFAULT: Self = Self { size_bytes: 1 << 20, depth: 128, exponent: 308, number_bytes: 1_100 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why bytes are not a JSON value that we take, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct Malformed {
    /// What is wrong, in words for the person who reads the dead letter.
    pub what: String,
    /// The byte of the value at which it was found.
    pub offset: usize,
}
