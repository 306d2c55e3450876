//! A map of the file, read by its table of the grammar.

use std::time::Duration;

use schemas::TopicName;
use schemas::quantity::{DURATION, SIZE};
use serde_json::Value;

use super::draft::{Content, Member, Node, Place};
use super::error::{Finding, Report};
use super::grammar::{IDENTIFIER_RULE, Key, Kind, NAME_RULE, Table, is_identifier, is_name};
use super::suggest;
use super::suggest::did_you_mean;
use super::typed::Typed;

/// A map whose keys were compared with a table. A value of a wrong type is reported when it is read, and reads as left out; what
/// stands below a misspelt key is read as though it had been spelt right, where it is certain what was meant.
pub(super) struct Fields<'n> {
    table: &'static Table,
    /// Each with the name by which it is read.
    members: Vec<(&'n str, &'n Member)>,
}

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub(super) name: T,
    pub(super) place: Place,
}

impl<'n> Fields<'n> {
    /// Takes a node as the map that `table` describes, and reports unknown keys and missing ones. Nothing written is an empty map.
    pub(super) fn of(node: &'n Node, table: &'static Table, report: &mut Report) -> Option<Self> {
        let written = members(node, table.name, report)?;
        let known = table.keys.iter().map(|key| key.name);
        let mut members: Vec<(&str, &Member)> = Vec::with_capacity(written.len());
        for member in written {
            if known.clone().any(|key| key == member.name) {
                members.push((&member.name, member));
                continue;
            }
            let finding = Finding::error(member.place.clone(), format!("unknown key `{}` of {}", member.name, table.name));
            report.push(finding.help(unknown_key_help(&member.name, known.clone(), table.name)));
            let meant = meant(member, written, known.clone()).filter(|meant| members.iter().all(|(name, _)| name != meant));
            members.push((meant.unwrap_or(&member.name), member));
        }
        for key in table.keys.iter().filter(|key| key.required) {
            if !members.iter().any(|(name, _)| *name == key.name) {
                let finding = Finding::error(node.place.clone(), format!("{} lacks `{}`", table.name, key.name));
                report.push(finding.help(format!("add `{}:`. {}", key.name, key.summary)));
            }
        }
        Some(Self { table, members })
    }

