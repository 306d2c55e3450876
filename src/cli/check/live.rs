//! What only brokers and databases can say: that they answer, and hold what the file takes for granted. Nothing is changed by asking.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use schemas::{Fault, FaultKind, Reaction, SystemClock, TopicName};
use sinks::MigrationStatus;
use tokio::time::timeout;

use crate::config::{Checked, Finding, Part, Places, Plan, SinkPlan};
use crate::run::sink_settings;
use crate::topics::Broker;
use crate::topics::local::Local;

/// How long a system may take to answer (spec/5).
const PATIENCE: Duration = Duration::from_secs(10);

/// How much longer it may take to say why there was no answer: a client that gives up at the same moment knows more than its end.
const REASON: Duration = Duration::from_secs(3);

/// What was learned.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) findings: Vec<Finding>,
    /// Whether some system did not answer, so that there may be more to find.
    pub(super) incomplete: bool,
}

/// Asks all that the file names: the brokers one after the other, beside them the store.
pub(super) async fn ask(checked: &Checked) -> Answers {
    let Checked { plan, places, .. } = checked;
    let brokers = async {
        let mut answers = Answers::default();
        for (name, broker) in &plan.brokers {
            answers.add(ask_broker(plan, places, name, broker).await);
        }
        answers
    };
    let sink = async {
        match plan.sink() {
            Some((name, sink)) => ask_sink(&plan.name, places, name, sink).await,
            None => Answers::default(),
        }
    };
    let (mut answers, more) = tokio::join!(brokers, sink);
    answers.add(more);
    answers
}

impl Answers {
    fn add(&mut self, more: Self) {
        self.findings.extend(more.findings);
        self.incomplete |= more.incomplete;
    }

    fn of(finding: Option<Finding>) -> Self {
        Self { findings: finding.into_iter().collect(), incomplete: false }
    }

    fn failed(places: &Places, part: Part<'_>, fault: &Fault) -> Self {
        let silent = fault.reaction() == Reaction::Retry;
        let what = if silent { "does not answer" } else { "cannot be used" };
        let finding = places.error(part, format!("{part} {what}")).cause(fault).help(fault.advice());
        Self { findings: vec![finding], incomplete: silent }
    }
}

/// What is answered in time.
async fn in_time<T>(asked: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let silent = |_| Fault::new(FaultKind::Unavailable, format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE + REASON, asked).await.map_err(silent).flatten()
}

/// Whether the topics are there. Those that are not are no error: a run makes them.
async fn ask_broker(plan: &Plan, places: &Places, name: &str, broker: &Broker) -> Answers {
    let declared = plan.topics.values().filter(|topic| topic.broker == name && !topic.internal);
    let declared: BTreeMap<TopicName, u32> = declared.map(|topic| (topic.name.clone(), topic.partitions)).collect();
    let names: Vec<TopicName> = declared.keys().cloned().collect();
    let part = Part::Broker(name);
    let known = match in_time(known(broker, &names)).await {
        Ok(known) => known,
        Err(fault) => return Answers::failed(places, part, &fault),
    };
    if known.is_empty() {
        let message = format!("{part} has none of the {} topics yet", declared.len());
        return Answers::of(Some(places.warning(part, message).help("`syncline run` and `syncline produce` create them")));
    }
    let missing = declared.iter().filter(|(topic, _)| !known.contains_key(*topic));
    let finding = |(topic, partitions): (&TopicName, &u32)| {
        let message = format!("{} does not exist on {part} yet", Part::Topic(topic));
        let count = if *partitions == 1 { "1 partition".to_owned() } else { format!("{partitions} partitions") };
        places.warning(Part::Topic(topic), message).help(format!("`syncline run` creates it, with {count}"))
    };
    Answers { findings: missing.map(finding).collect(), incomplete: false }
}

/// The topics that the broker has, with their partitions.
async fn known(broker: &Broker, names: &[TopicName]) -> Result<BTreeMap<TopicName, u32>, Fault> {
    match broker {
        // Opening them would make what is asked for.
        Broker::Local { dir } if !Local::is_in(dir) => return Ok(BTreeMap::new()),
        Broker::Memory => return Ok(names.iter().map(|name| (name.clone(), 1)).collect()),
        Broker::Local { .. } | Broker::Fluvio(_) | Broker::Kafka(_) => {}
    }
    broker.open(Arc::new(SystemClock)).await?.partitions(names).await
}

/// Whether the tables are there, and are as the file says.
async fn ask_sink(pipeline: &str, places: &Places, name: &str, sink: &SinkPlan) -> Answers {
    let part = Part::Sink(name);
    let settings = sink_settings(pipeline, sink);
    let looked = async {
        let steps = sinks::migrate_show(&sink.url, &settings).await?;
        let finding = pending(places, part, sink, &steps);
        if finding.is_none() {
            // Looks at the tables and columns, which the file may call otherwise than the database does.
            sinks::open(&sink.url, &settings).await?.close().await;
        }
        Ok(finding)
    };
    in_time(looked).await.map_or_else(|fault| Answers::failed(places, part, &fault), Answers::of)
}

/// What is said of migrations that were not applied. A run applies those of the embedded store by itself.
fn pending(places: &Places, part: Part<'_>, sink: &SinkPlan, steps: &[MigrationStatus]) -> Option<Finding> {
    let names: Vec<_> = steps.iter().filter(|step| step.applied_at.is_none()).map(|step| step.name.as_str()).collect();
    let embedded = sink.url.starts_with("sqlite:");
    if names.is_empty() {
        return None;
    }
    let message = if names.len() == steps.len() {
        format!("{part} has no tables yet")
    } else {
        format!("{part} lacks {} of {} migrations: {}", names.len(), steps.len(), names.join(", "))
    };
    Some(if embedded {
        places.warning(part, message).help("`syncline run` makes them")
    } else {
        places.error(part, message).help("run `syncline migrate run`")
    })
}
