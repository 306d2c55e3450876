//! For which customers a step applies: a percentage of them, always the same ones (spec/3 §6).

use sha2::{Digest, Sha256};

/// A percentage of the customers. A greater one has all customers of a smaller one, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rollout(u8);

impl Rollout {
    /// Every customer.
    pub const ALL: Self = Self(100);

    /// So many percent; 100 for more than that.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        Self(u8::try_from(percent.min(100)).unwrap_or(100))
    }

    /// How many percent.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// Whether this customer is one of them: by the first 64 bits of the SHA-256 of its id, modulo 100.
    ///
    /// ```
    /// use syncline::config::Rollout;
    ///
    /// let customers = || (0..1_000).map(|number| format!("c-{number}"));
    /// let in_both = |customer: &String| !Rollout::percent(10).has(customer) || Rollout::percent(20).has(customer);
    /// assert!(customers().all(|customer| in_both(&customer)), "who was in stays in");
    /// let share = customers().filter(|customer| Rollout::percent(20).has(customer)).count();
    /// assert!((150..250).contains(&share), "about a fifth: {share}");
    /// ```
    #[must_use]
    pub fn has(self, customer: &str) -> bool {
        if self == Self::ALL {
            return true;
        }
        let digest = Sha256::digest(customer.as_bytes());
        let number = digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        number % 100 < u64::from(self.0)
    }
}
