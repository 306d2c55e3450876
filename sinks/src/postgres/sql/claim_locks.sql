-- Locks the partitions to claim, FOR UPDATE and in key order, so that two claims cannot deadlock; waits for commits under them.
-- The rows exist: claim_inserts.sql made those that were missing.
SELECT 1
FROM leases
JOIN unnest($2::text[], $3::text[], $4::text[], $5::integer[]) AS x (segment, broker, topic, partition)
    USING (segment, broker, topic, partition)
WHERE leases.pipeline = $1
ORDER BY segment, broker, topic, partition
FOR UPDATE OF leases
