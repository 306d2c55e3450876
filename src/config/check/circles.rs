//! Circles: stages must not feed themselves, however long the way.

use super::super::error::{Finding, Report};
use super::outline::Stage;

/// Reports each circle once.
pub(super) fn check(stages: &[Stage], report: &mut Report) {
    for (start, stage) in stages.iter().enumerate() {
        let Some(circle) = circle_from(stages, start) else { continue };
        // Each circle is reported once: at its stage that stands first in the file.
        if circle.iter().any(|at| *at < start) {
            continue;
        }
        let mut names: Vec<_> = circle.iter().map(|at| format!("`{}`", stages[*at].name)).collect();
        names.push(names[0].clone());
        let message = match circle.as_slice() {
            [_] => format!("the stage `{}` reads what it writes", stage.name),
            _ => format!("stages feed each other in a circle: {}", names.join(" -> ")),
        };
        let last = &stages[circle[circle.len() - 1]];
        let fed = stage.reads.iter().find(|read| last.writes().any(|(_, topic)| topic.name == read.name));
        let place = fed.map_or(&stage.place, |topic| &topic.place);
        report.push(
            Finding::error(place.clone(), message).help("records would go round for ever: let one of them write another topic"),
        );
    }
}

/// The shortest way from a stage back to itself, as indices.
fn circle_from(stages: &[Stage], start: usize) -> Option<Vec<usize>> {
    let feeds = |from: usize, to: usize| stages[from].writes().any(|(_, topic)| stages[to].reads_topic(&topic.name));
    let mut ways = vec![vec![start]];
    let mut seen = vec![false; stages.len()];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way[way.len() - 1];
            if feeds(last, start) {
                return Some(way);
            }
            for next in (0..stages.len()).filter(|next| feeds(last, *next)) {
                if !std::mem::replace(&mut seen[next], true) {
                    longer.push(way.iter().copied().chain([next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}
