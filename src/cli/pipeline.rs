//! What commands share that work with a pipeline file: loading it, and connecting what it names.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use schemas::{Fault, SystemClock, TopicName};
use sinks::Settings;

use super::consume::{ConsumeError, Reads};
use super::exit::Exit;
use super::{Failure, consume, environment, produce};
use crate::config::{self, ConfigErrors, Environment, Plan, TopicPlan};
use crate::run::{Options, Pipeline, patiently};
use crate::topics::Topics;
use crate::topics::routed::Routed;

/// Loads a pipeline file. Its errors, all of them, are the failure's message; its warnings go to the log.
pub(super) fn load(file: &Path, environment: &dyn Environment) -> Result<Plan, Failure> {
    let checked = config::load(file, environment, transforms::CATALOGUE)?;
    if !checked.warnings.is_empty() {
        eprintln!("{}", config::render::text(&checked.warnings, coloured()));
    }
    Ok(checked.plan)
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::told(Exit::Stopped, config::render::text(errors.findings(), coloured()))
    }
}

/// Whether stderr is a terminal that shows colours.
fn coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Connects a pipeline. The embedded store is migrated first; a database server's tables are made by `syncline migrate run`.
pub(super) async fn connect(plan: Plan, options: Options) -> Result<Pipeline, Failure> {
    if let Some((name, sink)) = plan.sink().filter(|(_, sink)| sink.url.starts_with("sqlite:")) {
        patiently(&options.health, name, || super::migrate::migrate(&plan.name, sink)).await?;
    }
    Ok(Pipeline::connect(plan, options).await?)
}

/// Whether the store has no tables at all, so that nothing was ever run. One that lacks some is missed when it is opened.
pub(super) async fn is_yet_to_be_made(url: &str, settings: &Settings) -> Result<bool, Fault> {
    Ok(sinks::migrate_show(url, settings).await?.iter().all(|step| step.applied_at.is_none()))
}

/// Who this process is, for those who wait for its leases: host, process and a number of its own.
pub(super) fn owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "host".into());
    format!("{}:{}:{:08x}", host.trim(), std::process::id(), rand::random::<u32>())
}

/// The pipeline file of commands whose arguments are about something else. `run`, `check` and `demo`, which are about the file
/// itself, take it as their argument (spec/5).
#[derive(Debug, Args)]
pub(super) struct PipelineFile {
    /// The pipeline file
    #[arg(id = "pipeline", long, value_name = "FILE", default_value = "pipeline.yaml", global = true, display_order = 100)]
    pub(super) path: PathBuf,
}

/// A command's own arguments, and the pipeline file whose brokers and topics it works with.
#[derive(Debug, Args)]
pub(super) struct WithFile<T: Args> {
    #[command(flatten)]
    command: T,
    #[command(flatten)]
    pipeline: PipelineFile,
}

/// Record lines into the broker of the pipeline file.
pub(super) async fn produce(args: WithFile<produce::Produce>) -> Result<Exit, Failure> {
    let plan = load(&args.pipeline.path, &environment::Process)?;
    let brokers = brokers(&plan).await?;
    let declared: Vec<_> = plan.topics.values().filter(|topic| !topic.internal).map(TopicPlan::spec).collect();
    let produced = args.command.run(brokers, &declared, &mut std::io::stdout()).await;
    match produced {
        Ok(()) => Ok(Exit::Done),
        Err(error) => Err(Failure::new(error.exit(), advised(&error, error.advice()))),
    }
}

/// A topic's records as record lines.
pub(super) async fn consume(args: WithFile<consume::Consume>) -> Result<Exit, Failure> {
    let plan = load(&args.pipeline.path, &environment::Process)?;
    let broker = broker_of(&plan, args.command.topic()).await?;
    match args.command.run(broker, &mut std::io::stdout(), Reads::stdout()).await {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.exit() == Exit::Done => Ok(Exit::Done),
        Err(ref error @ ConsumeError::NoTopic(ref topic)) => {
            Err(Failure::new(error.exit(), advised(error, Some(&instead(&plan, topic)))))
        }
        Err(error) => Err(Failure::new(error.exit(), advised(&error, error.advice()))),
    }
}

/// What to do about a topic that is not there.
fn instead(plan: &Plan, topic: &TopicName) -> String {
    match plan.topics.get(topic) {
        Some(topic) if topic.internal => "it is internal: its records never leave the process".into(),
        Some(_) => "nothing was written to it yet: `syncline produce` and `syncline run` make the topics that they write".into(),
        None => {
            let known = plan.topics.values().filter(|topic| !topic.internal).map(|topic| topic.name.as_str());
            config::did_you_mean(topic.as_str(), known, "the pipeline file declares no topic")
        }
    }
}

fn advised(error: &dyn std::error::Error, advice: Option<&str>) -> String {
    advice.map_or_else(|| error.to_string(), |advice| format!("{error}\nhelp: {advice}"))
}

/// The brokers that topics of the plan are on, as one.
pub(super) async fn brokers(plan: &Plan) -> Result<Arc<dyn Topics>, Failure> {
    if plan.brokers.is_empty() {
        return Err(Failure::new(Exit::NotSo, "the pipeline file has no topic on a broker"));
    }
    let mut brokers = BTreeMap::new();
    for (name, broker) in &plan.brokers {
        brokers.insert(name.clone(), broker.open(Arc::new(SystemClock)).await?);
    }
    let routes = plan.topics.values().map(|topic| (topic.name.clone(), topic.broker.clone())).collect();
    Ok(Arc::new(Routed::new(brokers, routes, plan.usual_broker.clone())))
}

/// The broker that a topic is on, whether or not the plan declares it.
async fn broker_of(plan: &Plan, topic: &TopicName) -> Result<Arc<dyn Topics>, Failure> {
    let name = plan.topics.get(topic).map_or(&plan.usual_broker, |topic| &topic.broker);
    match plan.brokers.get(name).or_else(|| plan.other_brokers.get(name)) {
        Some(broker) => Ok(broker.open(Arc::new(SystemClock)).await?),
        None => Err(Failure::new(Exit::NotSo, "the pipeline file has no topic on a broker")),
    }
}
