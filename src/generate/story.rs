//! What one customer's record lines are: which events, when, in which shape.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::customer::{Customer, Kind};
use super::draw::Draw;
use super::{Body, Line, company, institution, message, patrimony};

/// What may happen to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    CompleteProfile,
    SharedProfile,
    SpecificData,
    Assets,
    Stocks,
    Identification,
    CriticalSync,
    ProfileUpdated,
    SyncRequest,
}

/// How often of a hundred a company has each event.
const OF_A_COMPANY: &[(Event, u32)] = &[
    (Event::CompleteProfile, 48),
    (Event::SharedProfile, 48),
    (Event::Assets, 62),
    (Event::Stocks, 62),
    (Event::Identification, 62),
    (Event::CriticalSync, 8),
    (Event::ProfileUpdated, 22),
    (Event::SyncRequest, 12),
];

/// How often of a hundred an institution has each event.
const OF_AN_INSTITUTION: &[(Event, u32)] = &[
    (Event::CompleteProfile, 30),
    (Event::SharedProfile, 72),
    (Event::SpecificData, 68),
    (Event::SpecificData, 22),
    (Event::Assets, 40),
    (Event::CriticalSync, 20),
    (Event::ProfileUpdated, 45),
    (Event::SyncRequest, 25),
];

/// One customer's lines, not in the order of their times.
pub(super) fn lines(draw: &mut Draw, number: u64) -> Vec<Line> {
    let customer = Customer::draw(draw, number);
    let table = if matches!(customer.kind, Kind::Company(_)) { OF_A_COMPANY } else { OF_AN_INSTITUTION };
    let mut events: Vec<_> = table.iter().filter(|(_, percent)| draw.percent(*percent)).map(|&(event, _)| event).collect();
    if events.is_empty() {
        events.push(Event::CompleteProfile);
    }
    let mut lines: Vec<_> = events.into_iter().map(|event| line(draw, &customer, event)).collect();
    for index in (1..lines.len()).rev() {
        lines.swap(index, draw.index(index + 1));
    }
    if draw.percent(15) {
        // A producer that saw no answer sends the same again.
        let mut again = lines[draw.index(lines.len())].clone();
        again.timestamp += Duration::seconds(i64::from(draw.between(1, 900)));
        lines.push(again);
    }
    lines
}

fn line(draw: &mut Draw, customer: &Customer, event: Event) -> Line {
    let at = customer.since + Duration::milliseconds(i64::from(draw.below(20 * 24 * 3_600_000)));
    let (topic, payload) = said(draw, customer, event, at);
    let value = if draw.percent(50) { message::enveloped(draw, topic, payload, at) } else { payload };
    Line {
        topic,
        // The producer sends none; what else writes to these topics sends something of its own.
        key: draw.percent(4).then(|| format!("k-{}", draw.below(1_000))),
        timestamp: at + Duration::milliseconds(i64::from(draw.between(1, 2_500))),
        body: Body::Value(value),
    }
}

fn said(draw: &mut Draw, customer: &Customer, event: Event, at: DateTime<Utc>) -> (&'static str, Value) {
    match (event, customer.kind) {
        (Event::CompleteProfile, Kind::Company(_)) => {
            ("admin.customer.complete.profile.v2_1", company::complete_profile(draw, customer, at))
        }
        (Event::CompleteProfile, Kind::Institution(of)) => {
            ("admin.customer.complete.profile.v2_1", institution::complete_profile(draw, customer, of, at))
        }
        (Event::SharedProfile, Kind::Company(_)) => {
            ("admin.customer.company.profile.shared", company::shared_profile(draw, customer, at))
        }
        (Event::SharedProfile, Kind::Institution(of)) => {
            ("admin.customer.institution.profile.shared", institution::shared_profile(draw, customer, of, at))
        }
        (Event::SpecificData, kind) => {
            let of = if let Kind::Institution(of) = kind { of } else { "AUTRE" };
            let data = institution::specific_data_event(draw, customer, of, at);
            ("admin.customer.financial.institution.specific.data", data)
        }
        (Event::Assets, _) => ("admin.customer.assets.data", patrimony::assets_event(draw, &customer.id, at)),
        (Event::Stocks, kind) => ("admin.customer.stocks.data", patrimony::stocks_event(draw, &customer.id, kind, at)),
        (Event::Identification, _) => {
            ("admin.customer.enterprise.identification", company::identification_event(draw, customer, at))
        }
        (Event::CriticalSync, _) => {
            let (payload, high) = message::critical_sync(draw, customer, at);
            (if high { "admin.customer.critical.sync.priority" } else { "admin.customer.data.sync" }, payload)
        }
        (Event::ProfileUpdated, _) => ("admin.customer.profile.updated", message::profile_updated(draw, customer, at)),
        (Event::SyncRequest, _) => ("admin.customer.profile.sync.request", message::sync_request(draw, customer, at)),
    }
}
