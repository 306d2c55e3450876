//! When each kind of alert holds, and what it says then: level, message and data (spec/2 §7).
//!
//! A line that lacks a number takes no part in an alert that needs it. Lines are listed in the order of their section:
//! `{"lines": [{"id", "name", ...}]}`, quantities and amounts as exact numbers; of very many the first 256 KiB, and `more`: how many others.

use std::borrow::Cow;

use bigdecimal::{BigDecimal, Zero};
use chrono::NaiveDate;
use schemas::profile::{AlertKind, AlertLevel, Amount, Computed, Rating, RiskLevel, SectionName, Severity, SyncStatus};
use schemas::{Json, JsonRef};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{AlertParams, Holds};
use crate::message::alert::text;
use crate::{Subject, date, field};

/// What the alert says, if its condition holds.
pub(super) fn holds(kind: AlertKind, params: &AlertParams, subject: &Subject<'_>, computed: &Computed) -> Option<Holds> {
    let say = |level, data: Json, values: &[(&str, &str)]| Holds { level, message: text(kind).fill(params.locale, values), data };
    let list = |level, lines: &Lines<'_>| say(level, lines.listed(), &[("count", &lines.lines.len().to_string())]);
    match kind {
        AlertKind::LowStock => {
            let lines = low_stock(subject)?;
            let empty = params.low_stock.empty_quantity.get();
            let is_empty = lines.lines.iter().any(|line| line.quantity.as_ref().is_some_and(|quantity| quantity.0 == *empty));
            Some(list(if is_empty { AlertLevel::High } else { AlertLevel::Medium }, &lines))
        }
        AlertKind::HighRisk => {
            let risk = computed.risk.as_ref().filter(|risk| risk.level == RiskLevel::High)?;
            let factors = risk.factors.iter().map(|factor| factor.code).collect();
            let data = Json::from_serialize(&HighRisk { score: risk.score, factors });
            Some(say(AlertLevel::High, data, &[("score", &risk.score.to_string())]))
        }
        AlertKind::SyncFailure => {
            let sync_status = subject.profile.sync_status;
            let sync = subject.profile.syncs.given_up.as_ref();
            let (sync_id, attempts) = (sync.map(|sync| sync.id), sync.map(|sync| sync.attempt));
            let data = Json::from_serialize(&SyncFailure { sync_status, sync_id, attempts });
            subject.profile.sync_is_given_up().then(|| say(AlertLevel::High, data, &[]))
        }
        AlertKind::ComplianceCritical => {
            let data = compliance_critical(computed)?;
            let rating = data.rating.map_or("-", Rating::as_str);
            let count = data.issues.len().to_string();
            Some(say(AlertLevel::Urgent, Json::from_serialize(&data), &[("rating", rating), ("count", &count)]))
        }
        AlertKind::WarrantyExpired => warranty_expired(subject).map(|lines| list(AlertLevel::Low, &lines)),
        AlertKind::AssetDepreciated => {
            let percent = params.asset_depreciated.below_percent.get();
            let lines = asset_depreciated(subject, percent)?;
            let values = [("count", &*lines.lines.len().to_string()), ("percent", &*percent.to_plain_string())];
            Some(say(AlertLevel::Low, lines.listed(), &values))
        }
        AlertKind::StockUnusable => stock_unusable(subject).map(|lines| list(AlertLevel::Medium, &lines)),
        AlertKind::SolvencyLow => {
            let section = subject.view.get(SectionName::SpecificData)?;
            let limit = &params.solvency_low.below;
            let ratio = field::number(section.get("ratioSolvabilite")).filter(|ratio| ratio < limit.get())?;
            let data = SolvencyLow { ratio: Amount(ratio), limit: Amount(limit.get().clone()) };
            let values = [("ratio", &*data.ratio.to_string()), ("limit", &*limit.to_string())];
            Some(say(AlertLevel::High, Json::from_serialize(&data), &values))
        }
        AlertKind::IncompleteProfile => {
            let (completeness, limit) = (computed.completeness.percentage, params.incomplete_profile.below.get());
            let data = || Json::from_serialize(&IncompleteProfile { completeness, limit });
            (completeness < limit).then(|| say(AlertLevel::Low, data(), &[("completeness", &completeness.to_string())]))
        }
    }
}

/// About how many bytes of lines an alert lists, so that its record fits into any topic whatever a customer has.
const LISTED_BYTES: usize = 256 << 10;

/// Lines of stock or assets; never empty.
struct Lines<'a> {
    lines: Vec<Line<'a>>,
}

/// Lines as an alert lists them, and how many there are beside them.
#[derive(Serialize)]
struct Listed {
    lines: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
}

