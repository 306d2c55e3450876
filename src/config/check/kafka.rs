//! `brokers.kafka`

use std::path::PathBuf;

use super::super::draft::Member;
use super::super::error::{Finding, Report};
use super::super::fields::Fields;
use super::super::grammar::KAFKA_SECURITY;
use super::Context;
use crate::topics::kafka::{Compression, Group, Options, Others, Sasl, Security, Tls, accepted, refusal};

/// The cluster. What was reported reads as left out.
pub(super) fn check(cluster: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Options {
    let owned = |name: &str, report: &mut Report| cluster.text(name, report).map(|text| text.name.to_owned());
    Options {
        servers: owned("servers", report).unwrap_or_default(),
        client_id: owned("client_id", report).unwrap_or_else(|| "syncline".to_owned()),
        group: group(cluster, report),
        compression: cluster.choice("compression", report).and_then(Compression::named).unwrap_or(Compression::Lz4),
        replication: cluster.integer("replication", report),
        max_record_bytes: cluster.size_bytes("max_record", report),
        read_ahead_bytes: cluster.size_bytes("read_ahead", report),
        security: match cluster.node("security").and_then(|node| Fields::of(node, &KAFKA_SECURITY, report)) {
            Some(fields) => security(&fields, context, report),
            None => Security::default(),
        },
        others: others(cluster, report),
    }
}

fn group(cluster: &Fields<'_>, report: &mut Report) -> Option<Group> {
    let text = |name: &str, report: &mut Report| cluster.text(name, report).map(|text| text.name.to_owned());
    let (id, instance_id) = (text("group", report), text("instance_id", report));
    if instance_id.is_some() && cluster.node("group").is_none() {
        alone(cluster, "instance_id", "it needs `group`", report);
    }
    Some(Group { id: id?, instance_id })
}

fn security(fields: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Security {
    let file =
        |name: &str, report: &mut Report| -> Option<PathBuf> { Some(context.folder.join(fields.text(name, report)?.name)) };
    let tls = Tls {
        ca_file: file("ca_file", report),
        certificate_file: file("certificate_file", report),
        key_file: file("key_file", report),
        key_password: fields.text("key_password", report).map(|text| text.name.to_owned()),
    };
    let encrypted = fields.boolean("tls", report);
    for name in ["ca_file", "certificate_file", "key_file", "key_password"] {
        if !encrypted {
            alone(fields, name, "without `tls: true` it is for nothing", report);
        }
    }
    for (name, other) in [("certificate_file", "key_file"), ("key_file", "certificate_file"), ("key_password", "key_file")] {
        if fields.node(other).is_none() {
            alone(fields, name, &format!("it needs `{other}`"), report);
        }
    }
    Security { tls: encrypted.then_some(tls), sasl: sasl(fields, context, report) }
}

/// A mechanism, with all that it needs and nothing else.
fn sasl(fields: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Option<Sasl> {
    let mechanism = fields.choice("sasl", report);
    let text = |name: &str, report: &mut Report| fields.text(name, report).map(|text| text.name.to_owned());
    let [username, password, file] = ["username", "password", "token_file"].map(|name| text(name, report));
    let takes_token = mechanism == Some(Sasl::BEARER);
    let needed: &[&str] = if takes_token { &["sasl", "token_file"] } else { &["sasl", "username", "password"] };
    let (there, lacking): (Vec<&str>, Vec<&str>) = needed.iter().partition(|name| fields.node(name).is_some());
    if let (Some(there), Some(lacking)) = (there.first(), lacking.first()) {
        alone(fields, there, &format!("it needs `{lacking}`"), report);
    }
    if takes_token {
        for name in ["username", "password"] {
            alone(fields, name, "`sasl: oauthbearer` takes the token of `token_file`", report);
        }
        return Some(Sasl::Token { file: context.folder.join(file?) });
    }
    alone(fields, "token_file", "it needs `sasl: oauthbearer`", report);
    Some(Sasl::Password { mechanism: mechanism?.to_owned(), username: username?, password: password? })
}

/// Reports a key that was written without what it needs.
fn alone(fields: &Fields<'_>, name: &str, why: &str, report: &mut Report) {
    if let Some(node) = fields.node(name) {
        report.push(Finding::error(node.place.clone(), format!("`{name}` stands alone")).help(why.to_owned()));
    }
}

/// The settings of librdkafka, each tried on it. Values are not quoted: some are passwords.
fn others(cluster: &Fields<'_>, report: &mut Report) -> Others {
    let mut others = Others::default();
    for (Member { name, place, value }, text) in cluster.settings_by_name("options", report) {
        if let Some(why) = refusal(name) {
            report.push(Finding::error(place.clone(), format!("the option `{name}` of Kafka cannot be set here")).help(why));
        } else if let Err(words) = accepted(name, text) {
            let finding = Finding::error(value.place.clone(), format!("librdkafka does not take the option `{name}`"));
            report.push(finding.cause(words).help("its CONFIGURATION.md lists names and values"));
        } else {
            others.0.insert(name.clone(), text.to_owned());
        }
    }
    others
}
