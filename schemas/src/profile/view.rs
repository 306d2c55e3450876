//! A profile's sections as the rules read them: with the overlays of critical syncs over them.

use super::{Overlay, Path, Profile, SectionName};
use crate::json::{Kind, index};
use crate::{Json, JsonRef};

/// How many nulls an overlay may put between the end of an array and the element that it sets. Without a bound a few bytes of a
/// critical sync would make a section of any size.
const MAX_PADDING: usize = 100;

/// Each section's content as it counts for the rules (spec/2 §1).
///
/// An overlay shows over a section of the same time or older, falls under a newer one, counts as present, and makes no section exist.
/// Overlays on nested paths are laid in the order of their times; of one time, the shorter path first. On the way to its place an
/// overlay makes the containers that are missing, and takes the place of a scalar; a name that is no index has no place in an array.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    sections: [Option<Json>; SectionName::ALL.len()],
    summaries: [Option<Json>; SectionName::ALL.len()],
    exists: [bool; SectionName::ALL.len()],
}

impl View {
    /// The view of a profile.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let section = |name| profile.sections.get(name);
        let mut view = Self {
            sections: SectionName::ALL.map(|name| section(name).map(|section| section.value.clone())),
            summaries: SectionName::ALL.map(|name| section(name).and_then(|section| section.summary.clone())),
            exists: SectionName::ALL.map(|name| section(name).is_some()),
        };
        for (path, overlay) in shown(profile) {
            view.lay(path, &overlay.value);
        }
        view
    }

    /// The section's content: as an event wrote it, with overlays over it; or overlays alone.
    #[must_use]
    pub fn get(&self, name: SectionName) -> Option<JsonRef<'_>> {
        self.sections[name as usize].as_ref().map(Json::as_ref)
    }

    /// The producer's summary beside the lines of assets or stocks.
    #[must_use]
    pub fn summary(&self, name: SectionName) -> Option<JsonRef<'_>> {
        self.summaries[name as usize].as_ref().map(Json::as_ref)
    }

    /// Whether an event wrote the section.
    #[must_use]
    pub fn exists(&self, name: SectionName) -> bool {
        self.exists[name as usize]
    }

    /// Lays one value over what is there. A null over a whole section leaves nothing of it to read.
    ///
    /// A value that would nest the content deeper than JSON is taken does not show.
    fn lay(&mut self, path: &Path, value: &Json) {
        let section = path.section as usize;
        let (slot, below, lines) = match path.below.split_first() {
            Some((name, rest)) if path.section.has_summary() && name == Path::SUMMARY => {
                (&mut self.summaries[section], rest, false)
            }
            _ => (&mut self.sections[section], path.below.as_slice(), path.section.has_summary()),
        };
        let mut text = String::new();
        match slot {
            None if lines && !below.is_empty() => write_array(None, below, value, &mut text),
            _ => write(slot.as_ref().map(Json::as_ref), below, value, &mut text),
        }
        if let Ok(laid) = Json::parse_own(&text) {
            *slot = Some(laid).filter(|laid| !laid.as_ref().is_null());
        }
    }
}

/// The overlays that no newer section covers, in the order in which they are laid.
fn shown(profile: &Profile) -> Vec<(&Path, &Overlay)> {
    let uncovered = |(path, overlay): &(&Path, &Overlay)| {
        profile.sections.get(path.section).is_none_or(|section| section.stamp.at <= overlay.stamp.at)
    };
    let mut shown: Vec<_> = profile.overlays.iter().filter(uncovered).collect();
    // Stable: paths of one time and length stay in the order of the map.
    shown.sort_by_key(|(path, overlay)| (overlay.stamp.at, path.below.len()));
    shown
}

/// Writes what is there with `new` at `path` below it. Recurses at most as deep as a path is long.
fn write(there: Option<JsonRef<'_>>, path: &[String], new: &Json, out: &mut String) {
    let Some(name) = path.first() else {
        out.push_str(new.as_ref().text());
        return;
    };
    match there.map(JsonRef::kind) {
        Some(Kind::Array) => write_array(there, path, new, out),
        Some(Kind::Object) => write_object(there, path, new, out),
        _ if name == "0" => write_array(None, path, new, out),
        _ => write_object(None, path, new, out),
    }
}

fn write_object(there: Option<JsonRef<'_>>, path: &[String], new: &Json, out: &mut String) {
    let Some((own, below)) = path.split_first() else { return };
    let mut found = false;
    out.push('{');
    for (name, member) in there.into_iter().flat_map(JsonRef::members) {
        out.push_str(name.text());
        out.push(':');
        if name.is(own) {
            found = true;
            write(Some(member), below, new, out);
        } else {
            out.push_str(member.text());
        }
        out.push(',');
    }
    if found {
        out.pop();
    } else {
        out.push_str(&serde_json::Value::from(own.as_str()).to_string());
        out.push(':');
        write(None, below, new, out);
    }
    out.push('}');
}

fn write_array(there: Option<JsonRef<'_>>, path: &[String], new: &Json, out: &mut String) {
    let Some((own, below)) = path.split_first() else { return };
    let last = there.map_or(0, JsonRef::len) + MAX_PADDING;
    let Some(index) = index(own).filter(|&index| index <= last) else {
        out.push_str(there.map_or("[]", JsonRef::text));
        return;
    };
    let mut elements = there.into_iter().flat_map(JsonRef::elements);
    let length = there.map_or(0, JsonRef::len).max(index + 1);
    out.push('[');
    for at in 0..length {
        let element = elements.next();
        if at > 0 {
            out.push(',');
        }
        if at == index {
            write(element, below, new, out);
        } else {
            out.push_str(element.map_or("null", JsonRef::text));
        }
    }
    out.push(']');
}
