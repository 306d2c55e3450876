-- The first of these partitions that another worker holds. In the transaction that locked them, so it is still so.
SELECT segment, broker, topic, partition, owner, expires_at
FROM leases
JOIN unnest($2::text[], $3::text[], $4::text[], $5::integer[]) AS x (segment, broker, topic, partition)
    USING (segment, broker, topic, partition)
WHERE leases.pipeline = $1 AND owner <> $6
ORDER BY expires_at DESC
LIMIT 1