    /// The node below a key.
    pub(super) fn node(&self, name: &str) -> Option<&'n Node> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, member)| &member.value)
    }

    fn kind(&self, name: &str) -> &'static Kind {
        let key: Option<&'static Key> = self.table.keys.iter().find(|key| key.name == name);
        &key.expect("the check asks for keys of the grammar only").kind
    }

    /// A text that is not empty.
    pub(super) fn text(&self, name: &str, report: &mut Report) -> Option<Named<&'n str>> {
        text(self.node(name)?, &format!("`{name}`"), report)
    }

    /// A name of the pipeline, a stage or a sink.
    pub(super) fn name(&self, name: &str, report: &mut Report) -> Option<Named<&'n str>> {
        self.text(name, report).filter(|text| check_name(text.name, &text.place, report))
    }

    /// A topic's name.
    pub(super) fn topic(&self, name: &str, report: &mut Report) -> Option<Named<TopicName>> {
        let text = self.text(name, report)?;
        topic_name(text.name, text.place, report)
    }

    /// A name of SQL, or its default.
    pub(super) fn identifier(&self, name: &str, report: &mut Report) -> String {
        let Kind::Identifier { default } = self.kind(name) else { return String::new() };
        self.text(name, report)
            .filter(|text| check_identifier(text.name, &text.place, report))
            .map_or_else(|| (*default).to_owned(), |text| text.name.to_owned())
    }

    /// A boolean, or its default.
    pub(super) fn boolean(&self, name: &str, report: &mut Report) -> bool {
        let Kind::Boolean { default } = *self.kind(name) else { return false };
        let Some(node) = self.node(name) else { return default };
        match &node.content {
            Content::Scalar(scalar) => match scalar.typed() {
                Typed::Boolean(value) => value,
                _ => wrong_type(node, name, "`true` or `false`", report).unwrap_or(default),
            },
            _ => wrong_type(node, name, "`true` or `false`", report).unwrap_or(default),
        }
    }

    /// A whole number within its bounds, or its default.
    pub(super) fn integer(&self, name: &str, report: &mut Report) -> u32 {
        let Kind::Integer { default, min, max } = *self.kind(name) else { return 0 };
        let Some(node) = self.node(name) else { return default };
        let Value::Number(number) = node.to_json() else {
            return wrong_type(node, name, &format!("a whole number from {min} to {max}"), report).unwrap_or(default);
        };
        match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) if (min..=max).contains(&number) => number,
            _ => wrong_type(node, name, &format!("a whole number from {min} to {max}"), report).unwrap_or(default),
        }
    }

    /// A duration within its bounds, or its default.
    pub(super) fn duration(&self, name: &str, report: &mut Report) -> Duration {
        let Kind::Duration { default, max_ms } = *self.kind(name) else { return Duration::ZERO };
        let max = Duration::from_millis(max_ms);
        let read = |text: &str| DURATION.read(text).map(Duration::from_millis);
        let default = read(default).unwrap_or_default();
        self.quantity(name, report, |text| match read(text).map_err(|error| error.to_string())? {
            duration if duration > max => Err(format!("`{name}` is {text}, and may be {}s at most", max.as_secs())),
            duration => Ok(duration),
        })
        .unwrap_or(default)
    }

    /// A size in bytes within its bounds, or its default.
    pub(super) fn size_bytes(&self, name: &str, report: &mut Report) -> u64 {
        let Kind::Size { default, min, max } = *self.kind(name) else { return 0 };
        let default = SIZE.read(default).unwrap_or_default();
        self.quantity(name, report, |text| match SIZE.read(text).map_err(|error| error.to_string())? {
            size if !(min..=max).contains(&size) => Err(format!("`{name}` is {text}, and must be between {min}B and {max}B")),
            size => Ok(size),
        })
        .unwrap_or(default)
    }

    fn quantity<T>(&self, name: &str, report: &mut Report, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let node = self.node(name)?;
        let Content::Scalar(scalar) = &node.content else {
            return wrong_type(node, name, "a number with its unit", report);
        };
        read(&scalar.text).map_err(|message| report.push(Finding::error(node.place.clone(), message))).ok()
    }

    /// One of a closed set.
    pub(super) fn choice(&self, name: &str, report: &mut Report) -> Option<&'n str> {
        let Kind::Choice(known) = self.kind(name) else { return None };
        let text = self.text(name, report)?;
        if !known.contains(&text.name) {
            let message = format!("unknown `{name}` {:?} of {}", text.name, self.table.name);
            report.push(Finding::error(text.place, message).help(did_you_mean(text.name, known.iter().copied(), "")));
            return None;
        }
        Some(text.name)
    }

    /// A list of texts, at least one.
    pub(super) fn texts(&self, name: &str, report: &mut Report) -> Vec<Named<&'n str>> {
        let Some(items) = self.list(name, report) else { return Vec::new() };
        items.iter().filter_map(|item| text(item, &format!("each item of `{name}`"), report)).collect()
    }

    /// A list with at least one item.
    pub(super) fn list(&self, name: &str, report: &mut Report) -> Option<&'n [Node]> {
        let node = self.node(name)?;
        match &node.content {
            Content::List(items) if items.is_empty() => {
                report.push(Finding::error(node.place.clone(), format!("`{name}` of {} is an empty list", self.table.name)));
                None
            }
            Content::List(items) => Some(items),
            _ => wrong_type(node, name, "a list", report),
        }
    }

    /// A map of texts by names that the file chooses.
    pub(super) fn texts_by_name(&self, name: &str, report: &mut Report) -> Vec<(&'n Member, Named<&'n str>)> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let members = members(node, &format!("`{name}`"), report).unwrap_or_default();
        members.iter().filter_map(|member| Some((member, text(&member.value, &format!("`{}`", member.name), report)?))).collect()
    }

    /// A map of texts, numbers and booleans by names that the file chooses, as they are written.
    pub(super) fn settings_by_name(&self, name: &str, report: &mut Report) -> Vec<(&'n Member, &'n str)> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let mut settings = Vec::new();
        for member in members(node, &format!("`{name}`"), report).unwrap_or_default() {
            match &member.value.content {
                Content::Scalar(scalar) => settings.push((member, scalar.text.as_str())),
                _ => drop(wrong_type::<()>(&member.value, &member.name, "a text, a number or a boolean", report)),
            }
        }
        settings
    }

    /// A map by names that the file chooses; `None` where it is no map.
    pub(super) fn by_name(&self, name: &str, report: &mut Report) -> Option<&'n [Member]> {
        members(self.node(name)?, &format!("`{name}`"), report)
    }
}

