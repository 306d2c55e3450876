//! What commands share that work with a pipeline file: loading it, and connecting what it names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schemas::SystemClock;

use super::{Exit, Failure};
use crate::config::{self, Environment, Plan};
use crate::run::{Health, Options, Pipeline};

/// Loads a pipeline file. Its errors, all of them, are the failure's message; its warnings go to the log.
pub(super) fn load(file: &Path, environment: &dyn Environment) -> Result<Plan, Failure> {
    let checked = config::load(file, environment, transforms::CATALOGUE);
    let checked = checked.map_err(|errors| Failure::new(Exit::Stopped, errors.to_string()))?;
    for warning in &checked.warnings {
        tracing::warn!("{warning}");
    }
    Ok(checked.plan)
}

/// Connects a pipeline. The embedded store is migrated first; a database server's tables are made by `syncline migrate run`.
pub(super) async fn connect(plan: Plan, health: Arc<Health>, patience: Option<Duration>) -> Result<Pipeline, Failure> {
    for sink in plan.sinks.values().filter(|sink| sink.url.starts_with("sqlite:")) {
        super::migrate::migrate(&plan.name, sink).await?;
    }
    let options = Options { clock: Arc::new(SystemClock), owner: owner(), patience, health };
    Ok(Pipeline::connect(plan, options).await?)
}

/// Who this process is, for those who wait for its leases: host, process and a number of its own.
fn owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "host".into());
    format!("{}:{}:{:08x}", host.trim(), std::process::id(), rand::random::<u32>())
}
