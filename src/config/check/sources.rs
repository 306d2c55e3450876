//! Which topics each stage reads: `from:`, its wildcards expanded.

use schemas::TopicName;

use super::super::error::{Finding, Report};
use super::super::fields::Named;
use super::super::wildcard::matches;
use super::outline::{Source, Stage};
use super::topics::Topics;

/// Finds the topics that each stage reads: wildcards match declared topics that the pipeline does not write.
pub(super) fn resolve(mut stages: Vec<Stage>, topics: &Topics, report: &mut Report) -> Vec<Stage> {
    let written: Vec<TopicName> = stages.iter().flat_map(Stage::writes).map(|(_, topic)| topic.name.clone()).collect();
    let foreign: Vec<&TopicName> =
        topics.declared.keys().filter(|name| !written.contains(name) && !topics.is_internal(name)).collect();
    for stage in &mut stages {
        let mut reads: Vec<Named<TopicName>> = Vec::new();
        for source in &stage.from {
            match source {
                Source::Topic(topic) if reads.iter().any(|read| read.name == topic.name && read.place != topic.place) => {
                    report.push(Finding::error(topic.place.clone(), format!("`from` names the topic `{}` twice", topic.name)));
                }
                Source::Topic(topic) => {
                    topics.require(topic, report);
                    reads.push(topic.clone());
                }
                Source::Wildcard(_) => {}
            }
        }
        for source in &stage.from {
            let Source::Wildcard(wildcard) = source else { continue };
            let matched: Vec<_> = foreign.iter().filter(|name| matches(&wildcard.name, name.as_str())).collect();
            if matched.is_empty() {
                let finding = Finding::error(wildcard.place.clone(), format!("`{}` matches no topic", wildcard.name));
                report.push(finding.help("a wildcard matches topics that are declared under `topics:` and that no stage writes"));
            }
            for name in matched {
                if !reads.iter().any(|read| read.name == **name) {
                    reads.push(Named { name: (*name).clone(), place: wildcard.place.clone() });
                }
            }
        }
        reads.sort_by(|left, right| left.name.cmp(&right.name));
        stage.reads = reads;
    }
    stages
}
