//! "Present" (spec/2): not absent, not null, not an empty string, array or object. Zero and `false` are present.

use super::{JsonRef, Kind};

impl<'d> JsonRef<'d> {
    /// Whether the value counts as present in the business rules.
    #[must_use]
    pub fn is_present(self) -> bool {
        match self.kind() {
            Kind::Null => false,
            Kind::Bool | Kind::Number => true,
            Kind::String => self.text().len() > 2,
            Kind::Array | Kind::Object => !self.is_empty(),
        }
    }

    /// The member with that name, if it is present.
    #[must_use]
    pub fn present(self, name: &str) -> Option<JsonRef<'d>> {
        self.get(name).filter(|value| value.is_present())
    }
}
