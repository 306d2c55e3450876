//! Random draws that are the same on every machine: ChaCha8 words and integer arithmetic, nothing of the platform's.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value};

/// A source of draws.
#[derive(Debug, Clone)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The draws of one stream of a seed; streams are independent of each other.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number under `end`, which is at least 1.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        let scaled = u64::from(self.0.next_u32()) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or(u32::MAX)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred draws.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// An index into something of that length, which is at least 1.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// One of the values.
    pub(super) fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())]
    }

    /// Some of the values, each at most once, in their order; at least one.
    pub(super) fn some(&mut self, values: &[&str]) -> Value {
        let certain = self.index(values.len());
        let drawn = values.iter().enumerate().filter(|&(index, _)| index == certain || self.percent(40));
        drawn.map(|(_, &value)| value).collect()
    }

    /// So many values, from `low` to `high`.
    pub(super) fn list(&mut self, low: u32, high: u32, mut value: impl FnMut(&mut Self) -> Value) -> Value {
        (0..self.between(low, high)).map(|_| value(self)).collect()
    }

    /// An amount of whole units, or with cents, as JavaScript writes it; at times a string, as a TypeORM decimal is.
    pub(super) fn amount(&mut self, low: u32, high: u32) -> Value {
        let units = self.between(low, high);
        let cents = if self.percent(50) { 0 } else { self.below(100) };
        if self.percent(3) {
            return Value::from(format!("{units}.{cents:02}"));
        }
        hundredths(i64::from(units) * 100 + i64::from(cents))
    }

    /// A percentage with two decimals, from `low` to `high` whole percent.
    pub(super) fn ratio_percent(&mut self, low: i32, high: i32) -> Value {
        let span = u32::try_from((high - low) * 100).unwrap_or(0);
        hundredths(i64::from(low) * 100 + i64::from(self.between(0, span)))
    }

    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// A date, up to so many days before `now` and not after it.
    pub(super) fn day_before(&mut self, now: DateTime<Utc>, days: u32) -> Value {
        let day = now - Duration::days(i64::from(self.between(0, days)));
        Value::from(day.format("%Y-%m-%d").to_string())
    }

    /// A date, up to so many days after `now`.
    pub(super) fn day_after(&mut self, now: DateTime<Utc>, days: u32) -> Value {
        let day = now + Duration::days(i64::from(self.between(1, days)));
        Value::from(day.format("%Y-%m-%d").to_string())
    }

    /// The object without some of its members: of a hundred, so many are left out, and a few are null.
    pub(super) fn thin(&mut self, object: Value, percent: u32) -> Value {
        let Value::Object(members) = object else { return object };
        let mut thinned = Map::new();
        for (name, value) in members {
            match self.below(100) {
                drawn if drawn < percent => {}
                99 => drop(thinned.insert(name, Value::Null)),
                _ => drop(thinned.insert(name, value)),
            }
        }
        Value::Object(thinned)
    }
}

/// A number of hundredths as JavaScript writes it: whole numbers without a point.
pub(super) fn hundredths(value: i64) -> Value {
    if value % 100 == 0 {
        return Value::from(value / 100);
    }
    // Under 2^53, so the quotient is the double nearest to the decimal, and prints as it.
    #[allow(clippy::cast_precision_loss)]
    Value::from(value as f64 / 100.0)
}

/// A number of hundredths that [`hundredths`] or [`Draw::amount`] made; 0 for anything else.
pub(super) fn in_hundredths(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (units, cents) = text.split_once('.').unwrap_or((&text, ""));
    let cents = format!("{cents:0<2}");
    units.parse::<i64>().unwrap_or(0) * 100 + cents.parse::<i64>().unwrap_or(0)
}

/// A time as JavaScript's `toISOString` writes it.
pub(super) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
