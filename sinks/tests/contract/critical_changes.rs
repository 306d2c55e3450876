//! What critical syncs ask for, and what changed: kept once, whatever is written twice.

use schemas::profile::{Question, Verdict};
use schemas::store::{AdminAct, Administrator, Batch, ChangeStatus, CriticalChange, HistoryEntry, Ruling};
use uuid::Uuid;

use super::{Place, batch, json, noon, stamp, store};

pub async fn history_and_critical_changes_are_written_once(place: &impl Place) {
    let sink = store(place).await;
    let entry = |field, after: &str| HistoryEntry {
        customer_id: "c-1".into(),
        version: 1,
        field,
        before: None,
        after: Some(after.into()),
        event_id: Some("event-1".into()),
    };
    let change = |status| CriticalChange {
        customer_id: "c-1".into(),
        question: question("request-1", 0),
        sync_type: "full_profile".into(),
        priority: "high".into(),
        changes: json(r#"[{"field": "name", "newValue": "x", "impact": "high"}]"#),
        source: None,
        status,
        event_id: "event-1".into(),
        at: noon(),
        origin: stamp(0).origin,
        correlation_id: None,
    };
    let write = |history, change| Batch { history, critical_changes: vec![change], ..batch(vec![]) };
    let history = vec![entry("completeness", "87"), entry("risk_level", "high")];
    sink.write(&write(history, change(ChangeStatus::PendingApproval))).await.unwrap();
    sink.write(&write(vec![entry("completeness", "99")], change(ChangeStatus::Applied))).await.unwrap();
    assert_eq!(place.number("select count(*) from profile_history").await, 2);
    assert_eq!(place.number("select count(*) from profile_history where after = '87'").await, 1);
    assert_eq!(place.number("select count(*) from critical_changes where status = 'pending_approval'").await, 1);
    assert_eq!(place.number("select count(*) from critical_changes").await, 1);
}

/// What a request asks for: it numbers the changes.
pub fn question(request: &str, changes: u32) -> Question {
    Question::new(request, json(&format!("[{changes}]")).as_ref())
}

/// A critical sync of customer c-1, so many seconds after noon, whose request and event are called so.
fn requested(request: &str, event: &str, seconds: i64) -> CriticalChange {
    CriticalChange {
        customer_id: "c-1".into(),
        question: question(request, 0),
        sync_type: "financial_data".into(),
        priority: "high".into(),
        changes: json("[]"),
        source: Some(event.into()),
        status: ChangeStatus::PendingApproval,
        event_id: event.into(),
        at: stamp(seconds).at,
        origin: stamp(seconds).origin,
        correlation_id: Some(format!("because-{event}").into()),
    }
}

pub async fn of_one_request_one_event_stands_whichever_came_first(place: &impl Place) {
    let sink = store(place).await;
    let write = async |changes: Vec<CriticalChange>| {
        sink.write(&Batch { critical_changes: changes, ..batch(vec![]) }).await.unwrap();
    };
    // Capitals before small letters, as bytes are compared.
    let (early, late) = ([("Z", 5), ("b", 5)], [("a", 6), ("b", 5)]);
    for (number, [(first, at), (second, later)]) in [early, late].into_iter().enumerate() {
        let pair = |request: &str| vec![requested(request, first, at), requested(request, second, later)];
        let reversed = |request: &str| pair(request).into_iter().rev().collect::<Vec<_>>();
        write(pair(&format!("together-{number}"))).await;
        write(reversed(&format!("together-reversed-{number}"))).await;
        for change in pair(&format!("apart-{number}")).into_iter().chain(reversed(&format!("apart-reversed-{number}"))) {
            write(vec![change]).await;
        }
        let winner = if (at, first) < (later, second) { first } else { second };
        let stands = format!(
            "select count(*) from critical_changes where event_id = '{winner}' and source = '{winner}' and request_id like '%-{number}'"
        );
        assert_eq!(place.number(&stands).await, 4, "{winner} of {first} and {second}");
    }
    // One that waits stands over one that was applied before it; of one event read twice, where it was read first.
    let waits = requested("waits", "b", 9);
    let applied = CriticalChange { status: ChangeStatus::Applied, ..requested("waits", "a", 5) };
    let mut twice = waits.clone();
    twice.origin.offset += 1_000;
    for (number, order) in
        [[&applied, &waits, &twice], [&twice, &waits, &applied], [&waits, &applied, &twice]].into_iter().enumerate()
    {
        let named =
            |request: String| order.map(|change| CriticalChange { question: question(&request, 0), ..change.clone() }).to_vec();
        write(named(format!("waits-{number}"))).await;
        for change in named(format!("waits-apart-{number}")) {
            write(vec![change]).await;
        }
    }
    let offset = waits.origin.offset;
    let pending = format!(
        "select count(*) from critical_changes where request_id like 'waits-%' and status = 'pending_approval' and event_id = 'b'
            and cast(origin ->> 'offset' as bigint) = {offset}"
    );
    assert_eq!(place.number(&pending).await, 6);
    write(vec![requested("decided", "b", 5)]).await;
    place.execute("update critical_changes set status = 'rejected', decided_by = 'admin-1' where request_id = 'decided'").await;
    write(vec![requested("decided", "a", 1)]).await;
    let stays = "select count(*) from critical_changes where request_id = 'decided' and event_id = 'b' and status = 'rejected'";
    assert_eq!(place.number(stays).await, 1, "the administrator decided over what was there");
    // Other changes under that id are another question.
    write(vec![CriticalChange { question: question("decided", 1), ..requested("decided", "a", 1) }]).await;
    assert_eq!(place.number(stays).await, 1);
    let asked =
        "select count(*) from critical_changes where request_id = 'decided' and event_id = 'a' and status = 'pending_approval'";
    assert_eq!(place.number(asked).await, 1);
}

pub async fn what_is_decided_is_written_once_and_read_back(place: &impl Place) {
    let sink = store(place).await;
    let asked = vec![requested("r-2", "b", 2), requested("r-1", "a", 1)];
    sink.write(&Batch { critical_changes: asked.clone(), ..batch(vec![]) }).await.unwrap();
    let ruling = |verdict, by: &str| Ruling {
        customer_id: "c-1".into(),
        question: question("r-1", 0),
        verdict,
        by: by.into(),
        reason: "seen the deed".into(),
        at: stamp(60).at,
    };
    let act = AdminAct {
        id: Uuid::from_u128(7),
        by: Administrator { subject: "admin-7".into(), role: "admin".into(), request_id: None },
        action: "approve_critical_change",
        customer_id: Some("c-1".into()),
        reason: None,
        before: None,
        after: Some(json(r#"{"status": "approved"}"#)),
        at: stamp(60).at,
    };
    let approved = ruling(Verdict::Approved, "admin-7");
    for ruling in [approved.clone(), approved.clone(), ruling(Verdict::Rejected, "admin-8")] {
        sink.write(&Batch { rulings: vec![ruling], acts: vec![act.clone()], ..batch(vec![]) }).await.unwrap();
    }
    // The event again, earlier than it was: what was decided stays.
    sink.write(&Batch { critical_changes: vec![requested("r-1", "a", 0)], ..batch(vec![]) }).await.unwrap();
    let stored = sink.critical_changes("c-1", None).await.unwrap();
    let [first, second] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(
        (&first.change, &first.ruling),
        (&CriticalChange { status: ChangeStatus::Approved, ..asked[1].clone() }, &Some(approved))
    );
    assert_eq!((&second.change, &second.ruling), (&asked[0], &None));
    assert_eq!(sink.critical_changes("c-1", Some("r-2")).await.unwrap(), stored[1..]);
    assert_eq!(sink.critical_changes("c-2", None).await.unwrap(), []);
    assert_eq!(place.number("select count(*) from admin_activity where who = 'admin-7' and reason is null").await, 1);
}
