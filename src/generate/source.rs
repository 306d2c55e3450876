//! A stand-in for the source system: what it answers when it is asked for a customer's data (spec/3 §3).

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::customer::{Customer, Kind};
use super::draw::Draw;
use super::names::INSTITUTIONS;
use super::{Body, Line, company, institution};

/// The topic of answers.
pub const ANSWERS: &str = "admin.customer.complete.profile.v2_1";

/// Codes that only institutions are asked for (spec/3 §3).
const OF_INSTITUTIONS: [&str; 5] =
    ["institution_specific_data", "regulatory_data", "digital_presence", "governance_structure", "financial_metrics"];

/// How the source behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// What its answers are drawn from; those of a customer that [`Generator`](super::Generator) makes from it are of that customer.
    pub seed: u64,
    /// How many customers it knows; of others it makes something up.
    pub customers: u64,
    /// How long it takes to answer, in milliseconds: drawn from among these.
    pub delay_ms: RangeInclusive<u32>,
    /// How many of a hundred requests it never answers.
    pub loss_percent: u8,
    /// How many of a hundred answers it sends twice.
    pub duplication_percent: u8,
}

/// A request, as it arrives on `customer.sync.request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRequest {
    /// The message's own id: that of an attempt of a sync.
    pub id: String,
    /// Whose data are wanted.
    pub customer_id: String,
    /// Which, by code.
    pub requested_data: Vec<String>,
}

impl SourceRequest {
    /// Reads a record's value; `None` where it is no request.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Message {
            id: String,
            data: Data,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            customer_id: String,
            #[serde(default)]
            requested_data: Vec<String>,
        }
        let Message { id, data: Data { customer_id, requested_data } } = serde_json::from_slice(value).ok()?;
        Some(Self { id, customer_id, requested_data })
    }
}

/// The source system, made up.
#[derive(Debug)]
pub struct Source {
    manners: Manners,
    /// The customers that it knows: their numbers, by a hash of their ids.
    known: HashMap<u64, u64>,
}

impl Source {
    /// A source with these manners. Takes about 50 bytes and a microsecond for each customer that it knows.
    #[must_use]
    pub fn new(manners: Manners) -> Self {
        let id = |number| hash(&[&Customer::draw(&mut Draw::new(manners.seed, number), number).id]);
        let known = (0..manners.customers).map(|number| (id(number), number)).collect();
        Self { manners, known }
    }

    /// What it sends for a request that it gets now: nothing, a complete profile, or the same twice; each with the time at which it is
    /// sent. The same request always gets the same answer.
    #[must_use]
    pub fn answers(&self, request: &SourceRequest, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, Line)> {
        let Manners { seed, delay_ms, loss_percent, duplication_percent, .. } = &self.manners;
        let mut draw = Draw::new(*seed, hash(&["answer", &request.id]));
        let after = |draw: &mut Draw, at| at + TimeDelta::milliseconds(draw.between(*delay_ms.start(), *delay_ms.end()).into());
        let (lost, twice) = (draw.percent((*loss_percent).into()), draw.percent((*duplication_percent).into()));
        if lost {
            return Vec::new();
        }
        let at = after(&mut draw, now);
        let customer = self.customer(request);
        let profile = match customer.kind {
            Kind::Company(_) => company::complete_profile(&mut draw, &customer, at),
            Kind::Institution(of) => institution::complete_profile(&mut draw, &customer, of, at),
        };
        let line = Line { topic: ANSWERS, key: None, timestamp: at, body: Body::Value(profile) };
        let again = twice.then(|| (after(&mut draw, at), line.clone()));
        std::iter::once((at, line)).chain(again).collect()
    }

