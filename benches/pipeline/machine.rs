//! What the figures were measured on.

use std::fs;

/// One line: processor, cores that this process may use, memory, operating system.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or_else(|_| "?".into(), |cores| cores.to_string());
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = field("/proc/meminfo", "MemTotal").and_then(|text| text.strip_suffix(" kB")?.parse::<f64>().ok());
    let memory = memory.map_or_else(|| "unknown memory".into(), |kibibytes| format!("{:.0} GiB", kibibytes / 1024.0 / 1024.0));
    format!("{processor}, {cores} cores, {memory}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}
