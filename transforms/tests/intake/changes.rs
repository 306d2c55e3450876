//! The new values of a critical sync are judged and read as the sections are that they land on (spec/1 §1, §3.6, §5).

use schemas::{Reason, Record, Reject};
use serde_json::json;

use super::Intake;

const SYNC: &str = "admin.customer.critical.sync.priority";

fn sync(changes: &str) -> Result<Record, Reject> {
    let payload = format!(
        r#"{{"customerId": "c-1", "syncType": "financial_data", "priority": "high", "changes": {changes},
            "metadata": {{"source": "back-office", "requestId": "r-1"}}}}"#
    );
    Intake::shipped().take_text(SYNC, payload)
}

fn change(field: &str, value: &str) -> String {
    format!(r#"[{{"field": "{field}", "newValue": {value}, "impact": "high"}}]"#)
}

/// How a new value is read.
fn read(field: &str, value: &str) -> String {
    let record = sync(&change(field, value)).unwrap_or_else(|reject| panic!("{field}: {reject:?}"));
    record.value.as_ref().at(&["changes", "0", "newValue"]).unwrap().text().to_owned()
}

/// What is said of a new value that is refused: the one violation's place and message.
fn refused(field: &str, value: &str) -> (String, String) {
    let reject = sync(&change(field, value)).expect_err(field);
    assert_eq!((reject.reason, reject.violations.len()), (Reason::Schema, 1), "{field}: {reject:?}");
    let violation = reject.violations.into_iter().next().unwrap();
    (violation.pointer, violation.message)
}

#[test]
fn a_value_is_read_as_in_the_section_it_lands_on() {
    let cases = [
        ("specificData.ratioSolvabilite", r#""6.5""#, "6.5"),
        ("institutionSpecificData.ratioSolvabilite", r#"" +06.50 ""#, "6.50"),
        ("specificData.ratioSolvabilite", r#""""#, "null"),
        ("specificData.structureActionnariat.3.pourcentage", r#""12.5""#, "12.5"),
        ("specificData.dateAgrement", r#""hier""#, r#""hier""#),
        ("specificData.dateAgrement", r#""""#, "null"),
        ("specificData.denominationSociale", r#""6.5""#, r#""6.5""#),
        ("specificData.champNouveau.x", r#""6.5""#, r#""6.5""#),
        ("identification.patrimonyAndMeans.beneficeNet", r#""-1""#, "-1"),
        ("assets.0.prixAchat", r#""10""#, "10"),
        ("patrimoine.stocks", r#"[{"id": "s-1", "quantiteStock": "3"}]"#, r#"[{"id": "s-1", "quantiteStock": 3}]"#),
        ("assetsSummary.totalValue", r#""1e3""#, "1e3"),
        ("profileCompleteness.percentage", r#""40""#, "40"),
        ("address", r#"{"city": "Goma"}"#, r#"{"city": "Goma"}"#),
        ("name", r#""Ets Lomami""#, r#""Ets Lomami""#),
        ("companyProfile", "null", "null"),
    ];
    for (field, sent, expected) in cases {
        assert_eq!(read(field, sent), expected, "{field} = {sent}");
    }
}

#[test]
fn what_is_read_differently_is_counted() {
    let changes = r#"[{"field": "specificData.ratioSolvabilite", "newValue": "6.5"}, {"field": "specificData.champ", "newValue": 1},
        {"field": "specificData.dateAgrement", "newValue": "hier"}]"#;
    let tolerated = sync(changes).unwrap().tolerated;
    assert_eq!((tolerated.numeric_strings, tolerated.unknown_fields, tolerated.unparsed_dates), (1, 1, 1));
}

#[test]
fn a_value_that_its_section_does_not_take_is_a_violation() {
    let cases = [
        ("specificData.ratioSolvabilite", r#""beaucoup""#, "", "is not a number or null"),
        ("specificData.indicateursRisque.niveauRisqueGlobal", r#""terrible""#, "", "is none of"),
        ("assets.0.prixAchat", "-1", "", "is less than 0"),
        ("assets.0.prixAchat", r#""-1""#, "", "is less than 0"),
        ("assets", r#"[{"nom": "Presse"}]"#, "/0", "lacks the member \"id\""),
        ("assets", r#"[{"id": "a-1"}, {"id": "a-2", "prixAchat": "cher"}]"#, "/1/prixAchat", "is not a number or null"),
        ("assets.0.id", "null", "", "is not a string"),
        ("extendedProfile", "[]", "", "is not an object"),
        ("name", r#"{"first": "Ets"}"#, "", "one plain value"),
        ("email", "[]", "", "one plain value"),
        ("name.first", r#""Ets""#, "", "one plain value"),
        ("address", r#""Goma""#, "", "is not an object or null"),
        ("specificData.ratioSolvabilite.valeur", "1", "", "nothing may stand at `valeur`"),
        ("specificData.structureActionnariat.nom", "1", "", "`nom` is no index"),
        ("specificData.structureActionnariat.01.nom", r#""A""#, "", "`01` is no index"),
        ("specificData.structureActionnariat.+1.nom", r#""A""#, "", "`+1` is no index"),
    ];
    for (field, value, below, said) in cases {
        let (pointer, message) = refused(field, value);
        assert_eq!(pointer, format!("/changes/0/newValue{below}"), "{field}");
        assert!(message.contains(said), "{field} = {value}: {message}");
    }
}

#[test]
fn everything_that_is_wrong_is_listed_from_the_record_as_it_was_sent() {
    let value = json!({
        "id": "m-1", "eventType": "x", "metadata": {"id": "m-1", "timestamp": "2026-02-28T00:00:00Z"},
        "data": {
            "customerId": "c-1", "syncType": "full_profile", "priority": "low", "metadata": {"requestId": "r-1"},
            "changes": [{"field": "name", "newValue": {}}, {"field": "phone", "newValue": "+243"}, {"field": "assets.0.id"}]
        }
    });
    let reject = Intake::shipped().take_text(SYNC, value.to_string()).unwrap_err();
    let pointers: Vec<_> = reject.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/data/changes/0/newValue", "/data/changes/2/newValue"]);
}

#[test]
fn beside_a_bad_value_forbidden_fields_are_told_too() {
    let changes = r#"[{"field": "riskFlags", "newValue": [], "impact": "low"},
        {"field": "specificData.ratioSolvabilite", "newValue": "six", "impact": "low"},
        {"field": "phone", "newValue": "1", "impact": "low"}, {"field": "nowhere.x", "newValue": 1, "impact": "low"}]"#;
    let reject = sync(changes).unwrap_err();
    let pointers: Vec<_> = reject.violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/changes/0/field", "/changes/1/newValue", "/changes/3/field"]);
    assert_eq!(reject.reason, Reason::Schema);
}

#[test]
fn no_more_is_said_of_many_bad_values_than_of_any_other_record() {
    let lines = format!("[{}]", vec!["{}"; 1_001].join(","));
    let one =
        |_| json!({"field": "assets", "newValue": serde_json::from_str::<serde_json::Value>(&lines).unwrap(), "impact": "low"});
    let bad: Vec<_> = (0..300).map(one).collect();
    let reject = sync(&json!(bad).to_string()).unwrap_err();
    assert!((1_001..=1_002).contains(&reject.violations.len()), "{}", reject.violations.len());
    assert!(reject.violations.last().unwrap().message.ends_with("more violations"), "{:?}", reject.violations.last());
    let many: Vec<_> = (0..1_001).map(|_| json!({"field": "name", "newValue": "x", "impact": "low"})).collect();
    let reject = sync(&json!(many).to_string()).unwrap_err();
    assert_eq!((reject.reason, reject.violations.len()), (Reason::Schema, 1));
    assert_eq!(reject.violations[0].pointer, "/changes");
}