    /// The customer as the generator makes it, or one that is made up.
    fn customer(&self, request: &SourceRequest) -> Customer {
        let known = self.known.get(&hash(&[&request.customer_id]));
        let number = known.copied().unwrap_or_else(|| hash(&["customer", &request.customer_id]));
        let customer = Customer::draw(&mut Draw::new(self.manners.seed, number), number);
        if customer.id == request.customer_id {
            return customer;
        }
        let is_institution = request.requested_data.iter().any(|code| OF_INSTITUTIONS.contains(&code.as_str()));
        let kind = match customer.kind {
            Kind::Company(_) if is_institution => Kind::Institution(INSTITUTIONS[0].1),
            kind => kind,
        };
        customer.posing_as(&request.customer_id, kind)
    }
}

/// The same on every machine.
fn hash(parts: &[&str]) -> u64 {
    let digest = Sha256::digest(parts.join("\0"));
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use super::*;

    fn manners(loss_percent: u8, duplication_percent: u8) -> Manners {
        Manners { seed: 7, customers: 50, delay_ms: 500..=1_500, loss_percent, duplication_percent }
    }

    fn request(id: &str, customer: &str) -> SourceRequest {
        SourceRequest { id: id.into(), customer_id: customer.into(), requested_data: vec!["basic_info".into()] }
    }

    fn now() -> DateTime<Utc> {
        "2026-03-01T08:00:00Z".parse().unwrap()
    }

    fn value(line: &Line) -> &serde_json::Value {
        let Body::Value(value) = &line.body else { panic!("JSON") };
        value
    }

    #[test]
    fn a_customer_of_the_generator_is_answered_for_as_it_is() {
        let source = Source::new(manners(0, 0));
        for number in 0..50 {
            let customer = Customer::draw(&mut Draw::new(7, number), number);
            let answers = source.answers(&request("m-1", &customer.id), now());
            let [(at, line)] = &answers[..] else { panic!("one answer") };
            assert_eq!(value(line)["name"], customer.name);
            assert_eq!(value(line)["customerId"], customer.id);
            assert!((500..=1_500).contains(&(*at - now()).num_milliseconds()), "{at}");
            assert_eq!(line.timestamp, *at);
        }
    }

    #[test]
    fn of_another_it_makes_up_what_is_asked_for() {
        let source = Source::new(manners(0, 0));
        let asked = SourceRequest { requested_data: vec!["governance_structure".into()], ..request("m-1", "somebody") };
        let answers = source.answers(&asked, now());
        assert_eq!(value(&answers[0].1)["customerId"], "somebody");
        assert_eq!(value(&answers[0].1)["customerType"], "FINANCIAL_INSTITUTION");
        assert_eq!(answers, source.answers(&asked, now()), "the same again");
    }

    #[test]
    fn so_many_are_lost_and_so_many_sent_twice() {
        let source = Source::new(manners(30, 50));
        let counts: Vec<_> = (0..2_000).map(|id| source.answers(&request(&format!("m-{id}"), "c"), now()).len()).collect();
        let count = |answers| counts.iter().filter(|&&of| of == answers).count();
        assert!((520..680).contains(&count(0)) && (600..800).contains(&count(2)), "{} {}", count(0), count(2));
        let never = Source::new(manners(100, 0));
        assert!((0..100).all(|id| never.answers(&request(&format!("m-{id}"), "c"), now()).is_empty()));
        let distinct: BTreeSet<_> = (0..20).map(|id| source.answers(&request(&format!("m-{id}"), "c"), now()).len()).collect();
        assert!(distinct.len() > 1, "attempts of one sync fare differently");
    }

    #[test]
    fn what_is_no_request_is_none() {
        let parsed = SourceRequest::parse(br#"{"id": "m-1", "data": {"customerId": "c-1", "requestedData": ["basic_info"]}}"#);
        assert_eq!(parsed, Some(request("m-1", "c-1")));
        for other in [&b"{"[..], b"{}", br#"{"id": "m-1", "data": {}}"#, b"[[[[[[[["] {
            assert_eq!(SourceRequest::parse(other), None);
        }
    }
}
