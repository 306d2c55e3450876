//! Parameters of `set_attention`, with the defaults of spec/2 §8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::parameters::{Parameters, Score};

/// Parameters of `set_attention`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AttentionParams {
    /// A profile is incomplete below this completeness, in percent.
    pub incomplete_below: Score,
    /// The review priority can be low from this completeness on, in percent.
    pub low_priority_from: Score,
    /// What urgency is made of.
    pub urgency: Urgency,
    /// What data richness is made of.
    pub richness: Richness,
}

impl Default for AttentionParams {
    fn default() -> Self {
        Self {
            incomplete_below: Score::new(70),
            low_priority_from: Score::new(90),
            urgency: Urgency::default(),
            richness: Richness::default(),
        }
    }
}

impl Parameters for AttentionParams {}

/// Points of urgency, each 0 to 100; the sum is capped at 100.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Urgency {
    /// By review priority.
    pub review_priority: ByPriority,
    /// By compliance rating.
    pub rating: ByRating,
    /// For a high risk.
    pub high_risk: Score,
    /// For a sync that was given up.
    pub sync_failed: Score,
}

impl Default for Urgency {
    fn default() -> Self {
        Self {
            review_priority: ByPriority::default(),
            rating: ByRating::default(),
            high_risk: Score::new(20),
            sync_failed: Score::new(10),
        }
    }
}

/// Points of urgency by review priority.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByPriority {
    /// Of urgent.
    pub urgent: Score,
    /// Of high.
    pub high: Score,
    /// Of medium.
    pub medium: Score,
    /// Of low.
    pub low: Score,
}

impl Default for ByPriority {
    fn default() -> Self {
        Self { urgent: Score::new(40), high: Score::new(30), medium: Score::new(20), low: Score::new(10) }
    }
}

/// Points of urgency by compliance rating; the better ones give none.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByRating {
    /// Of critical.
    pub critical: Score,
    /// Of low.
    pub low: Score,
}

impl Default for ByRating {
    fn default() -> Self {
        Self { critical: Score::new(30), low: Score::new(20) }
    }
}

/// Points of data richness, each 0 to 100; the sum is capped at 100.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Richness {
    /// Name and email.
    pub identity: Score,
    /// A company or institution profile.
    pub profile: Score,
    /// The identification form.
    pub extended_profile: Score,
    /// Assets or stocks.
    pub patrimony: Score,
    /// The regulatory profile.
    pub regulatory_profile: Score,
    /// Performance metrics, or financial metrics computed from assets.
    pub metrics: Score,
}

impl Default for Richness {
    fn default() -> Self {
        Self {
            identity: Score::new(20),
            profile: Score::new(30),
            extended_profile: Score::new(25),
            patrimony: Score::new(15),
            regulatory_profile: Score::new(15),
            metrics: Score::new(10),
        }
    }
}
