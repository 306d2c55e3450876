//! Values replaced in a document's text, all else left as it was sent.

use std::sync::Arc;

use super::{Json, JsonRef, Limits, Malformed, parse};

/// A replacement of one value's text, made by [`JsonRef::replace`].
#[derive(Debug, Clone)]
pub struct Edit {
    start: u32,
    end: u32,
    text: String,
}

impl JsonRef<'_> {
    /// The replacement of this value by other JSON text, for [`Json::edited`].
    #[must_use]
    pub fn replace(self, text: impl Into<String>) -> Edit {
        let node = self.node();
        Edit { start: node.start, end: node.end, text: text.into() }
    }
}

impl Json {
    /// The value's text with every edit applied, as a document of its own. Edits may come in any order, and must not overlap.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when the edits do not leave JSON: a replacement that is no JSON text.
    pub fn edited(&self, mut edits: Vec<Edit>) -> Result<Self, Malformed> {
        if edits.is_empty() {
            return Ok(self.clone());
        }
        edits.sort_by_key(|edit| edit.start);
        let node = self.as_ref().node();
        let (mut text, mut nuls) = (String::with_capacity((node.end - node.start) as usize), Vec::new());
        let mut from = node.start;
        let kept = edits.iter().map(|edit| (edit.start, edit.end, edit.text.as_str())).chain([(node.end, node.end, "")]);
        for (until, resume, replacement) in kept {
            let moved = text.len();
            nuls.extend(self.tape.nuls.iter().filter(|nul| (from..until).contains(nul)).map(|nul| moved + (nul - from) as usize));
            text.push_str(&self.tape.text[from as usize..until as usize]);
            text.push_str(replacement);
            from = resume;
        }
        let limits = Limits { size_bytes: usize::MAX, ..Limits::default() };
        let mut tape = parse::parse(text.as_bytes(), &limits)?;
        tape.nuls = nuls.into_iter().map(parse::index).collect();
        tape.repairs = self.tape.repairs;
        Ok(Self { tape: Arc::new(tape), at: 0 })
    }
}
