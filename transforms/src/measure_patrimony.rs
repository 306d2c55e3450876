//! What the lines of assets and stocks add up to, and how the stock rotates (spec/2 §6).
//!
//! Totals are exact sums over the lines, never a producer's summary; a line that lacks a number counts as 0. Rotation is as of the
//! stock section's event time, in whole UTC calendar days. Writes `financialMetrics` and `inventoryMetrics`; each is `None` without lines.
//!
//! ```
//! use schemas::profile::SectionName::Assets;
//! use transforms::trial::Trial;
//!
//! let computed = Trial::default()
//!     .section(Assets, r#"[{"id": "a", "prixAchat": 100, "valeurActuelle": 80.10}, {"id": "b", "prixAchat": 20.5}]"#)
//!     .run(&["measure_patrimony"]);
//! let metrics = computed.financial_metrics.expect("there are lines");
//! assert_eq!(metrics.total_assets_value.to_string(), "80.10");
//! assert_eq!(metrics.depreciation_percent.expect("something was paid").to_string(), "33.53");
//! ```

use std::collections::BTreeMap;

use bigdecimal::{BigDecimal, RoundingMode};
use chrono::NaiveDate;
use schemars::JsonSchema;
use schemas::JsonRef;
use schemas::profile::{Amount, Computed, FinancialMetrics, InventoryMetrics, SectionName};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Entry, Shape};
use crate::parameters::{Parameters, contradiction};
use crate::{Derive, InvalidParameters, Subject, date, field, parameters};

/// Parameters of `measure_patrimony`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PatrimonyParams {
    /// How fast a stock line rotates, by the days since its last rotation.
    pub rotation: Rotation,
}

/// Limits of the speed of rotation.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rotation {
    /// Fast: at most this many days.
    pub fast_max_days: u32,
    /// Slow: at most this many days; more is stagnant.
    pub slow_max_days: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { fast_max_days: 30, slow_max_days: 90 }
    }
}

impl Parameters for PatrimonyParams {
    fn check(&self) -> Result<(), InvalidParameters> {
        if self.rotation.fast_max_days > self.rotation.slow_max_days {
            return Err(contradiction(&["rotation", "fast_max_days"], "`fast_max_days` must not be over `slow_max_days`"));
        }
        Ok(())
    }
}

/// Measures assets and stocks: see the module.
pub(crate) struct MeasurePatrimony(PatrimonyParams);

impl MeasurePatrimony {
    /// The catalogue's line.
    pub(crate) const ENTRY: Entry = Entry {
        name: "measure_patrimony",
        summary: "what assets and stocks add up to, and how the stock rotates",
        shape: Shape::Derive,
        ports: &[],
        parameters: || schemars::schema_for!(PatrimonyParams),
        build: |with, _| parameters::build_derive(with, Self::new),
    };

    fn new(params: PatrimonyParams) -> Self {
        Self(params)
    }
}

impl Derive for MeasurePatrimony {
    fn derive(&self, subject: &Subject<'_>, computed: &mut Computed) {
        let lines = |name| subject.view.get(name).filter(|lines| lines.elements().next().is_some());
        computed.financial_metrics = lines(SectionName::Assets).map(assets);
        computed.inventory_metrics = lines(SectionName::Stocks).map(|lines| {
            // Overlays alone have no section, hence no event time of their own.
            let as_of = subject.profile.sections.get(SectionName::Stocks).map_or(subject.as_of, |section| section.stamp.at);
            stocks(lines, as_of.date_naive(), self.0.rotation)
        });
    }
}

fn assets(lines: JsonRef<'_>) -> FinancialMetrics {
    let mut value = Amount::default();
    let mut purchase = Amount::default();
    let mut value_by_category = BTreeMap::<String, Amount>::new();
    for line in lines.elements() {
        let [current, paid, category] = field::pick(Some(line), ["valeurActuelle", "prixAchat", "categorie"]);
        let current = field::number(current).unwrap_or_default();
        value += &current;
        purchase += &field::number(paid).unwrap_or_default();
        let category = category.and_then(JsonRef::as_str).unwrap_or_default();
        match value_by_category.get_mut(category.as_ref()) {
            Some(sum) => *sum += &current,
            None => {
                value_by_category.insert(category.into_owned(), Amount(current));
            }
        }
    }
    FinancialMetrics {
        depreciation_percent: depreciation_percent(&value.0, &purchase.0),
        total_assets_value: value,
        total_purchase_value: purchase,
        value_by_category,
        lines: lines.len(),
    }
}

/// `1 - value / purchase` in percent, with two decimals, rounded half up; `None` where nothing was paid.
fn depreciation_percent(value: &BigDecimal, purchase: &BigDecimal) -> Option<Amount> {
    if *purchase <= BigDecimal::default() {
        return None;
    }
    let percent = (purchase - value) * BigDecimal::from(100) / purchase;
    Some(Amount(percent.with_scale_round(2, RoundingMode::HalfUp)))
}

fn stocks(lines: JsonRef<'_>, as_of: NaiveDate, limits: Rotation) -> InventoryMetrics {
    let mut total_stock_value = Amount::default();
    let (mut fast, mut slow, mut stagnant, mut sum) = (0, 0, 0, 0);
    for line in lines.elements() {
        let [value, rotated] = field::pick(Some(line), ["valeurTotaleStock", "dateDerniereRotation"]);
        total_stock_value += &field::number(value).unwrap_or_default();
        let Some(rotated) = rotated.and_then(date::day) else { continue };
        let days = (as_of - rotated).num_days();
        sum += days;
        match days {
            days if days <= i64::from(limits.fast_max_days) => fast += 1,
            days if days <= i64::from(limits.slow_max_days) => slow += 1,
            _ => stagnant += 1,
        }
    }
    let rotating_lines = fast + slow + stagnant;
    InventoryMetrics {
        total_stock_value,
        lines: lines.len(),
        rotating_lines,
        average_rotation_days: rounded_mean(sum, rotating_lines),
        fast,
        slow,
        stagnant,
    }
}

/// `sum / count`, rounded half up; `None` of nothing.
fn rounded_mean(sum: i64, count: usize) -> Option<i64> {
    let count = i64::try_from(count).ok().filter(|count| *count > 0)?;
    Some((2 * sum + count).div_euclid(2 * count))
}

#[cfg(test)]
mod tests;
