#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use tracing::dispatcher::with_default;

use super::*;

/// What was logged, to look at.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const RUDE: &str = "\u{1b}]0;x\u{7}\nERROR forged \u{9b}2J\u{7f}\u{202e}";

fn logged(filter: Option<&str>, dispatch: impl Fn(EnvFilter, Logged) -> Dispatch, log: impl FnOnce()) -> String {
    let logged = Logged::default();
    with_default(&dispatch(self::filter(filter).unwrap(), logged.clone()), log);
    logged.text()
}

fn as_text(filter: EnvFilter, logged: Logged) -> Dispatch {
    text(filter, false, move || logged.clone())
}

fn as_json(filter: EnvFilter, logged: Logged) -> Dispatch {
    json(filter, move || Escaping(logged.clone()))
}

#[test]
fn an_event_is_one_line_whatever_it_quotes() {
    let said = logged(None, as_text, || tracing::warn!(part = "broker", fault = %RUDE, "waiting {RUDE}"));
    let rude = "\\u{1b}]0;x\\u{7}\\nERROR forged \\u{9b}2J\\u{7f}\\u{202e}";
    assert!(said.ends_with(&format!(" WARN waiting {rude} part=\"broker\" fault={rude}\n")), "{said}");
}

#[test]
fn json_says_the_same_in_escapes() {
    let said = logged(None, as_json, || tracing::warn!(fault = %RUDE, "waiting"));
    assert!(!said.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
    let event: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(event["fields"]["fault"], RUDE);
}

#[test]
fn remarks_of_the_database_are_for_who_asks_for_detail() {
    let remark = || tracing::info!(target: "sqlx::postgres::notice", "relation \"x\" already exists, skipping");
    for (level, shown) in [
        (None, false),
        (Some("info"), false),
        (Some("INFO"), false),
        (Some("warn,sqlx=info"), false),
        (Some("debug"), true),
        (Some("warn,sqlx::postgres::notice=info"), true),
    ] {
        assert_eq!(logged(level, as_text, remark).contains("already exists"), shown, "{level:?}");
    }
    let warning = || tracing::warn!(target: "sqlx::postgres::notice", "terminating connection");
    for (level, shown) in [
        (Some("info"), true),
        (Some("warn"), true),
        (Some("error"), false),
        (Some("off"), false),
        (Some("info,sqlx=error"), false),
        (None, false),
    ] {
        assert_eq!(logged(level, as_text, warning).contains("terminating"), shown, "{level:?}");
    }
    assert!(logged(Some("info"), as_text, || tracing::info!(target: "sqlx::query", "slow")).contains("slow"));
}

#[test]
fn a_level_that_is_none_is_told() {
    for level in ["verbose", "warn,syncline=loud"] {
        let said = filter(Some(level)).unwrap_err();
        assert!(said.starts_with(&format!("LOG_LEVEL={level:?}: it is error, warn, info, debug or trace")), "{said}");
    }
    assert!(filter(Some("off")).is_ok());
}