// serde's signature.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl<'a> Lines<'a> {
    fn of(subject: &Subject<'a>, section: SectionName, line: impl FnMut(JsonRef<'a>) -> Option<Line<'a>>) -> Option<Self> {
        let lines: Vec<_> = subject.view.get(section)?.elements().filter_map(line).collect();
        (!lines.is_empty()).then_some(Self { lines })
    }

    /// The alert's data: the lines from the first on, as many as it lists.
    fn listed(&self) -> Json {
        let mut left = LISTED_BYTES;
        let fits = |line: &Line<'_>| {
            let text = serde_json::value::to_raw_value(line).expect("a line serialises: texts and finite numbers");
            left = left.checked_sub(text.get().len())?;
            Some(text)
        };
        let lines: Vec<_> = self.lines.iter().map_while(fits).collect();
        let more = self.lines.len() - lines.len();
        Json::from_serialize(&Listed { lines, more })
    }
}

/// One line, with what its alert is about.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    fn named(id: Option<JsonRef<'a>>, name: Option<JsonRef<'a>>) -> Self {
        Self { id: id.and_then(JsonRef::as_str), name: name.and_then(JsonRef::as_str), ..Self::default() }
    }
}

fn low_stock<'a>(subject: &Subject<'a>) -> Option<Lines<'a>> {
    Lines::of(subject, SectionName::Stocks, |line| {
        let [id, name, quantity, minimum, state] =
            field::pick(Some(line), ["id", "nomProduit", "quantiteStock", "seuilMinimum", "etatStock"]);
        if !field::is_text(state, "disponible") {
            return None;
        }
        let (quantity, minimum) = (field::number(quantity)?, field::number(minimum)?);
        let (quantity, minimum) = (Amount(quantity), Amount(minimum));
        let low = quantity <= minimum;
        low.then(|| Line { quantity: Some(quantity), minimum: Some(minimum), ..Line::named(id, name) })
    })
}

fn stock_unusable<'a>(subject: &Subject<'a>) -> Option<Lines<'a>> {
    Lines::of(subject, SectionName::Stocks, |line| {
        let [id, name, state] = field::pick(Some(line), ["id", "nomProduit", "etatStock"]);
        let unusable = field::is_text(state, "endommage") || field::is_text(state, "expire");
        unusable.then(|| Line { state: state.and_then(JsonRef::as_str), ..Line::named(id, name) })
    })
}

fn warranty_expired<'a>(subject: &Subject<'a>) -> Option<Lines<'a>> {
    let today = subject.as_of.date_naive();
    Lines::of(subject, SectionName::Assets, |line| {
        let [id, name, warranty] = field::pick(Some(line), ["id", "nom", "garantie"]);
        let expired_on = warranty?.get("dateExpiration").and_then(date::day).filter(|day| *day < today)?;
        Some(Line { expired_on: Some(expired_on), ..Line::named(id, name) })
    })
}

fn asset_depreciated<'a>(subject: &Subject<'a>, percent: &BigDecimal) -> Option<Lines<'a>> {
    let hundred = BigDecimal::from(100);
    Lines::of(subject, SectionName::Assets, |line| {
        let [id, name, value, purchase] = field::pick(Some(line), ["id", "nom", "valeurActuelle", "prixAchat"]);
        let (value, purchase) = (field::number(value)?, field::number(purchase)?);
        let depreciated = purchase > BigDecimal::zero() && &value * &hundred < percent * &purchase;
        depreciated.then(|| Line { value: Some(Amount(value)), purchase: Some(Amount(purchase)), ..Line::named(id, name) })
    })
}

fn compliance_critical(computed: &Computed) -> Option<ComplianceCritical> {
    let critical = computed.conformity.issues.iter().filter(|issue| issue.severity == Severity::Critical);
    let issues: Vec<_> = critical.map(|issue| issue.code).collect();
    let holds = computed.rating == Some(Rating::Critical) || !issues.is_empty();
    holds.then_some(ComplianceCritical { rating: computed.rating, issues })
}

/// The data of `high_risk`: the score, 0 to 100, and the codes of its factors.
#[derive(Serialize)]
struct HighRisk {
    score: u8,
    factors: Vec<&'static str>,
}

/// The data of `sync_failure`: the sync that was given up, and after how many attempts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncFailure {
    sync_status: SyncStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
}

/// The data of `compliance_critical`: the rating, and the codes of the critical issues.
#[derive(Serialize)]
struct ComplianceCritical {
    rating: Option<Rating>,
    issues: Vec<&'static str>,
}

/// The data of `solvency_low`: the ratio and its limit, in percent.
#[derive(Serialize)]
struct SolvencyLow {
    ratio: Amount,
    limit: Amount,
}

/// The data of `incomplete_profile`: completeness and its limit, in percent.
#[derive(Serialize)]
struct IncompleteProfile {
    completeness: u8,
    limit: u8,
}
