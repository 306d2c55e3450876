//! The profile store in a SQLite file.
mod connect;
mod fault;
pub(crate) mod migrate;
mod time;
