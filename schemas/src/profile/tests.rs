#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{ForbiddenPath, Overlay, Path, Profile, Section, SectionName, Stamp, View};
use crate::{Json, Origin, TopicName};

fn json(text: &str) -> Json {
    Json::parse_own(text).unwrap()
}

fn stamp(minute: u32, id: &str) -> Stamp {
    let origin = Origin { topic: TopicName::try_from("t").unwrap(), partition: 0, offset: 0 };
    Stamp { at: format!("2026-03-01T08:{minute:02}:00Z").parse().unwrap(), event_id: id.into(), origin }
}

fn section(minute: u32, value: &str) -> Section {
    Section { stamp: stamp(minute, "section"), value: json(value), summary: None }
}

/// A profile with this section, and these overlays: minute, field, value.
fn profile(at: Option<(SectionName, Section)>, overlays: &[(u32, &str, &str)]) -> Profile {
    let mut profile = Profile::new("c-1");
    if let Some((name, section)) = at {
        profile.sections.join(name, section);
    }
    for &(minute, field, value) in overlays {
        let overlay = Overlay { stamp: stamp(minute, "overlay"), value: json(value) };
        Overlay::join(&mut profile.overlays, Path::from_wire(field).unwrap(), overlay);
    }
    profile
}

/// What `specificData` shows: as sent at minute 5, with these overlays.
fn specific(value: &str, overlays: &[(u32, &str, &str)]) -> String {
    let profile = profile(Some((SectionName::SpecificData, section(5, value))), overlays);
    View::of(&profile).get(SectionName::SpecificData).unwrap().text().to_owned()
}

