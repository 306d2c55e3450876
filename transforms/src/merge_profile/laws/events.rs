//! Events that tie in time, repeat, and write one number in several ways.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::Record;

use crate::merge_profile::tests::event;

/// Numbers of few values in several notations; two of them are one double.
fn number() -> impl Strategy<Value = &'static str> {
    select(vec![
        "1.50",
        "1.5",
        "15e-1",
        "150E-2",
        "0",
        "-0.0",
        "9007199254740992",
        "9007199254740993",
        "1e21",
        "1000000000000000000000",
    ])
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => number().prop_map(str::to_owned),
        1 => select(vec![r#""é""#, r#""\u00e9""#, r#""Kananga""#, "null", "true", r#""""#]).prop_map(str::to_owned),
    ]
}

/// An object of up to two members, in either order, with blanks or without.
fn object() -> impl Strategy<Value = String> {
    (scalar(), scalar(), 0..5_u8).prop_map(|(a, b, form)| match form {
        0 => "{}".to_owned(),
        1 => format!(r#"{{"capital":{a}}}"#),
        2 => format!(r#"{{"capital":{a},"legalForm":{b}}}"#),
        3 => format!(r#"{{ "legalForm": {b}, "capital": {a} }}"#),
        _ => format!(r#"{{"capital":{{"montant":{a}}},"legalForm":[{b}]}}"#),
    })
}

/// A container: absent, null, or an object.
fn container(name: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just(String::new()),
        1 => Just(format!(r#","{name}":null"#)),
        3 => object().prop_map(move |object| format!(r#","{name}":{object}"#)),
    ]
}

fn lines() -> impl Strategy<Value = String> {
    vec(object(), 0..3).prop_map(|lines| format!("[{}]", lines.join(",")))
}

fn changes() -> impl Strategy<Value = String> {
    let fields = vec![
        "name",
        "address.city",
        "companyProfile",
        "companyProfile.capital",
        "companyProfile.capital.montant",
        "specificData.legalForm.0",
        "patrimoine.assets",
        "assets.1.capital",
        "assets.0",
        "assetsSummary.totalValue",
    ];
    let change = (select(fields), prop_oneof![scalar(), object(), lines()], select(vec!["low", "low", "high"]))
        .prop_map(|(field, value, impact)| format!(r#"{{"field":"{field}","newValue":{value},"impact":"{impact}"}}"#));
    vec(change, 1..4).prop_map(|changes| changes.join(","))
}

/// What an event says: its kind and payload.
fn said() -> impl Strategy<Value = (&'static str, String)> {
    let profile =
        (select(vec!["COMPANY", "FINANCIAL_INSTITUTION"]), scalar(), container("companySpecificData"), lines(), lines());
    prop_oneof![
        object().prop_map(|data| ("institution_data", format!(r#"{{"specificData":{data}}}"#))),
        (lines(), container("summary"))
            .prop_map(|(lines, summary)| ("assets", format!(r#"{{"dataVersion":"2.1","assets":{lines}{summary}}}"#))),
        lines().prop_map(|lines| ("stocks", format!(r#"{{"dataVersion":"2.0","stocks":{lines}}}"#))),
        profile.prop_map(|(of, name, container, assets, stocks)| {
            let patrimony = format!(r#"{{"assets":{assets},"stocks":{stocks},"totalAssetsValue":1}}"#);
            ("complete_profile", format!(r#"{{"customerType":"{of}","name":{name}{container},"patrimoine":{patrimony}}}"#))
        }),
        (changes(), select(vec!["r-1", "r-2"]), any::<bool>()).prop_map(|(changes, request, approval)| {
            let metadata = format!(r#"{{"requestId":"{request}","source":"s","requiresAdminApproval":{approval}}}"#);
            let payload =
                format!(r#"{{"syncType":"full_profile","priority":"low","changes":[{changes}],"metadata":{metadata}}}"#);
            ("critical_sync", payload)
        }),
    ]
}

/// Up to eight events within three minutes, so that times tie; different events may say the same.
pub(super) fn events() -> impl Strategy<Value = Vec<Record>> {
    vec((said(), 0..3_u32), 1..9).prop_map(|said| {
        let event = |(index, ((kind, payload), minute)): (usize, ((&str, String), u32))| {
            let mut event = event(kind, &format!("e-{index}"), minute, &payload);
            event.origin.offset = index as u64;
            event
        };
        said.into_iter().enumerate().map(event).collect()
    })
}
