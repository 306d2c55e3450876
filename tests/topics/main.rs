//! What every broker has to do, and what the local one has to survive.
#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod fluvio;
mod fluvio_cluster;
mod kafka;
mod kafka_server;
mod kill;
mod local;
mod memory;
mod needed;
mod processes;
mod subject;
