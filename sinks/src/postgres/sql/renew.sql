-- Prolongs the leases that are still ours. Locks them in key order, without waiting for the commits that read them.
WITH ours AS MATERIALIZED (
    SELECT segment, broker, topic, partition
    FROM leases
    JOIN unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[]) AS x (segment, broker, topic, partition, claimed)
        USING (segment, broker, topic, partition)
    WHERE leases.pipeline = $1 AND leases.epoch = x.claimed AND leases.owner IS NOT NULL
    ORDER BY segment, broker, topic, partition
    FOR NO KEY UPDATE OF leases
)
UPDATE leases
SET expires_at = clock_timestamp() + make_interval(secs => $7)
FROM ours
WHERE leases.pipeline = $1
    AND (leases.segment, leases.broker, leases.topic, leases.partition)
        = (ours.segment, ours.broker, ours.topic, ours.partition)
