//! `brokers.fluvio`

use std::path::PathBuf;

use super::super::error::Report;
use super::super::fields::Fields;
use super::super::grammar::FLUVIO_TLS;
use super::Context;
use crate::topics::fluvio::{Compression, Options, Tls};

/// The cluster. What was reported reads as left out.
pub(super) fn check(cluster: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Options {
    Options {
        endpoint: cluster.text("endpoint", report).map(|text| text.name.to_owned()).unwrap_or_default(),
        compression: cluster.choice("compression", report).and_then(Compression::named).unwrap_or(Compression::Lz4),
        replication: cluster.integer("replication", report),
        max_record_bytes: cluster.size_bytes("max_record", report),
        read_ahead_bytes: cluster.size_bytes("read_ahead", report),
        tls: cluster
            .node("tls")
            .and_then(|node| Fields::of(node, &FLUVIO_TLS, report))
            .and_then(|fields| tls(&fields, context, report)),
    }
}

/// All of it, or nothing: what lacks was reported.
fn tls(fields: &Fields<'_>, context: &Context<'_>, report: &mut Report) -> Option<Tls> {
    let mut file = |name: &str| -> Option<PathBuf> { fields.text(name, report).map(|text| context.folder.join(text.name)) };
    let (ca_file, certificate_file, key_file) = (file("ca_file"), file("certificate_file"), file("key_file"));
    let domain = fields.text("domain", report)?.name.to_owned();
    Some(Tls { domain, ca_file: ca_file?, certificate_file: certificate_file?, key_file: key_file? })
}
