//! What a run tells people while it goes and when it is done.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::Fault;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::format::Format;
use crate::run::{Counts, Pipeline};

/// How long a run waits for what its bar needs to know. The broker and the store may be away.
const SOON: Duration = Duration::from_secs(2);

/// A progress bar that follows a run; none where stderr is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    following: Option<tokio::task::JoinHandle<()>>,
}

/// Begins to show how far the pipeline has read of what is in its topics now. Nothing is shown where that cannot be learned soon.
pub(super) async fn progress(pipeline: &Pipeline, stop: &watch::Receiver<bool>) -> Progress {
    let hidden = Progress { bar: ProgressBar::hidden(), following: None };
    if !std::io::stderr().is_terminal() {
        return hidden;
    }
    let Some(backlog) = soon(pipeline.backlog(), stop.clone()).await else { return hidden };
    let style = ProgressStyle::with_template("{bar:32} {human_pos} of {human_len} records, {per_sec}, {eta} left");
    let bar = ProgressBar::new(backlog).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (counters, shown) = (Arc::clone(pipeline.counters()), bar.clone());
    let following = tokio::spawn(async move {
        loop {
            shown.set_position(counters.counts().records_resolved);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    Progress { bar, following: Some(following) }
}

/// What is answered; `None` where it fails, takes longer than a bar is worth, or `stop` turns true before.
async fn soon<T>(asked: impl Future<Output = Result<T, Fault>>, mut stop: watch::Receiver<bool>) -> Option<T> {
    tokio::select! {
        answered = timeout(SOON, asked) => answered.ok()?.ok(),
        // Who could tell it is gone with an error: then nobody does.
        Ok(_) = stop.wait_for(|stop| *stop) => None,
    }
}

impl Progress {
    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Some(following) = self.following {
            following.abort();
        }
        self.bar.finish_and_clear();
    }
}

/// Prints what a run did.
pub(super) fn print(counts: &Counts, took: Duration, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => writeln!(out, "{}", table(counts, took)),
        Format::Json => writeln!(out, "{}", json(counts, took)),
    }
}

/// The summary for programs.
pub(super) fn json(counts: &Counts, took: Duration) -> Value {
    let mut json = serde_json::to_value(counts).unwrap_or_default();
    json["seconds"] = took.as_secs_f64().into();
    json["records_per_second"] = rate(counts, took).into();
    json
}

fn rate(counts: &Counts, took: Duration) -> f64 {
    let records = u32::try_from(counts.records_resolved).map_or(f64::from(u32::MAX), f64::from);
    records / took.as_secs_f64().max(0.001)
}

/// The summary as a table of two columns.
fn table(counts: &Counts, took: Duration) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let mut row = |name: String, value: String| {
        table.add_row([name, value]);
    };
    row("records read".into(), grouped(counts.records_read));
    row("profiles created".into(), grouped(counts.profiles_created));
    row("profile rows written".into(), grouped(counts.rows_written));
    row("alerts raised, updated, resolved".into(), grouped(counts.alert_transitions));
    row("records published".into(), grouped(counts.records_published + counts.records_written));
    let letters: u64 = counts.dead_letters.values().sum();
    row("dead letters".into(), grouped(letters));
    for (reason, count) in &counts.dead_letters {
        row(format!("  {reason}"), grouped(*count));
    }
    let tolerated = [
        ("numbers that came as strings", counts.numeric_strings),
        ("unknown fields kept", counts.unknown_fields),
        ("dates that do not parse", counts.unparsed_dates),
        ("values outside an open list", counts.unlisted_values),
        ("characters replaced", counts.replaced_characters),
    ];
    for (name, count) in tolerated.into_iter().filter(|(_, count)| *count > 0) {
        row(name.into(), grouped(count));
    }
    row("took".into(), format!("{:.2} s", took.as_secs_f64()));
    row("rate".into(), format!("{:.0} records/s", rate(counts, took)));
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A number with its thousands set apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use schemas::FaultKind;

    use super::*;

    /// What a broker that is away answers.
    async fn never() -> Result<u64, Fault> {
        std::future::pending().await
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_bar() {
        let (stop, stopped) = watch::channel(false);
        assert_eq!(soon(async { Ok(7) }, stopped.clone()).await, Some(7));
        assert_eq!(soon(async { Err::<u64, _>(Fault::new(FaultKind::Unavailable, "x")) }, stopped.clone()).await, None);
        stop.send_replace(true);
        let began = std::time::Instant::now();
        assert_eq!(soon(never(), stopped).await, None);
        assert!(began.elapsed() < SOON / 2, "{:?}", began.elapsed());
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1 000");
        assert_eq!(grouped(12_345_678), "12 345 678");
    }
}
