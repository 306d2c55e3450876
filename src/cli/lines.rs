//! Lines of a file or of stdin, as they come, in bounded memory.

use std::io;
use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;

/// A longer line is refused: it would have to be held in memory.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// What some editors write before a text in UTF-8. It says nothing, and belongs to no line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines, numbered from 1.
pub(super) struct Lines {
    from: Box<dyn AsyncBufRead + Send + Unpin>,
    /// The file's size, where it has one.
    size_bytes: Option<u64>,
    read_bytes: u64,
    number: u64,
    /// The line so far: kept here, so that a call that is cancelled loses nothing.
    line: Vec<u8>,
}

impl Lines {
    /// The lines of the file; `-` is stdin.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::of(BufReader::with_capacity(READ_BYTES, tokio::io::stdin()), None));
        }
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let size_bytes = about.is_file().then_some(about.len());
        Ok(Self::of(BufReader::with_capacity(READ_BYTES, file), size_bytes))
    }

    /// The lines of what is read.
    pub(super) fn of(from: impl AsyncBufRead + Send + Unpin + 'static, size_bytes: Option<u64>) -> Self {
        Self { from: Box::new(from), size_bytes, read_bytes: 0, number: 0, line: Vec::new() }
    }

    /// How large the file is, where it has a size.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        self.size_bytes
    }

    /// How much of it was read.
    pub(super) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// The next line and its number, without the line's end; `None` at the end. Blank lines are passed over.
    ///
    /// Safe to cancel.
    ///
    /// # Errors
    ///
    /// When reading fails, or when the line is over 64 MiB.
    pub(super) async fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let read = self.from.fill_buf().await?;
            let (taken, complete) = match read.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (read.len(), read.is_empty()),
            };
            self.line.extend_from_slice(&read[..taken]);
            self.from.consume(taken);
            self.read_bytes += taken as u64;
            if self.line.len() > MAX_LINE_BYTES {
                let number = self.number + 1;
                return Err(io::Error::other(format!("line {number} is longer than {MAX_LINE_BYTES} bytes")));
            }
            if !complete {
                continue;
            }
            let mut line = std::mem::take(&mut self.line);
            if taken == 0 && line.is_empty() {
                return Ok(None);
            }
            self.number += 1;
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            if self.number == 1 && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some((self.number, line)));
            }
        }
    }
}
