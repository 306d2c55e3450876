//! `syncline generate`: realistic events as record lines on stdout (spec/5).

use std::io::{self, BufWriter, ErrorKind, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::generate::Generator;

/// Print made-up events as record lines, the same for the same seed.
///
/// They look as those of the source system do: companies and institutions, out of order, repeated, with numbers as strings. With --faulty
/// some are broken in the ways that make dead letters.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  syncline generate --customers 1000 --seed 7 --faulty 2 | syncline produce --file -
  syncline generate --customers 1000000 --rate 500 | syncline produce --file -")]
pub struct GenerateArgs {
    /// How many customers; each has 3 to 4 events on average
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub customers: u64,
    /// The seed: the same one gives the same lines on every machine
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Records a second [default: as fast as they are taken]
    #[arg(long, value_name = "RECORDS_PER_SECOND", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// How many of a hundred records are broken, to be dead letters
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub faulty: u8,
}

/// Writes the lines to `out`. A reader that went away ends it, without an error.
///
/// # Errors
///
/// What writing to `out` gives.
pub fn run(args: &GenerateArgs, out: &mut impl Write) -> io::Result<()> {
    match write(args, &mut BufWriter::with_capacity(1 << 16, out)) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn write(args: &GenerateArgs, out: &mut impl Write) -> io::Result<()> {
    let begun = Instant::now();
    for (written, line) in Generator::new(args.seed, args.customers, args.faulty).enumerate() {
        if let Some(rate) = args.rate {
            pace(out, begun, written, rate)?;
        }
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Waits until so many records are due. What is written is handed on before, so that a slow stream is seen.
fn pace(out: &mut impl Write, begun: Instant, written: usize, rate: u32) -> io::Result<()> {
    let wait = (begun + due_after(written, rate)).saturating_duration_since(Instant::now());
    if wait > Duration::from_millis(1) {
        out.flush()?;
        thread::sleep(wait);
    }
    Ok(())
}

/// How long after the first record the one after so many others is due.
fn due_after(written: usize, rate: u32) -> Duration {
    Duration::from_secs_f64(written as f64 / f64::from(rate))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A reader that takes so many bytes, and is gone.
    struct Pipe(usize);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn args(customers: u64) -> GenerateArgs {
        GenerateArgs { customers, seed: 7, rate: None, faulty: 10 }
    }

    #[test]
    fn every_line_is_a_record_line() {
        let mut out = Vec::new();
        run(&args(50), &mut out).unwrap();
        let lines: Vec<serde_json::Value> = out
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines.len(), Generator::new(7, 50, 10).count());
        for line in lines {
            assert!(line["topic"].is_string() && line["timestamp"].is_string());
            let bodies = ["value", "raw", "raw_base64"].into_iter().filter(|&body| line.get(body).is_some());
            assert_eq!(bodies.count(), 1);
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        run(&args(1_000), &mut Pipe(100_000)).unwrap();
    }

    #[test]
    fn a_rate_spaces_the_lines_evenly() {
        assert_eq!([0, 1, 200, 500].map(|written| due_after(written, 200).as_millis()), [0, 5, 1_000, 2_500]);
    }
}
