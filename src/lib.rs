//! syncline: a declarative stream processor that keeps one system's customer records true in another.
//!
//! [`config`] turns `pipeline.yaml` into a [`config::Plan`]; [`run`] runs it between [`topics`] (brokers) and `sinks` (databases);
//! [`cli`] is the command line.

pub mod api;
pub mod cli;
pub mod config;
pub mod generate;
mod harmless;
pub mod metrics;
pub mod record_line;
pub mod run;
pub mod topics;
