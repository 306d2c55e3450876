//! The tests of the whole: the shipped pipeline between real topics and real stores.
//!
//! One binary, so that it links once. PostgreSQL is reached through `SYNCLINE_TEST_POSTGRES`; `make test` starts a private server.

#![allow(clippy::unwrap_used, clippy::panic)]
// The futures of whole pipelines are deep.
#![recursion_limit = "256"]

mod approvals;
mod clients;
mod commands;
mod config;
mod exactly_once;
mod faults;
#[path = "topics/fluvio_cluster.rs"]
mod fluvio_cluster;
mod groups;
mod harness;
mod internal_topics;
#[path = "topics/kafka_server.rs"]
mod kafka_server;
mod kills;
mod metrics;
mod mirror;
mod mixed_brokers;
#[path = "topics/needed.rs"]
mod needed;
mod oracle;
mod retention;
mod sample_profiles;
mod split_stages;
mod syncs;
mod topics_made_anew;
mod two_brokers;
mod world;
mod yaml_cases;
