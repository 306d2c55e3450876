#![allow(clippy::unwrap_used, clippy::panic)]

use crate::run::faulty::{OnRead, Rig, stocks};

#[tokio::test]
async fn a_lost_reader_is_opened_again_where_the_last_record_was() {
    let rig = Rig::new().await;
    rig.topics.script_reads([OnRead::LostAfter(3), OnRead::LostAfter(0), OnRead::LostAfter(4)]);
    let records = (0..20).map(|number| stocks(&format!("c-{number}"), 30, 50, "Riz")).collect();
    let counts = rig.run(records).await.unwrap();
    assert_eq!((counts.records_read, counts.records_resolved), (20, 20), "nothing lost, nothing twice");
    assert_eq!(counts.profiles_created, 20);
    assert_eq!(rig.resolved("admin.customer.stocks.data").await, 20);
    assert_eq!(counts.retries, 3);
}
