-- Takes the partitions that are free or our own, and raises their epochs. Locked before, by claim_locks.sql, so the time is read after
-- every wait. Fewer rows than asked for: another worker holds one, and the caller rolls back.
UPDATE leases
SET owner = $6, epoch = epoch + 1, expires_at = clock_timestamp() + make_interval(secs => $7)
FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[]) AS x (segment, broker, topic, partition)
WHERE leases.pipeline = $1
    AND (leases.segment, leases.broker, leases.topic, leases.partition) = (x.segment, x.broker, x.topic, x.partition)
    AND (leases.owner IS NULL OR leases.owner = $6 OR leases.expires_at <= clock_timestamp())
RETURNING leases.segment, leases.broker, leases.topic, leases.partition, leases.epoch
