//! Fills `${}` in, once the file is a tree: whatever a variable holds, it cannot change the file's structure.
//!
//! | written | becomes |
//! |---|---|
//! | `${NAME}` | the variable; an error where it is not set |
//! | `${NAME:-default}` | the variable, or the default where it is not set or empty; the default may hold further `${}` |
//! | `${file:path}` | the file's text without its last line break: for secrets |
//! | `$${` | `${` itself |

use std::env::VarError;
use std::path::Path;

use super::draft::{Content, Node, Scalar, Style};
use super::environment::Environment;
use super::error::{Finding, Report};

/// Expands every scalar below `node`. `folder` is the pipeline file's, which relative paths start from.
pub(super) fn expand(node: &mut Node, folder: &Path, environment: &dyn Environment, report: &mut Report) {
    match &mut node.content {
        Content::Scalar(scalar) => match (Expansion { folder, environment }).whole(scalar) {
            Ok(()) => {}
            Err(refusal) => {
                let mut finding = Finding::error(node.place.clone(), refusal.message);
                if let Some(cause) = refusal.cause {
                    finding = finding.cause(cause);
                }
                report.push_unknown(finding.help(refusal.help));
            }
        },
        Content::List(items) => items.iter_mut().for_each(|item| expand(item, folder, environment, report)),
        Content::Map(members) => {
            for member in members {
                if member.name.contains("${") {
                    let finding = Finding::error(member.place.clone(), format!("the key `{}` cannot be expanded", member.name))
                        .help("only values are; write the key out");
                    report.push(finding);
                }
                expand(&mut member.value, folder, environment, report);
            }
        }
    }
}

/// Why a text cannot be expanded.
#[derive(Debug)]
struct Refusal {
    message: String,
    cause: Option<String>,
    help: String,
}

impl Refusal {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None, help: help.into() }
    }
}

struct Expansion<'e> {
    folder: &'e Path,
    environment: &'e dyn Environment,
}

impl Expansion<'_> {
    fn whole(&self, scalar: &mut Scalar) -> Result<(), Refusal> {
        if !scalar.text.contains("${") {
            return Ok(());
        }
        let mut rest = scalar.text.as_str();
        let mut out = String::new();
        let mut expansions = 0;
        while let Some(at) = rest.find("${") {
            // Of `$${` the first dollar is the escape, and goes.
            if rest[..at].ends_with('$') {
                out.push_str(&rest[..at - 1]);
                out.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(&rest[..at]);
            let inner = inside(&rest[at..])?;
            out.push_str(&self.one(inner)?);
            expansions += 1;
            rest = &rest[at + inner.len() + 3..];
        }
        out.push_str(rest);
        if only_one(&scalar.text) || (expansions > 0 && scalar.style == Style::Plain) {
            scalar.style = Style::Expanded;
        }
        // Defaults may hold files too: better to hide too much.
        scalar.secret = scalar.text.contains("${file:");
        scalar.text = out;
        Ok(())
    }

    /// The value of what stands between `${` and `}`.
    fn one(&self, inner: &str) -> Result<String, Refusal> {
        if let Some(path) = inner.strip_prefix("file:") {
            return self.file(path);
        }
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Refusal::new(
                format!("`{name}` is no name of a variable"),
                "write ${NAME}, ${NAME:-default} or ${file:path}; a `${` that is meant as it stands is written `$${`",
            ));
        }
        match (self.environment.variable(name), default) {
            (Ok(value), None) => Ok(value),
            (Ok(value), Some(_)) if !value.is_empty() => Ok(value),
            (Ok(_) | Err(VarError::NotPresent), Some(default)) => self.nested(default),
            (Err(VarError::NotPresent), None) => Err(Refusal::new(
                format!("the variable `{name}` is not set"),
                format!("set it, or give a default: ${{{name}:-default}}"),
            )),
            (Err(VarError::NotUnicode(_)), _) => {
                Err(Refusal::new(format!("the variable `{name}` is not UTF-8"), "set it to UTF-8 text"))
            }
        }
    }

    fn nested(&self, text: &str) -> Result<String, Refusal> {
        let mut scalar = Scalar { text: text.to_owned(), style: Style::Quoted, secret: false };
        self.whole(&mut scalar)?;
        Ok(scalar.text)
    }

    fn file(&self, path: &str) -> Result<String, Refusal> {
        let path = self.folder.join(self.nested(path)?);
        let mut text = self.environment.read(&path).map_err(|error| Refusal {
            message: format!("the file {} cannot be read", path.display()),
            cause: Some(error.to_string()),
            help: "check that it exists and that this user may read it".to_owned(),
        })?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}

/// What stands between the `${` that `text` begins with and its `}`.
fn inside(text: &str) -> Result<&str, Refusal> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("$${") {
            at += 3;
        } else if rest.starts_with("${") {
            depth += 1;
            at += 2;
        } else if rest.starts_with('}') {
            depth -= 1;
            if depth == 0 {
                return Ok(&text[2..at]);
            }
            at += 1;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    Err(Refusal::new("a `${` is never closed", "close it with `}`; a `${` that is meant as it stands is written `$${`"))
}

/// Whether the text is one expansion from its first character to its last.
fn only_one(text: &str) -> bool {
    text.starts_with("${") && inside(text).is_ok_and(|inner| inner.len() + 3 == text.len())
}

#[cfg(test)]
mod tests;
