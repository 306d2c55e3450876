//! What the tables are like, and what reading and writing them costs.

use super::*;

#[tokio::test]
async fn every_table_view_and_column_has_a_comment() {
    let place = database().await;
    store(&place).await;
    let undescribed = place.texts(
        "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c \
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'public'::regnamespace \
         AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    );
    assert_eq!(undescribed.await, [""; 0]);
    assert!(place.number("SELECT count(*) FROM pg_class WHERE relname LIKE 'dash_%'").await >= 8);
}

#[tokio::test]
async fn the_table_has_the_columns_of_the_list_in_its_order_and_of_its_kinds() {
    let place = database().await;
    store(&place).await;
    let stored = place.texts(
        "SELECT column_name || ' ' || CASE udt_name WHEN 'jsonb' THEN 'Json' WHEN 'bool' THEN 'Boolean' WHEN 'numeric' THEN 'Amount' \
         WHEN 'timestamptz' THEN 'Time' WHEN 'int2' THEN 'Integer' WHEN 'int8' THEN 'Integer' ELSE 'Text' END \
         FROM information_schema.columns WHERE table_name = 'customer_detailed_profiles' ORDER BY ordinal_position",
    );
    assert_eq!(stored.await, sinks::COLUMNS.map(|column| format!("{} {:?}", column.name, column.kind)));
}

#[tokio::test]
async fn events_are_forgotten_by_their_index() {
    let place = database().await;
    store(&place).await;
    let mut connection = place.connect().await;
    // Of an empty table the planner reads all there is, which tells nothing.
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    let explained = AssertSqlSafe(format!("EXPLAIN {}", include_str!("../../src/postgres/sql/forget_events.sql")));
    let plan = sqlx::query(explained).bind("pipeline").bind(noon()).bind(10_i64).fetch_all(&mut connection).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("seen_events_by_age") && !plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
}

/// Looking at sizes must not read what is large: a portion costs what is in it, and not what it leaves.
#[tokio::test]
async fn profiles_are_found_by_their_key_and_those_that_are_left_are_not_read() {
    let place = database().await;
    let sink = store(&place).await;
    let customers: Vec<String> = (0..200).map(|number| format!("c-{number}")).collect();
    write(&sink, customers.iter().map(|customer| profile(customer)).collect()).await;
    // What does not compress lies beside the table, in many rows.
    let noise = "SELECT jsonb_agg(gen_random_uuid()) FROM generate_series(1, 1000) WHERE customer_id IS NOT NULL";
    place.execute(&format!("UPDATE customer_detailed_profiles SET assets = ({noise}), stocks = ({noise})")).await;
    place.execute("ANALYZE").await;
    let statement = include_str!("../../src/postgres/sql/read_profiles.sql")
        .replace("{json_bytes}", "pg_column_size(assets) + pg_column_size(stocks)")
        .replace("{table}", "customer_detailed_profiles");
    let statement =
        sinks::COLUMNS.iter().fold(statement, |sql, column| sql.replace(&format!("{{{}}}", column.name), column.name));
    let mut connection = place.connect().await;
    sqlx::raw_sql("SET enable_seqscan = off").execute(&mut connection).await.unwrap();
    let mut blocks_read = Vec::new();
    for bytes in [1_i64, i64::MAX] {
        let explained = AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {statement}"));
        let plan = sqlx::query(explained).bind(&customers).bind(bytes).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("customer_detailed_profiles_pkey") && !plan.contains("Sort") && !plan.contains("Disk"), "{plan}");
        let hits = plan.split_once("shared hit=").unwrap_or_else(|| panic!("{plan}")).1;
        blocks_read.push(hits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse::<u32>().unwrap());
    }
    assert!(blocks_read[0] * 10 < blocks_read[1], "{blocks_read:?}");
}

