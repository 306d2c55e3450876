//! Between which two topics of their names a mirror copies: on either side one may have been made anew (`docs/adr/0013-incarnations.md`).

use schemas::store::{Assigned, Position};
use schemas::{Fault, TopicName};

use super::Side;
use crate::run::inputs::{Incarnations, resumed};

const BETWEEN: &str = " to ";

/// The pair of each topic, of those brokers that tell.
///
/// # Errors
///
/// A fault of a broker.
pub(super) async fn pairs(from: &Side, to: &Side, topics: &[TopicName]) -> Result<Incarnations, Fault> {
    let mut pairs = Incarnations::new();
    for topic in topics {
        let known = [from.topics.incarnation(topic).await?, to.topics.incarnation(topic).await?];
        let known: Vec<&str> = known.iter().flatten().map(AsRef::as_ref).collect();
        if !known.is_empty() {
            pairs.insert(topic.clone(), known.join(BETWEEN).into());
        }
    }
    Ok(pairs)
}

/// As [`resumed`]; a position of a time when one of the two brokers did not tell yet is taken over, too.
pub(super) fn resumed_between(positions: &[Position], of: &Assigned, pairs: &Incarnations) -> Option<u64> {
    let stored = positions.iter().find(|position| position.of == *of)?;
    let sides = pairs.get(&of.topic).and_then(|pair| pair.split_once(BETWEEN));
    if stored.incarnation.as_deref().zip(sides).is_some_and(|(was, (from, to))| was == from || was == to) {
        return Some(stored.offset);
    }
    resumed(positions, of, pairs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_stored_of_one_side_alone_is_taken_over() {
        let topic = TopicName::try_from("t").unwrap();
        let of = Assigned { segment: "mirror".into(), broker: "from".into(), topic: topic.clone(), partition: 0 };
        let next = |was: Option<&str>, is: &str| {
            let stored = Position { of: of.clone(), offset: 7, incarnation: was.map(Into::into) };
            resumed_between(&[stored], &of, &Incarnations::from([(topic.clone(), is.into())]))
        };
        for was in [None, Some("a"), Some("b"), Some("a to b")] {
            assert_eq!(next(was, "a to b"), Some(7), "{was:?}");
        }
        for (was, is) in [("a", "c to b"), ("a to b", "c to b"), ("a to b", "a to c"), ("a to b", "a"), ("a", "b")] {
            assert_eq!(next(Some(was), is), None, "{was}, and now {is}");
        }
    }
}
