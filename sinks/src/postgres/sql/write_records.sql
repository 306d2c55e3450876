-- Writes what a batch has besides profiles, after merge_profiles.sql: whoever writes a customer's records holds the customer's row.
--
-- Locks: nothing but what it inserts or updates, each table in the order of its keys. Every row has a key that its cause determines, so
-- writing a batch again (a COMMIT whose answer was lost, records read again) changes nothing, but that a dead letter was tried once more.
-- Of an alert the later transition stands; of several events that put one question one that waits over those applied, then the
-- earliest, whichever came first, unless an administrator has decided over what stood there (CriticalChange::stands_over).
-- `fresh_events` tells which events nobody had stored: if one is missing, its effects happened before, and the caller rolls back.
--
-- $1 pipeline, $2 now, then an array a column.
WITH history AS (
    INSERT INTO profile_history (customer_id, version, field, before, after, event_id, at)
    SELECT customer_id, version, field, before, after, event_id, $2
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
        AS x (customer_id, version, field, before, after, event_id)
    ON CONFLICT DO NOTHING
), alerts AS (
    INSERT INTO profile_alerts AS stored
        (id, customer_id, kind, level, status, message, data, raised_at, updated_at, resolved_at, transition)
    SELECT id, customer_id, kind::alert_kind, level::alert_level, status::alert_status, message, data::jsonb, raised_at, updated_at,
        resolved_at, transition
    FROM unnest($9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[],
        $17::timestamptz[], $18::timestamptz[], $19::bigint[])
        AS x (id, customer_id, kind, level, status, message, data, raised_at, updated_at, resolved_at, transition)
    ON CONFLICT (id) DO UPDATE
    SET level = excluded.level, status = excluded.status, message = excluded.message, data = excluded.data,
        updated_at = excluded.updated_at, resolved_at = excluded.resolved_at, transition = excluded.transition
    WHERE stored.transition < excluded.transition
), changes AS (
    INSERT INTO critical_changes AS stored
        (customer_id, request_id, changes_hash, sync_type, priority, changes, source, status, event_id, at, origin,
            correlation_id)
    SELECT customer_id, request_id, changes_hash, sync_type::critical_sync_type, priority::priority, changes::jsonb, source,
        status::change_status, event_id, at, origin::jsonb, correlation_id
    FROM unnest($20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::text[],
        $28::text[], $29::timestamptz[], $30::text[], $31::text[])
        AS x (customer_id, request_id, changes_hash, sync_type, priority, changes, source, status, event_id, at, origin,
            correlation_id)
    ON CONFLICT (customer_id, request_id, changes_hash) DO UPDATE
    SET sync_type = excluded.sync_type, priority = excluded.priority, changes = excluded.changes, source = excluded.source,
        status = excluded.status, event_id = excluded.event_id, at = excluded.at, origin = excluded.origin,
        correlation_id = excluded.correlation_id
    WHERE stored.status NOT IN ('approved', 'rejected')
        AND (excluded.status <> 'pending_approval', excluded.at, excluded.event_id COLLATE "C",
            (excluded.origin ->> 'topic') COLLATE "C", (excluded.origin -> 'partition')::bigint, (excluded.origin -> 'offset')::numeric)
        < (stored.status <> 'pending_approval', stored.at, stored.event_id COLLATE "C",
            (stored.origin ->> 'topic') COLLATE "C", (stored.origin -> 'partition')::bigint, (stored.origin -> 'offset')::numeric)
), fresh_events AS (
    INSERT INTO seen_events (pipeline, event_id, at)
    SELECT $1, event_id, $2 FROM unnest($32::text[]) AS x (event_id)
    ON CONFLICT DO NOTHING
    RETURNING event_id
), refused AS (
    SELECT *
    FROM unnest($33::uuid[], $34::text[], $35::text[], $36::text[], $37::text[], $38::integer[], $39::bigint[], $40::bytea[],
        $41::text[], $42::bytea[], $43::timestamptz[], $44::text[])
        AS x (id, stage, reason, violations, topic, partition, upto, key, headers, value, record_timestamp, publish_to)
), letters AS (
    INSERT INTO dead_letters AS stored (id, pipeline, stage, reason, violations, topic, partition, "offset", key, headers, value,
        record_timestamp, first_seen)
    SELECT id, $1, stage, reason::dead_letter_reason, violations::jsonb, topic, partition, upto, key, headers::jsonb, value,
        record_timestamp, $2
    FROM refused
    ON CONFLICT (id) DO UPDATE SET attempts = stored.attempts + 1
    RETURNING id, attempts
), announced_letters AS (
    INSERT INTO outbox (pipeline, id, kind, topic, key, record_timestamp)
    SELECT $1, 'dead_letter/' || id, 'dead_letter', publish_to, id, record_timestamp
    FROM refused JOIN letters USING (id)
    WHERE publish_to IS NOT NULL AND attempts = 1
    ORDER BY topic, partition, upto
    -- An entry whose letter had been taken over, and is here again. Locked, it is not deleted as one whose row is gone.
    ON CONFLICT (id, (pipeline || '')) DO UPDATE SET topic = excluded.topic
), effects AS (
    INSERT INTO outbox (pipeline, id, kind, topic, key, value, headers, record_timestamp)
    SELECT $1, id, 'effect', topic, key, value, headers::jsonb, record_timestamp
    FROM unnest($45::text[], $46::text[], $47::text[], $48::bytea[], $49::text[], $50::timestamptz[])
        AS x (id, topic, key, value, headers, record_timestamp)
    ON CONFLICT DO NOTHING
)
SELECT event_id FROM fresh_events