/// What the table compresses to a tenth is ten times as much here: of that, too, no more is sent than is kept.
#[tokio::test]
async fn what_compresses_well_is_not_sent_again_for_each_portion() {
    let place = database().await;
    let sink = opened(&place, &Settings { loaded_bytes: 1_500_000, ..settings() }).await;
    let mut asked: Vec<String> = (0..200).map(|number| format!("c-{number}")).collect();
    write(&sink, asked.iter().map(|customer| profile(customer)).collect()).await;
    let lines = "SELECT jsonb_agg(md5(customer_id || line / 20)) FROM generate_series(1, 8000) AS line";
    place.execute(&format!("UPDATE customer_detailed_profiles SET assets = ({lines})")).await;
    let beside =
        place.texts("SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = 'customer_detailed_profiles'").await;
    let rows = place.number(&format!("SELECT count(*) FROM {}", beside[0])).await;
    assert!(rows >= 200, "{rows} rows beside the table");
    let mut portions = 0;
    while !asked.is_empty() {
        asked = sink.read(&asked, &[]).await.unwrap().left.into_iter().collect();
        portions += 1;
    }
    assert!((10..=60).contains(&portions), "{portions}");
    // A session tells what it did before it is gone.
    sink.close().await;
    let others = "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    while place.number(others).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let blocks = place.number(&format!("SELECT pg_stat_get_blocks_fetched('{}'::regclass)", beside[0])).await;
    // With those that writing took. Where each portion is sent as many bytes of what the table keeps, it is 6 a row.
    assert!(blocks < 4 * rows, "{blocks} blocks for {rows} rows in {portions} portions");
}

/// Any other index that holds the pipeline costs the planner the same as the key, once the statistics say that the outbox is empty; it reads
/// all that waits for each entry.
#[tokio::test]
async fn no_index_but_the_key_leads_from_the_pipeline_into_the_outbox() {
    let place = database().await;
    store(&place).await;
    let leading = place.texts(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) \
         WHERE indrelid = 'outbox'::regclass AND attname = 'pipeline'",
    );
    assert_eq!(leading.await, ["outbox_pkey"]);
}

/// However small it was while the server could have kept a plan for it, or when it last took statistics.
#[tokio::test]
async fn a_full_outbox_is_read_and_emptied_by_its_key() {
    let place = database().await;
    let sink = store(&place).await;
    let filled = |entries: u32| {
        format!(
            "INSERT INTO outbox (pipeline, id, kind, topic, key, value, headers, record_timestamp) \
             SELECT 'pipeline', gen_random_uuid(), 'effect', 't', 'c', 'x', '[]', now() FROM generate_series(1, {entries})"
        )
    };
    // The server keeps a plan, where it does, from the sixth time on.
    for _ in 0..10 {
        place.execute(&filled(1)).await;
        sink.published(&sink.outbox(500, None).await.unwrap(), &[]).await.unwrap();
    }
    place.execute("ANALYZE outbox").await;
    place.execute(&filled(20_000)).await;
    sink.published(&sink.outbox(500, None).await.unwrap(), &[]).await.unwrap();
    // A session tells what it did when it ends.
    sink.close().await;
    while place.number("SELECT pg_stat_get_tuples_deleted('outbox'::regclass)").await < 510 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let read = "SELECT sum(pg_stat_get_tuples_returned(of))::bigint FROM unnest('{outbox, outbox_pkey, outbox_by_id}'::regclass[]) AS of";
    let read = place.number(read).await;
    assert!(read < 5_000, "{read} rows were read");
    assert_eq!(place.number("SELECT count(*) FROM outbox").await, 19_500);
}

/// A column that every write changes must not stand in an index: no update would be HOT.
#[tokio::test]
async fn no_index_holds_what_every_write_changes() {
    let place = database().await;
    store(&place).await;
    let indexed = place.texts(
        "SELECT DISTINCT indexname::text FROM pg_indexes WHERE tablename = 'customer_detailed_profiles' \
         AND indexdef ~ '(updated_at|as_of|last_event_id|state|sections|completeness|[^_]version)'",
    );
    assert_eq!(indexed.await, [""; 0]);
}
