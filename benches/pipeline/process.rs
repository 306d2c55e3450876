//! A process that is watched while it works: what it printed, how long it took, how much memory it held at most.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// What a process did.
#[derive(Debug)]
pub(crate) struct Done {
    /// All that it wrote to stdout.
    pub(crate) stdout: String,
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The most memory it held at once (peak resident set), in bytes; `None` where the system does not tell.
    pub(crate) peak_bytes: Option<u64>,
}

/// Runs a command to its end.
///
/// # Errors
///
/// When it cannot be started, or ends with another code than 0.
pub(crate) fn run(command: &mut Command) -> Result<Done, Failure> {
    let name = format!("{:?} {:?}", command.get_program(), command.get_args().collect::<Vec<_>>());
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| format!("{name}: {error}"))?;
    let mut pipe = child.stdout.take().ok_or("stdout is a pipe")?;
    // Read while it runs: a full pipe would stop it.
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    let peak_bytes = watch(&mut child)?;
    let wall = begun.elapsed();
    let status = child.wait()?;
    let stdout = reading.join().map_err(|_| format!("{name}: reading its output failed"))??;
    if !status.success() {
        return Err(format!("{name}: {status}").into());
    }
    Ok(Done { stdout, wall, peak_bytes })
}

/// Waits for the process's end, and says what its peak was when last seen.
///
/// The kernel keeps the peak, so looking twenty times a second misses only what it grew after the last look. The kernel's exact
/// figure comes with `wait4`, for which the standard library has no safe call.
fn watch(child: &mut Child) -> Result<Option<u64>, Failure> {
    let mut peak = None;
    while child.try_wait()?.is_none() {
        peak = peak_bytes(child.id()).or(peak);
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(peak)
}

fn peak_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
