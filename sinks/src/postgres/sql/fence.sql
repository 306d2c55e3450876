-- Checks that the leases of a batch are still ours, and moves its positions. The first statement of the transaction.
--
-- Locks: the leases' rows FOR KEY SHARE, in key order: a claim (FOR UPDATE) waits until we committed, a heartbeat's renewal does not.
-- Then the positions' rows, in the order of the arrays, before any profile is locked. Under another epoch, or once given back, fewer
-- rows are held than were asked for, and the caller rolls back: whatever a worker does after it lost its partitions never becomes durable.
--
-- $1 pipeline, $2 now, $3 to $7 the leases, $8 to $13 the positions.
WITH held AS (
    SELECT 1
    FROM leases
    JOIN unnest($3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[]) AS x (segment, broker, topic, partition, claimed)
        USING (segment, broker, topic, partition)
    WHERE leases.pipeline = $1 AND leases.epoch = x.claimed AND leases.owner IS NOT NULL
    ORDER BY segment, broker, topic, partition
    FOR KEY SHARE OF leases
), moved AS (
    INSERT INTO pipeline_positions (pipeline, segment, broker, topic, partition, "offset", incarnation, updated_at)
    SELECT $1, segment, broker, topic, partition, upto, incarnation, $2
    FROM unnest($8::text[], $9::text[], $10::text[], $11::integer[], $12::bigint[], $13::text[])
        AS x (segment, broker, topic, partition, upto, incarnation)
    ON CONFLICT (pipeline, segment, broker, topic, partition) DO UPDATE
    SET "offset" = excluded."offset", incarnation = excluded.incarnation, updated_at = excluded.updated_at
)
SELECT count(*) FROM held
