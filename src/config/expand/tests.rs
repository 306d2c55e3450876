#![allow(clippy::unwrap_used)]

use std::io;

use super::*;
use crate::config::draft;
use crate::config::typed::Typed;

/// `A` is `1`, `EMPTY` is empty, `secret` is a file.
struct Fixed;

impl Environment for Fixed {
    fn variable(&self, name: &str) -> Result<String, VarError> {
        match name {
            "A" => Ok("1".to_owned()),
            "ON" => Ok("true".to_owned()),
            "TEXT" => Ok("x: ${A} }".to_owned()),
            "EMPTY" => Ok(String::new()),
            _ => Err(VarError::NotPresent),
        }
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        match path.to_str() {
            Some("here/secret") => Ok("hunter2\n\n".to_owned()),
            Some("/run/windows") => Ok("hunter2\r\n".to_owned()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}

fn expanded(yaml: &str) -> Result<Scalar, String> {
    let mut node = draft::parse(yaml, &mut Report::new()).unwrap();
    let mut report = Report::new();
    expand(&mut node, Path::new("here"), &Fixed, &mut report);
    match report.close(Path::new("f"), yaml).first() {
        Some(finding) => Err(finding.message().to_owned()),
        None => match node.content {
            Content::Scalar(scalar) => Ok(scalar),
            other => unreachable!("{other:?}"),
        },
    }
}

#[test]
fn variables_defaults_files_and_escapes_are_filled_in() {
    for (yaml, text) in [
        ("${A}", "1"),
        ("a${A}b${A}", "a1b1"),
        ("${NO:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("'${EMPTY}'", ""),
        ("${NO:-}", ""),
        ("\"${NO:-sqlite://${NO:-.syncline}/p.db}\"", "sqlite://.syncline/p.db"),
        ("${NO:-${A}${A}}c", "11c"),
        ("$${A}", "${A}"),
        ("x$${A}${A}", "x${A}1"),
        ("$A $ {A} $", "$A $ {A} $"),
        ("${file:secret}", "hunter2\n"),
        ("${file:/run/windows}", "hunter2"),
        ("${file:${NO:-secret}}", "hunter2\n"),
        ("${NO:-a}}", "a}"),
    ] {
        assert_eq!(expanded(yaml).unwrap().text, text, "{yaml}");
    }
}

#[test]
fn what_a_variable_holds_is_not_expanded_again_and_changes_no_structure() {
    assert_eq!(expanded("${TEXT}").unwrap().text, "x: ${A} }");
}

#[test]
fn one_expansion_is_typed_even_in_quotes_and_more_are_a_text() {
    assert_eq!(expanded("${A}").unwrap().typed(), Typed::Number(1.into()));
    assert_eq!(expanded("'${A}'").unwrap().typed(), Typed::Number(1.into()));
    assert_eq!(expanded("\"${ON}\"").unwrap().typed(), Typed::Boolean(true));
    assert_eq!(expanded("${A}${A}").unwrap().typed(), Typed::Number(11.into()));
    assert_eq!(expanded("'${A}${A}'").unwrap().typed(), Typed::Text("11".to_owned()));
    assert_eq!(expanded("'$${A}'").unwrap().typed(), Typed::Text("${A}".to_owned()));
    assert_eq!(expanded("${NO:-}").unwrap().typed(), Typed::Null);
}

#[test]
fn a_variable_that_looks_like_a_number_is_a_text_where_one_is_wanted() {
    assert_eq!(expanded("${A}").unwrap().as_text(), Some("1"));
    assert_eq!(expanded("1").unwrap().as_text(), None);
}

#[test]
fn what_comes_of_a_file_is_a_secret() {
    assert!(expanded("${file:secret}").unwrap().secret);
    assert!(expanded("'a ${NO:-${file:secret}}'").unwrap().secret);
    assert!(!expanded("${A}").unwrap().secret);
}

#[test]
fn what_cannot_be_expanded_says_why() {
    for (yaml, message) in [
        ("${NO}", "the variable `NO` is not set"),
        ("${NO:-${NEITHER}}", "the variable `NEITHER` is not set"),
        ("${A", "a `${` is never closed"),
        ("${}", "`` is no name of a variable"),
        ("${A-b}", "`A-b` is no name of a variable"),
        ("${1A}", "`1A` is no name of a variable"),
        ("${file:/none}", "the file /none cannot be read"),
    ] {
        assert_eq!(expanded(yaml).unwrap_err(), message, "{yaml}");
    }
}
