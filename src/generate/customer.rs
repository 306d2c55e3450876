//! A customer: what stays the same in all that is said of it.

use chrono::{DateTime, Duration, TimeZone, Utc};
use serde_json::{Value, json};

use super::draw::{Draw, iso};
use super::names::{CITIES, GIVEN_NAMES, INSTITUTIONS, PLACES, STREETS, SURNAMES, TRADES, Trade};

/// What a customer is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A company of this trade.
    Company(Trade),
    /// An institution of this type.
    Institution(&'static str),
}

/// One customer.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// When its first event happened.
    pub(super) since: DateTime<Utc>,
    email: String,
    phone: String,
    address: Value,
}

impl Customer {
    /// The customer of that number. Customers begin a few seconds apart, from 1 January 2026.
    pub(super) fn draw(draw: &mut Draw, number: u64) -> Self {
        let id = draw.uuid();
        let place = draw.pick(PLACES);
        let (kind, called) = if draw.percent(68) {
            let trade = draw.pick(TRADES);
            (Kind::Company(trade), trade.0)
        } else {
            let (called, of) = draw.pick(INSTITUTIONS);
            (Kind::Institution(of), called)
        };
        let form = draw.pick(&["SARL", "SA", "SAS", "et Fils", "Congo"]);
        let start = Utc.with_ymd_and_hms(2026, 1, 1, 6, 0, 0).single().unwrap_or_default();
        // A year of customers, then again from its beginning.
        let seconds = i64::try_from(number % 2_000_000).unwrap_or(0) * 11;
        let since = start + Duration::seconds(seconds) + Duration::milliseconds(i64::from(draw.below(11_000)));
        Self {
            kind,
            name: format!("{called} {place} {form}"),
            since,
            email: format!("contact@{}.cd", id.get(..8).unwrap_or(&id)),
            phone: format!("+2438{:08}", draw.below(100_000_000)),
            address: address(draw),
            id,
        }
    }

    /// Another customer that is like this one.
    pub(super) fn posing_as(self, id: &str, kind: Kind) -> Self {
        Self { id: id.to_owned(), kind, ..self }
    }

    /// The base fields of a complete or shared profile (spec/1 §3.5), as they stand at `at`.
    pub(super) fn base(&self, draw: &mut Draw, at: DateTime<Utc>) -> Value {
        let mut base = json!({
            "customerId": self.id,
            "customerType": match self.kind { Kind::Company(_) => "COMPANY", Kind::Institution(_) => "FINANCIAL_INSTITUTION" },
            "name": self.name,
            "status": draw.pick(&["active", "active", "active", "validated", "validated", "pending", "needs_validation", "suspended"]),
            "createdAt": iso(self.since - Duration::days(i64::from(draw.between(30, 900)))),
            "updatedAt": iso(at),
            "dataVersion": "2.1",
        });
        let optional = json!({
            "email": self.email,
            "phone": self.phone,
            "address": self.address,
            "logo": format!("https://cdn.example.cd/logos/{}.png", self.id),
            "accountType": draw.pick(&["freemium", "standard", "premium", "enterprise", "business"]),
        });
        extend(&mut base, draw.thin(optional, 10));
        base
    }
}

/// Adds the members of an object to another.
pub(super) fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

/// An address.
pub(super) fn address(draw: &mut Draw) -> Value {
    let (city, province, communes) = draw.pick(CITIES);
    json!({
        "street": format!("{} {}", draw.between(1, 400), draw.pick(STREETS)),
        "commune": draw.pick(communes),
        "city": city,
        "province": province,
        "country": "RDC",
    })
}

/// A person with a function.
pub(super) fn person(draw: &mut Draw, functions: &[&str], at: DateTime<Utc>) -> Value {
    json!({
        "nom": draw.pick(SURNAMES),
        "prenom": draw.pick(GIVEN_NAMES),
        "fonction": draw.pick(functions),
        "dateNomination": draw.day_before(at, 4_000),
    })
}

/// A name and a surname in one text.
pub(super) fn full_name(draw: &mut Draw) -> String {
    format!("{} {}", draw.pick(GIVEN_NAMES), draw.pick(SURNAMES))
}
