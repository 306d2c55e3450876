//! Logs: structured, on stderr, without payloads or personal data. `LOG_LEVEL` and `LOG_FORMAT` set them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Begins to log.
pub(super) fn init() -> Result<(), String> {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "warn,syncline=info,sqlx=error".into());
    let filter = EnvFilter::try_new(&level).map_err(|error| format!("LOG_LEVEL={level:?} is no filter: {error}"))?;
    let format = std::env::var("LOG_FORMAT").unwrap_or_else(|_| "text".into());
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    match format.as_str() {
        "text" => log.init(),
        "json" => log.json().init(),
        other => return Err(format!("LOG_FORMAT={other:?}: it is text or json")),
    }
    Ok(())
}