/// What a misspelt name stands for: the one known name near it, unless that is written beside it.
pub(super) fn meant<'k>(member: &Member, beside: &[Member], known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    suggest::only_near(&member.name, known).filter(|meant| beside.iter().all(|other| other.name != *meant))
}

/// A node's members; none where nothing was written.
pub(super) fn members<'n>(node: &'n Node, what: &str, report: &mut Report) -> Option<&'n [Member]> {
    match &node.content {
        Content::Map(members) => Some(members),
        _ if node.is_null() => Some(&[]),
        _ => {
            report.push(Finding::error(node.place.clone(), format!("{what} must be a map, found {}", node.described())));
            None
        }
    }
}

fn text<'n>(node: &'n Node, what: &str, report: &mut Report) -> Option<Named<&'n str>> {
    let text = match &node.content {
        Content::Scalar(scalar) => scalar.as_text(),
        _ => None,
    };
    let Some(text) = text else {
        let mut finding = Finding::error(node.place.clone(), format!("{what} must be a text, found {}", node.described()));
        if matches!(node.to_json(), Value::Number(_) | Value::Bool(_)) {
            finding = finding.help("put it into quotes");
        }
        report.push(finding);
        return None;
    };
    if text.is_empty() {
        report.push(Finding::error(node.place.clone(), format!("{what} is empty")));
        return None;
    }
    Some(Named { name: text, place: node.place.clone() })
}

fn wrong_type<T>(node: &Node, name: &str, wanted: &str, report: &mut Report) -> Option<T> {
    report.push(Finding::error(node.place.clone(), format!("`{name}` must be {wanted}, found {}", node.described())));
    None
}

fn unknown_key_help<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone, table: &str) -> String {
    if name == "<<" {
        return "YAML 1.2 has no merge keys: write the members out, or take a whole map by its alias (`name: *anchor`)".into();
    }
    let takes = match suggest::listed(known.clone()) {
        none if none.is_empty() => format!("{table} takes no keys"),
        listed => format!("{table} takes {listed}"),
    };
    match suggest::nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`? {takes}"),
        None => takes,
    }
}

/// Whether a text may name a pipeline, a stage or a sink; reported if not.
pub(super) fn check_name(name: &str, place: &Place, report: &mut Report) -> bool {
    if !is_name(name) {
        report.push(Finding::error(place.clone(), format!("{name:?} is no name")).help(format!("a name is {NAME_RULE}")));
    }
    is_name(name)
}

/// Whether a text may name a table or a column; reported if not.
pub(super) fn check_identifier(name: &str, place: &Place, report: &mut Report) -> bool {
    if !is_identifier(name) {
        let finding = Finding::error(place.clone(), format!("{name:?} is no name of a table or column"));
        report.push(finding.help(format!("such a name is {IDENTIFIER_RULE}")));
    }
    is_identifier(name)
}

/// A text as the name of a topic; reported if it is none.
pub(super) fn topic_name(name: &str, place: Place, report: &mut Report) -> Option<Named<TopicName>> {
    match TopicName::try_from(name) {
        Ok(name) => Some(Named { name, place }),
        Err(error) => {
            report.push(Finding::error(place, error.to_string()));
            None
        }
    }
}
