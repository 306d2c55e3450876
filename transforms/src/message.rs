//! What the rules say to people, in French and in English, keyed by code (spec/2).
//!
//! Outcomes that carry values (`issue`, `factor`, `alert`) have templates, where `{name}` stands for a value; outcomes that are
//! codes alone, such as insights, recommendations and reasons, have plain texts ([`text`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) mod alert;
mod code;
pub(crate) mod factor;
pub(crate) mod issue;

/// The language of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// French: the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];
}

/// One text in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    /// In French.
    fr: &'static str,
    /// In English.
    en: &'static str,
}

impl Text {
    /// The text as it stands, with its places for values.
    pub(crate) fn of(&self, locale: Locale) -> &'static str {
        match locale {
            Locale::Fr => self.fr,
            Locale::En => self.en,
        }
    }

    /// The text with each `{name}` replaced by its value.
    pub(crate) fn fill(&self, locale: Locale, values: &[(&str, &str)]) -> String {
        let mut rest = self.of(locale);
        let mut out = String::with_capacity(rest.len() + 32);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else { break };
            out.push_str(before);
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => out.push_str(value),
                None => debug_assert!(false, "no value for {{{name}}} in {:?}", self.en),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// What a code says that carries no values: an insight, an opportunity, a recommendation, a reason for attention, a suggested action.
///
/// ```
/// use transforms::message::{Locale, text};
///
/// assert_eq!(text("retry_sync", Locale::En), Some("Ask for the synchronisation again."));
/// assert_eq!(text("no_such_code", Locale::En), None);
/// ```
#[must_use]
pub fn text(code: &str, locale: Locale) -> Option<&'static str> {
    code::PLAIN.iter().find(|(known, _)| *known == code).map(|(_, text)| text.of(locale))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use schemas::profile::AlertKind;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|part| part.split_once('}').unwrap().0).collect()
    }

    fn every_template() -> Vec<Text> {
        let issues = issue::ALL.iter().flat_map(|text| [text.message, text.recommendation]);
        let factors = factor::ALL.iter().map(|text| text.message);
        let alerts = AlertKind::ALL.iter().map(|kind| *alert::text(*kind));
        issues.chain(factors).chain(alerts).collect()
    }

    #[test]
    fn both_languages_say_something_and_take_the_same_values() {
        let plain = code::PLAIN.iter().map(|(_, text)| *text);
        for text in every_template().into_iter().chain(plain) {
            assert!(!text.fr.is_empty() && !text.en.is_empty());
            assert_ne!(text.fr, text.en);
            assert_eq!(places(text.fr), places(text.en), "{}", text.en);
        }
    }

    #[test]
    fn no_code_is_listed_twice() {
        for codes in [
            code::PLAIN.iter().map(|(code, _)| *code).collect::<Vec<_>>(),
            issue::ALL.iter().map(|text| text.code).collect(),
            factor::ALL.iter().map(|text| text.code).collect(),
        ] {
            assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "{codes:?}");
        }
    }

    #[test]
    fn every_recommendation_of_a_factor_has_a_text() {
        for factor in factor::ALL {
            assert!(text(factor.recommendation, Locale::Fr).is_some(), "{}", factor.recommendation);
        }
    }

    #[test]
    fn values_take_their_places() {
        let text = Text { fr: "{b} avant {a}, {a}", en: "" };
        assert_eq!(text.fill(Locale::Fr, &[("a", "1"), ("b", "{a}")]), "{a} avant 1, 1");
    }
}
