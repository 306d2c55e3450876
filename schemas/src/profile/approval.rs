//! Critical syncs that wait for an administrator, and what was decided over them (spec/2 §1, spec/4 §2).

use std::fmt::{Display, Formatter};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::Profile;
use crate::JsonRef;
use crate::json::canonical;

/// What an administrator decides over: a request, and the changes that it asks for. Sent twice, it is one question; other changes under
/// the same request id are another one.
///
/// As text, `HASH REQUEST`: the hash by 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Question {
    /// The request, as its sender names it: `metadata.requestId`.
    pub request_id: String,
    /// The first 128 bits of the SHA-256 of the changes' canonical JSON (RFC 8785), as hexadecimal digits. Empty of a question that was
    /// stored before questions had one.
    pub changes_hash: String,
}

impl Question {
    /// How many hexadecimal digits a hash has.
    const HASH_DIGITS: usize = 32;

    /// The question that a critical sync with these `changes` puts.
    #[must_use]
    pub fn new(request_id: impl Into<String>, changes: JsonRef<'_>) -> Self {
        let digest = Sha256::digest(canonical(changes));
        let changes_hash = digest.iter().take(Self::HASH_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
        Self { request_id: request_id.into(), changes_hash }
    }
}

impl Display for Question {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { request_id, changes_hash } = self;
        if changes_hash.is_empty() { f.write_str(request_id) } else { write!(f, "{changes_hash} {request_id}") }
    }
}

impl From<Question> for String {
    fn from(question: Question) -> Self {
        question.to_string()
    }
}

impl From<String> for Question {
    fn from(text: String) -> Self {
        let hash_and_request = text.split_once(' ').filter(|(hash, _)| {
            hash.len() == Self::HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        });
        match hash_and_request {
            Some((hash, request_id)) => Self { request_id: request_id.to_owned(), changes_hash: hash.to_owned() },
            None => Self { request_id: text, changes_hash: String::new() },
        }
    }
}

/// What an administrator said to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may take effect.
    Approved,
    /// It may not.
    Rejected,
}

/// A verdict, for good: no event and no older copy of the profile takes it back. Of two over one question the lesser stands, which is the
/// earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// The verdict.
    pub verdict: Verdict,
    /// The event time of the request, as long as it waited.
    pub asked_at: DateTime<Utc>,
}

/// Of each question the profile knows the greatest of: nothing, waiting (the earlier time being the greater), decided. So what is known of
/// questions is a join like the sections' (`architecture.md`, rule 3), and the rows of `critical_changes` are kept by the same order.
impl Profile {
    /// Has a question wait, unless one decided over it. Of several events that put it the earliest time is kept. Returns whether that
    /// is a change.
    pub fn wait_for(&mut self, question: &Question, asked_at: DateTime<Utc>) -> bool {
        if self.decided.contains_key(question) || self.waiting.get(question).is_some_and(|&own| own <= asked_at) {
            return false;
        }
        self.waiting.insert(question.clone(), asked_at);
        true
    }

    /// Notes a decision; the question waits no longer. Returns whether that is a change.
    ///
    /// What an approved request asks for is laid over the sections by who decides, in the same transaction.
    pub fn decide(&mut self, question: &Question, decision: Decision) -> bool {
        self.waiting.remove(question);
        if self.decided.get(question).is_some_and(|&own| own <= decision) {
            return false;
        }
        self.decided.insert(question.clone(), decision);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Question;
    use crate::Json;

    #[test]
    fn a_question_is_its_request_and_what_it_asks_for() {
        let question = |request: &str, changes: &str| Question::new(request, Json::parse_own(changes).expect("JSON").as_ref());
        let asked = question("r 1", r#"[{"field": "name", "newValue": 1.5}]"#);
        assert_eq!(asked, question("r 1", r#"[{"newValue":1.50,"field":"name"}]"#), "however it is written");
        assert_ne!(asked, question("r 2", r#"[{"field": "name", "newValue": 1.5}]"#));
        assert_ne!(asked, question("r 1", r#"[{"field": "name", "newValue": 1.6}]"#));
        assert_eq!(Question::from(asked.to_string()), asked);
    }

    #[test]
    fn a_request_that_was_stored_without_a_hash_is_read_as_it_is() {
        for request in ["r-1", "", "a b", "0123456789abcdef0123456789abcde r", "0123456789ABCDEF0123456789ABCDEF r"] {
            let question = Question::from(request.to_owned());
            assert_eq!((question.request_id.as_str(), question.changes_hash.as_str()), (request, ""));
            assert_eq!(question.to_string(), request);
        }
    }
}
