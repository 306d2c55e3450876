//! What happens to a customer's syncs, worked out one customer at a time from one tick at which something happens to the next. Shares no
//! code with the workflow.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Ticks are five minutes.
pub(super) const TICKS_A_DAY: i64 = 12 * 24;
/// So many days is asked for something.
pub(super) const DAYS: i64 = 7;
/// In how many ticks an attempt is over: of two, five, ten and thirty minutes.
pub(super) const DEADLINES: [(&str, i64); 4] = [("urgent", 2), ("high", 5), ("normal", 10), ("low", 30)];
/// How many ticks after a wish that is neither urgent nor high its sync is due: five minutes of the shipped file.
const DELAY: i64 = 5;
/// In how many ticks a retry is over.
const RETRY: i64 = 5;
/// How many attempts there are.
const ATTEMPTS: u32 = 3;

/// What a service, or the source, does at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A service asks, with one of [`DEADLINES`].
    Ask(usize),
    /// A complete profile of an earlier tick arrives.
    Answer(i64),
}

fn random(seed: u64, customer: usize, what: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ (customer as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ what.wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// When services ask for a customer's data.
pub(super) fn asks(seed: u64, customer: usize) -> Vec<(i64, Event)> {
    let mut rng = random(seed, customer, 0);
    let count = rng.random_range(1..4);
    (0..count)
        .map(|_| (rng.random_range(0..(DAYS - 1) * TICKS_A_DAY), Event::Ask(rng.random_range(0..DEADLINES.len()))))
        .collect()
}

/// What the source makes of the request of that number that was sent at a tick.
pub(super) fn answers(seed: u64, customer: usize, request: u64, sent: i64) -> Vec<(i64, Event)> {
    let mut rng = random(seed, customer, request + 1);
    if rng.random_bool(0.4) {
        return Vec::new();
    }
    let made = sent + rng.random_range(0..45);
    let arrives = made + rng.random_range(1..15);
    let again = rng.random_bool(0.2).then(|| arrives + rng.random_range(0..100));
    [Some(arrives), again].into_iter().flatten().map(|at| (at, Event::Answer(made))).collect()
}

/// A line of a customer's history: what happened, at which tick.
pub(super) type Line = (&'static str, i64);

/// A wish that waits.
#[derive(Clone, Copy)]
struct Wish {
    due: i64,
    urgency: usize,
    /// When it was last asked for.
    asked: i64,
}

/// The sync that is open.
#[derive(Clone, Copy)]
struct Open {
    began: i64,
    attempt: u32,
    /// When the attempt, or the pause after it, is over.
    due: i64,
    pauses: bool,
}

/// A customer.
struct Customer {
    seed: u64,
    number: usize,
    coming: BTreeMap<i64, Vec<Event>>,
    lines: Vec<Line>,
    requests: u64,
    /// When the newest data was made.
    newest: i64,
    wish: Option<Wish>,
    open: Option<Open>,
    /// When the sync began that was given up.
    lost: Option<i64>,
}

/// All that happens to a customer.
pub(super) fn model(seed: u64, number: usize) -> Vec<Line> {
    let mut coming: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    asks(seed, number).into_iter().for_each(|(at, event)| coming.entry(at).or_default().push(event));
    let (lines, newest) = (Vec::new(), i64::MIN);
    let mut customer = Customer { seed, number, coming, lines, requests: 0, newest, wish: None, open: None, lost: None };
    while let Some(now) = customer.next() {
        for event in customer.coming.remove(&now).unwrap_or_default() {
            customer.hears(event, now);
        }
        loop {
            customer.completes(now);
            if !customer.moves(now) {
                break;
            }
        }
    }
    customer.lines
}

impl Customer {
    /// When something happens next.
    fn next(&self) -> Option<i64> {
        let timer = self.open.map(|open| open.due).or(self.wish.map(|wish| wish.due));
        self.coming.keys().next().copied().into_iter().chain(timer).min()
    }

    fn hears(&mut self, event: Event, now: i64) {
        match event {
            Event::Answer(made) => self.newest = self.newest.max(made),
            Event::Ask(urgency) => {
                let due = now + if urgency < 2 { 0 } else { DELAY };
                self.lines.push((if self.wish.is_some() { "joined" } else { "scheduled" }, now));
                let (earlier, more) = self.wish.map_or((due, urgency), |wish| (wish.due.min(due), wish.urgency.min(urgency)));
                self.wish = Some(Wish { due: earlier, urgency: more, asked: now });
            }
        }
    }

    /// Ends what data that is new enough completes.
    fn completes(&mut self, now: i64) {
        if self.open.take_if(|open| open.began <= self.newest).is_some() {
            self.lines.push(("completed", now));
            if self.wish.take_if(|wish| wish.asked <= self.newest).is_some() {
                self.lines.push(("completed", now));
            }
        }
        if self.lost.take_if(|began| *began <= self.newest).is_some() {
            self.lines.push(("completed", now));
        }
    }

    /// Does what is due. Answers whether anything was.
    fn moves(&mut self, now: i64) -> bool {
        match self.open {
            Some(open) if open.due > now => return false,
            Some(open) if open.pauses => self.starts(open.began, open.attempt + 1, RETRY, now),
            Some(open) if open.attempt == ATTEMPTS => {
                self.lines.push(("given_up", now));
                (self.open, self.lost) = (None, Some(open.began));
            }
            Some(open) => {
                self.lines.push(("failed", now));
                // After two and four ticks.
                self.open = Some(Open { due: now + (1 << open.attempt), pauses: true, ..open });
            }
            None => {
                let Some(wish) = self.wish.take_if(|wish| wish.due <= now) else { return false };
                self.starts(now, 1, DEADLINES[wish.urgency].1, now);
            }
        }
        true
    }

    fn starts(&mut self, began: i64, attempt: u32, ticks: i64, now: i64) {
        self.lines.push(("started", now));
        self.open = Some(Open { began, attempt, due: now + ticks, pauses: false });
        for (at, event) in answers(self.seed, self.number, self.requests, now) {
            self.coming.entry(at).or_default().push(event);
        }
        self.requests += 1;
    }
}
