//! Which of the partitions are one worker's, where several processes run the same segments (`architecture.md`, rule 9).

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use thiserror::Error;

/// One worker of so many: of each topic it takes the partitions whose number, divided by `workers`, leaves its own, counted from 0.
///
/// Written `I/N`, counted from 1: `2/3` is the second of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which worker, from 0; less than `workers`.
    worker: u32,
    workers: NonZeroU32,
}

impl Share {
    /// All partitions: the only worker.
    pub const WHOLE: Self = Self { worker: 0, workers: NonZeroU32::MIN };

    /// Whether a partition of this number is its own.
    #[must_use]
    pub fn holds(self, partition: u32) -> bool {
        partition % self.workers == self.worker
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.worker + 1, self.workers)
    }
}

/// Why a text is no share.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShareError {
    /// It is not two numbers with a slash between them.
    #[error("a worker is written I/N, such as 2/3 for the second of three")]
    Form,
    /// There is no such worker.
    #[error("there is no worker {worker} of {workers}: workers are counted from 1 to {workers}")]
    NoSuchWorker {
        /// Which was named.
        worker: u32,
        /// Of how many.
        workers: u32,
    },
    /// It is a share of nothing.
    #[error("there is at least 1 worker")]
    NoWorkers,
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (worker, workers) = text.split_once('/').ok_or(ShareError::Form)?;
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| ShareError::Form);
        let (worker, workers) = (number(worker)?, number(workers)?);
        let of = NonZeroU32::new(workers).ok_or(ShareError::NoWorkers)?;
        match worker.checked_sub(1) {
            Some(from_zero) if from_zero < workers => Ok(Self { worker: from_zero, workers: of }),
            _ => Err(ShareError::NoSuchWorker { worker, workers }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_partition_is_one_workers() {
        for workers in 1..5 {
            let shares: Vec<Share> = (1..=workers).map(|worker| format!("{worker}/{workers}").parse().unwrap()).collect();
            for partition in 0..12 {
                assert_eq!(shares.iter().filter(|share| share.holds(partition)).count(), 1, "{partition} of {workers}");
            }
        }
        assert!((0..12).all(|partition| Share::WHOLE.holds(partition)));
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        assert_eq!("2/3".parse::<Share>().unwrap().to_string(), "2/3");
        assert_eq!("1/1".parse(), Ok(Share::WHOLE));
    }

    #[test]
    fn what_is_no_share_is_told() {
        for text in ["", "1", "/", "1/", "-1/2", "1/2/3", "a/b", "1 / 2", "99999999999/2"] {
            assert_eq!(text.parse::<Share>(), Err(ShareError::Form), "{text:?}");
        }
        for (worker, workers) in [(0, 3), (4, 3)] {
            assert_eq!(format!("{worker}/{workers}").parse::<Share>(), Err(ShareError::NoSuchWorker { worker, workers }));
        }
        assert_eq!("1/0".parse::<Share>(), Err(ShareError::NoWorkers));
    }
}