#[test]
fn an_overlay_replaces_a_member_or_adds_it() {
    assert_eq!(specific(r#"{"a": 1,"b":2}"#, &[(5, "specificData.a", "7")]), r#"{"a":7,"b":2}"#);
    assert_eq!(specific(r#"{"a":1}"#, &[(5, "specificData.\"é", "7")]), r#"{"a":1,"\"é":7}"#);
    assert_eq!(specific(r#"{"\u00e9":1}"#, &[(5, "specificData.é", "7")]), r#"{"\u00e9":7}"#, "names are compared decoded");
    assert_eq!(specific("{}", &[(5, "specificData.a", "null")]), r#"{"a":null}"#);
}

#[test]
fn an_overlay_makes_the_containers_on_its_way() {
    assert_eq!(specific("{}", &[(5, "specificData.a.b.c", "1")]), r#"{"a":{"b":{"c":1}}}"#);
    assert_eq!(specific(r#"{"a":null}"#, &[(5, "specificData.a.0.c", "1")]), r#"{"a":[{"c":1}]}"#);
    assert_eq!(specific("{}", &[(5, "specificData.a.2.c", "1")]), r#"{"a":[null,null,{"c":1}]}"#, "an index makes an array");
    assert_eq!(specific(r#"{"a":"text"}"#, &[(5, "specificData.a.2024", "1")]), r#"{"a":{"2024":1}}"#, "takes a scalar's place");
}

#[test]
fn a_few_bytes_do_not_make_a_section_of_any_size() {
    let far = specific("{}", &[(5, "specificData.a.0", "1"), (6, "specificData.a.101", "2"), (7, "specificData.a.102", "3")]);
    assert_eq!(far.matches("null").count(), 100, "as far as 100 behind the end");
    assert_eq!(specific(r#"{"a":[1]}"#, &[(5, "specificData.a.102", "7")]), r#"{"a":[1]}"#);
}

#[test]
fn an_overlay_reaches_into_arrays_by_index() {
    assert_eq!(specific(r#"{"a":[1, {"b":2}]}"#, &[(5, "specificData.a.1.b", "7")]), r#"{"a":[1,{"b":7}]}"#);
    assert_eq!(specific(r#"{"a":[1]}"#, &[(5, "specificData.a.3", "7")]), r#"{"a":[1,null,null,7]}"#);
    for no_index in ["x", "-1", "10000", "99999999999999999999"] {
        let field = format!("specificData.a.{no_index}");
        assert_eq!(specific(r#"{"a":[1]}"#, &[(5, field.as_str(), "7")]), r#"{"a":[1]}"#, "{no_index} has no place in an array");
    }
}

#[test]
fn nested_overlays_are_laid_by_time_then_from_the_outside_in() {
    let inner = "specificData.a.b";
    let outer = "specificData.a";
    assert_eq!(specific("{}", &[(6, inner, "1"), (7, outer, r#"{"c":2}"#)]), r#"{"a":{"c":2}}"#);
    assert_eq!(specific("{}", &[(7, inner, "1"), (6, outer, r#"{"c":2}"#)]), r#"{"a":{"c":2,"b":1}}"#);
    assert_eq!(specific("{}", &[(6, inner, "1"), (6, outer, r#"{"c":2}"#)]), r#"{"a":{"c":2,"b":1}}"#);
}

#[test]
fn a_newer_section_covers_an_overlay() {
    assert_eq!(specific(r#"{"a":1}"#, &[(4, "specificData.a", "7"), (5, "specificData.b", "8")]), r#"{"a":1,"b":8}"#);
}

#[test]
fn an_overlay_shows_where_there_is_no_section_and_makes_none() {
    let profile = profile(None, &[(5, "email", "\"a@x\""), (5, "patrimoine.assets.1.nom", "\"Four\"")]);
    let view = View::of(&profile);
    assert_eq!(view.get(SectionName::Basic).unwrap().text(), r#"{"email":"a@x"}"#);
    assert_eq!(view.get(SectionName::Assets).unwrap().text(), r#"[null,{"nom":"Four"}]"#);
    assert!(!view.exists(SectionName::Basic) && !view.exists(SectionName::Assets));
    assert_eq!(profile.as_of(), None);
}

#[test]
fn a_null_over_a_whole_section_leaves_nothing_to_read() {
    let profile = profile(Some((SectionName::ExtendedProfile, section(5, "{}"))), &[(5, "identification", "null")]);
    let view = View::of(&profile);
    assert!(view.get(SectionName::ExtendedProfile).is_none() && view.exists(SectionName::ExtendedProfile));
}

#[test]
fn a_summary_is_beside_its_lines() {
    let overlays = [(5, "patrimoine.stocksSummary.totalItems", "3"), (5, "stocks.summary.lowStockItems", "1")];
    let view = View::of(&profile(Some((SectionName::Stocks, section(5, "[]"))), &overlays));
    assert_eq!(view.get(SectionName::Stocks).unwrap().text(), "[]");
    assert_eq!(view.summary(SectionName::Stocks).unwrap().text(), r#"{"lowStockItems":1,"totalItems":3}"#);
}

#[test]
fn what_would_nest_too_deep_does_not_show() {
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let path = format!("specificData{}", ".x".repeat(20));
    assert_eq!(specific(r#"{"a":1}"#, &[(5, &path, &deep), (6, "specificData.a", "2")]), r#"{"a":2}"#);
}

#[test]
fn paths_are_read_from_the_wire() {
    let path = |field: &str| Path::from_wire(field).map(|path| (path.section, path.below.join("/")));
    for (field, section, below) in [
        ("name", SectionName::Basic, "name"),
        ("basic.address.city", SectionName::Basic, "address/city"),
        ("profileData.companyProfile.legalForm", SectionName::CompanyProfile, "legalForm"),
        ("companyProfile", SectionName::CompanyProfile, ""),
        ("institutionSpecificData.totalBilan", SectionName::SpecificData, "totalBilan"),
        ("identification.generalInfo", SectionName::ExtendedProfile, "generalInfo"),
        ("complianceData.complianceStatus", SectionName::RegulatoryProfile, "complianceStatus"),
        ("patrimoine.assets.0.nom", SectionName::Assets, "0/nom"),
        ("stocks.3", SectionName::Stocks, "3"),
        ("assetsSummary", SectionName::Assets, "summary"),
    ] {
        assert_eq!(path(field), Ok((section, below.to_owned())), "{field}");
    }
    for field in [
        "adminStatus",
        "riskFlags",
        "complianceRating",
        "completeness",
        "riskProfile.score",
        "syncStatus",
        "dataVersion",
        "customerType",
        "customerId",
        "patrimoine",
        "patrimoine.totalAssetsValue",
        "basic",
        "basic.adminStatus",
        "profileData",
        "Name",
        "profileData.profileData.name",
    ] {
        assert_eq!(path(field), Err(ForbiddenPath::NoSection(field.to_owned())), "{field}");
    }
    for field in ["", ".", "name.", ".name", "companyProfile..rccm", "profileData."] {
        assert_eq!(path(field), Err(ForbiddenPath::EmptyName(field.to_owned())), "{field}");
    }
    assert_eq!(path(&format!("specificData{}", ".a".repeat(32))), Err(ForbiddenPath::TooDeep(33)));
}

/// Of two sections of one time, the one that stands whatever the order.
fn standing(left: &str, right: &str) -> String {
    let join = |first: &str, second: &str| {
        let mut sections = super::Sections::default();
        sections.join(SectionName::Assets, section(1, first));
        sections.join(SectionName::Assets, section(1, second));
        sections.get(SectionName::Assets).unwrap().value.as_ref().text().to_owned()
    };
    let stands = join(left, right);
    assert_eq!(stands, join(right, left), "in either order");
    stands
}

#[test]
fn at_one_time_the_greater_hash_stands() {
    // SHA-256 of the canonical text: 4f53... of [], 2b36... of [{"id":"a","prixAchat":3}] (of the text as sent, a9b8...).
    let sent = r#"[{"prixAchat": 3.0, "id": "a"}]"#;
    assert_eq!(standing("[]", sent), "[]");
    // f8e5... of [{"id":"a","prixAchat":1e+21}].
    let sent = r#"[{"prixAchat":1000000000000000000000.0,"id":"a"}]"#;
    assert_eq!(standing("[]", sent), sent);
    // One double, and so one hash: the exact digits decide.
    assert_eq!(standing("[9007199254740992]", "[9007199254740993]"), "[9007199254740993]");
}

#[test]
fn notation_is_no_content() {
    for (left, right) in [("[1.50]", "[15e-1]"), ("[0]", "[-0.0]"), (r#"[{"a":1,"b":"é"}]"#, r#"[ {"b":"\u00e9","a":1.0} ]"#)] {
        let mut sections = super::Sections::default();
        assert!(sections.join(SectionName::Assets, section(1, left)));
        assert!(!sections.join(SectionName::Assets, section(1, right)), "{left} and {right} are one");
    }
}

#[test]
fn of_equal_contents_the_smaller_event_is_remembered() {
    let written = |id: &str| Section { stamp: stamp(1, id), value: json("[]"), summary: None };
    for ids in [["e-1", "e-2"], ["e-2", "e-1"]] {
        let mut sections = super::Sections::default();
        for id in ids {
            sections.join(SectionName::Assets, written(id));
        }
        assert_eq!(&*sections.get(SectionName::Assets).unwrap().stamp.event_id, "e-1");
    }
}

/// The lines that the assets show: as sent at minute 5, if they were, with these overlays.
fn assets(value: Option<&str>, overlays: &[(u32, &str, &str)]) -> Option<String> {
    let profile = profile(value.map(|value| (SectionName::Assets, section(5, value))), overlays);
    View::of(&profile).get(SectionName::Assets).map(|lines| lines.text().to_owned())
}

#[test]
fn lines_are_an_array_whatever_is_laid() {
    assert_eq!(assets(None, &[(5, "assets.1.id", r#""a""#)]).unwrap(), r#"[null,{"id":"a"}]"#);
    assert_eq!(assets(None, &[(5, "assets.101.id", r#""a""#)]), None, "a line too far behind the end has no place");
    assert_eq!(assets(Some("[1]"), &[(6, "assets", "null"), (7, "assets.2", "7")]).unwrap(), "[null,null,7]");
    assert_eq!(assets(Some("[1]"), &[(6, "assets", "null")]), None);
    assert_eq!(assets(Some("[ 1 ]"), &[(6, "assetsSummary.totalValue", "1")]).unwrap(), "[ 1 ]", "the summary is another's");
}

#[test]
fn an_index_is_written_in_one_way_only() {
    for no_index in ["05", "+5", "00", "1e0", " 1", "١"] {
        let field = format!("specificData.a.{no_index}");
        assert_eq!(specific(r#"{"a":[1]}"#, &[(5, field.as_str(), "7")]), r#"{"a":[1]}"#, "{no_index}");
    }
}

#[test]
fn a_value_that_would_nest_too_deep_does_not_show_and_the_others_do() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let shown =
        |levels| specific("{}", &[(5, "specificData.b", "1"), (6, "specificData.a", &deep(levels)), (7, "specificData.c", "2")]);
    assert_eq!(shown(127), format!(r#"{{"b":1,"a":{},"c":2}}"#, deep(127)));
    assert_eq!(shown(128), r#"{"b":1,"c":2}"#);
}

#[test]
fn a_newer_section_drops_the_overlays_that_it_covers() {
    let overlay = |minute| Overlay { stamp: stamp(minute, "overlay"), value: json("1") };
    let path = |field: &str| Path::from_wire(field).unwrap();
    let mut profile = Profile::new("c-1");
    assert!(profile.join_overlay(path("specificData.a"), overlay(4)));
    assert!(profile.join_overlay(path("specificData.b"), overlay(5)));
    assert!(profile.join_overlay(path("name"), overlay(4)));
    assert!(profile.join_section(SectionName::SpecificData, section(5, "{}")));
    assert_eq!(profile.overlays.keys().collect::<Vec<_>>(), [&path("name"), &path("specificData.b")]);
    assert!(!profile.join_overlay(path("specificData.a"), overlay(4)), "nor does it come back");
    assert!(!profile.join_section(SectionName::SpecificData, section(4, "[]")));
    assert_eq!(profile.overlays.len(), 2);
}

fn value() -> impl Strategy<Value = &'static str> {
    select(vec!["1", "null", "[]", "[ 1 ]", r#"{"a": 1}"#, r#"{"a":[{"b":2}],"b":null}"#, r#"[[1], {"a":{}}]"#])
}

proptest! {
    #[test]
    fn laying_at_once_is_laying_one_after_the_other(
        sent in value(),
        overlays in vec((vec(select(vec!["a", "b", "0", "1", "07", "200"]), 0..4), value()), 0..8),
    ) {
        let lay = |over: Option<Section>, overlays: &[(usize, String, &str)]| {
            let mut profile = profile(over.map(|section| (SectionName::SpecificData, section)), &[]);
            for (number, field, value) in overlays {
                // Later ones in the order of their numbers; a path that comes again replaces the one before.
                let stamp = stamp(6 + u32::try_from(*number).unwrap(), "overlay");
                profile.overlays.insert(Path::from_wire(field).unwrap(), Overlay { stamp, value: json(value) });
            }
            View::of(&profile).get(SectionName::SpecificData).map(|shown| json(shown.text()))
        };
        let mut listed: Vec<_> = overlays.iter().enumerate().map(|(at, (below, value))| (at, field(below), *value)).collect();
        let last = |wanted: &str| overlays.iter().rposition(|(below, _)| wanted == field(below));
        listed.retain(|(at, field, _)| last(field) == Some(*at));
        let mut stepwise = Some(json(sent));
        for overlay in &listed {
            let over = stepwise.take().map(|value| Section { value, ..section(5, "{}") });
            stepwise = lay(over, std::slice::from_ref(overlay));
        }
        prop_assert_eq!(lay(Some(section(5, sent)), &listed), stepwise);
    }
}

/// The wire's name of a place in `specificData`.
fn field(below: &[&str]) -> String {
    std::iter::once(&"specificData").chain(below).copied().collect::<Vec<_>>().join(".")
}
