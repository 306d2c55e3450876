//! What a profile answers.

use chrono::{DateTime, Utc};
use schemas::profile::{CustomerType, Profile};

use super::Answers;
use super::requested::satisfied_by;

impl Answers for Profile {
    fn customer_type(&self) -> CustomerType {
        Self::customer_type(self)
    }

    fn summary(&self) -> String {
        let sections: Vec<&str> = self.sections.iter().map(|(name, _)| name.as_str()).collect();
        match self.version {
            0 if sections.is_empty() => "there is no profile yet".to_owned(),
            _ => format!("sections: {}", sections.join(", ")),
        }
    }

    fn complete(&self) -> Option<DateTime<Utc>> {
        self.complete_at
    }

    fn newest(&self, code: &str) -> Option<DateTime<Utc>> {
        let sections = satisfied_by(code).iter().filter_map(|name| self.sections.get(*name));
        sections.map(|section| section.stamp.at).max()
    }
}
