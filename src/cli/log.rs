//! Logs: structured, on stderr, without payloads or personal data. `LOG_LEVEL` and `LOG_FORMAT` set them.

#[cfg(test)]
mod tests;

use std::fmt::{self, Debug};
use std::io::{self, IsTerminal, Write};

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use crate::harmless::{in_json, in_one_line};

/// Where the database driver tells what PostgreSQL remarked, such as that a table exists already.
const NOTICES: &str = "sqlx::postgres::notice";

/// Begins to log.
pub(super) fn init() -> Result<(), String> {
    // Set to nothing is not set, as in the pipeline file.
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let filter = filter(set("LOG_LEVEL").as_deref())?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = match set("LOG_FORMAT").as_deref() {
        None | Some("text") => text(filter, colours, io::stderr),
        Some("json") => json(filter, || Escaping(io::stderr())),
        Some(other) => return Err(format!("LOG_FORMAT={other:?}: it is text or json")),
    };
    tracing::dispatcher::set_global_default(log).map_err(|error| format!("cannot begin to log: {error}"))
}

/// What is logged: a level, or a filter by the part of the program. What PostgreSQL remarks is for who looks for faults.
fn filter(level: Option<&str>) -> Result<EnvFilter, String> {
    let Some(level) = level else { return Ok(EnvFilter::new("warn,syncline=info,sqlx=error")) };
    let wrong = "it is error, warn, info, debug or trace, or a filter such as warn,syncline=debug";
    // A word that is no level would be taken for a part of the program, and nothing would be logged.
    let is_word = level.chars().all(char::is_alphanumeric);
    if is_word && level.parse::<LevelFilter>().is_err() {
        return Err(format!("LOG_LEVEL={level:?}: {wrong}"));
    }
    let filter = EnvFilter::try_new(level).map_err(|error| format!("LOG_LEVEL={level:?}: {wrong}: {error}"))?;
    let in_detail = filter.max_level_hint().is_none_or(|shown| shown >= Level::DEBUG);
    // A directive of its own would show more to who asked for less.
    let less = level.parse::<Targets>().is_ok_and(|shown| !shown.would_enable(NOTICES, &Level::INFO));
    if in_detail || less || level.contains(NOTICES) {
        return Ok(filter);
    }
    let quiet = format!("{NOTICES}=warn").parse().map_err(|error| format!("cannot begin to log: {error}"))?;
    Ok(filter.add_directive(quiet))
}

/// For people: one line an event, whatever it quotes.
fn text(filter: EnvFilter, colours: bool, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) -> Dispatch {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours).with_target(false);
    log.fmt_fields(debug_fn(|out, field, value| write_field(out, field.name(), value)).delimited(" ")).finish().into()
}

fn write_field(out: &mut Writer<'_>, name: &str, value: &dyn Debug) -> fmt::Result {
    let value = format!("{value:?}");
    if name != "message" {
        write!(out, "{name}=")?;
    }
    write!(out, "{}", in_one_line(&value))
}

/// For machines: one JSON object an event.
fn json(filter: EnvFilter, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) -> Dispatch {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    log.json().finish().into()
}

/// A writer of JSON that a terminal may show. It is given whole events.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(in_json(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
