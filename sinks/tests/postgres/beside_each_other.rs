//! Sinks that write the same customers, and claim the same partitions, at once.

use super::*;

/// Merges one section into a customer, as a pipeline that gets no other does: read, merge, write, until it is durable.
async fn merge(sink: Arc<dyn Sink>, name: SectionName, upto: i64) {
    for number in 1..=upto {
        loop {
            let mut own = read(&sink, "c-1").await.unwrap_or_else(|| schemas::profile::Profile::new("c-1"));
            let section = Section { stamp: stamp(number), value: json(&format!(r#"{{"number":{number}}}"#)), summary: None };
            own.sections.join(name, section);
            match sink.write(&batch(vec![row(own)])).await.unwrap() {
                Written::Durable => break,
                Written::Stale(customers) => assert_eq!(customers, ["c-1"]),
            }
        }
    }
}

#[tokio::test]
async fn two_pipelines_that_merge_one_customer_lose_neither() {
    let place = database().await;
    let one = store(&place).await;
    let other = opened(&place, &Settings::new("another")).await;
    tokio::join!(merge(Arc::clone(&one), SectionName::Assets, 25), merge(other, SectionName::Stocks, 25));
    let merged = read(&one, "c-1").await.unwrap();
    assert_eq!(merged.version, 50, "every durable write made a version");
    for name in [SectionName::Assets, SectionName::Stocks] {
        let section = merged.sections.get(name).unwrap();
        assert_eq!(section.value.as_ref().at(&["number"]).unwrap().text(), "25");
    }
}

/// Writes these customers, in this order, until each is durable.
async fn overlapping(sink: Arc<dyn Sink>, customers: Vec<String>) {
    for _ in 0..10 {
        loop {
            let loaded = sink.read(&customers, &[]).await.unwrap().profiles;
            let own = |customer: &String| loaded.get(customer).cloned().unwrap_or_else(|| profile(customer));
            let rows = customers.iter().map(|customer| row(own(customer))).collect();
            let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(rows) };
            // A deadlock would be a fault of kind `Conflict`.
            if sink.write(&changed).await.unwrap() == Written::Durable {
                break;
            }
        }
    }
}

#[tokio::test]
async fn batches_that_share_customers_never_deadlock() {
    let place = database().await;
    let sink = store(&place).await;
    let ascending: Vec<String> = (0..60).map(|number| format!("c-{number:02}")).collect();
    let descending = ascending.iter().rev().take(40).cloned().collect();
    tokio::join!(
        overlapping(Arc::clone(&sink), ascending),
        overlapping(Arc::clone(&sink), descending),
        publisher(Arc::clone(&sink))
    );
    assert_eq!(place.number("SELECT sum(version)::bigint FROM customer_detailed_profiles").await, 10 * (60 + 40));
}

/// Publishes beside the writers.
async fn publisher(sink: Arc<dyn Sink>) {
    for _ in 0..50 {
        let entries = sink.outbox(100, None).await.unwrap();
        sink.published(&entries, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn a_profile_that_was_erased_meanwhile_does_not_come_back() {
    let place = database().await;
    let sink = store(&place).await;
    write(&sink, vec![profile("c-1"), profile("c-2")]).await;
    let before = read(&sink, "c-1").await.unwrap();
    place.execute("DELETE FROM customer_detailed_profiles WHERE customer_id = 'c-1'").await;
    let late = batch(vec![row(before), row(read(&sink, "c-2").await.unwrap())]);
    assert_eq!(sink.write(&late).await.unwrap(), Written::Stale(vec!["c-1".into()]));
    assert_eq!(place.number("SELECT count(*) FROM customer_detailed_profiles").await, 1);
}

#[tokio::test]
async fn a_changelog_entry_goes_although_another_pipeline_raised_the_version() {
    let place = database().await;
    let sink = store(&place).await;
    let changed = Batch { changelog: Some(topic("customer.profiles")), ..batch(vec![row(profile("c-1"))]) };
    sink.write(&changed).await.unwrap();
    // A pipeline without a changelog writes the row: the entry still says version 1.
    let other = opened(&place, &Settings::new("another")).await;
    write(&other, vec![read(&other, "c-1").await.unwrap()]).await;
    let entries = sink.outbox(10, None).await.unwrap();
    assert!(matches!(&entries[0].what, Outbound::Profile { version: 2, .. }), "{entries:?}");
    sink.published(&entries, &[]).await.unwrap();
    assert!(sink.outbox(10, None).await.unwrap().is_empty(), "what was sent is newer than the entry");
}

#[tokio::test]
async fn a_claim_waits_for_the_commit_under_the_lease_that_it_takes() {
    let place = database().await;
    let sink = opened(&place, &Settings { lease: std::time::Duration::ZERO, ..settings() }).await;
    let Claim::Granted(leases) = sink.claim(&[partition(0)], "worker-1").await.unwrap() else { panic!("it is free") };
    // A commit that is under way: it holds the lease's row as every batch does.
    let mut commit = place.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM leases FOR KEY SHARE").execute(&mut commit).await.unwrap();
    let claiming = tokio::spawn({
        let sink = Arc::clone(&sink);
        async move { sink.claim(&[partition(0)], "worker-2").await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while place.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!claiming.is_finished());
    sink.renew(&leases).await.unwrap_or_else(|fault| panic!("a heartbeat waits for nobody: {fault}"));
    sqlx::raw_sql("COMMIT").execute(&mut commit).await.unwrap();
    assert!(matches!(claiming.await.unwrap().unwrap(), Claim::Granted(_)));
    assert_eq!(sink.renew(&leases).await.unwrap_err().kind(), FaultKind::Fenced);
}
