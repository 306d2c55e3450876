//! A progress bar for what takes longer than two seconds.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is done sooner shows no bar.
const QUIET: Duration = Duration::from_secs(2);

/// A bar on stderr, where that is a terminal; removed when dropped.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    shown: bool,
}

impl Progress {
    /// A bar up to `total`, or only words where the total is not known.
    pub(super) fn new(total: Option<u64>) -> Self {
        let template = match total {
            Some(_) => "{wide_bar} {percent:>3} % {msg}, {eta} left",
            None => "{spinner} {msg}, {elapsed}",
        };
        // Hidden for now. The default style serves should the template ever be wrong.
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, begun: Instant::now(), shown: false }
    }

    /// So much is done, and what that is.
    pub(super) fn set(&mut self, done: u64, what: String) {
        if !self.shown && self.begun.elapsed() >= QUIET {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown = true;
        }
        self.bar.set_message(what);
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
