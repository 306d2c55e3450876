-- Gives back the leases that are still ours: they are free now. Locks them in key order. The epoch stays, so that the next claim raises it.
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
SET owner = NULL, expires_at = clock_timestamp()
FROM ours
WHERE leases.pipeline = $1
    AND (leases.segment, leases.broker, leases.topic, leases.partition)
        = (ours.segment, ours.broker, ours.topic, ours.partition)
