-- Makes rows for partitions that were never claimed: free, of epoch 0. In key order; waits for another claim that makes the same.
INSERT INTO leases (pipeline, segment, broker, topic, partition, epoch, expires_at)
SELECT $1, segment, broker, topic, partition, 0, to_timestamp(0)
FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[]) AS x (segment, broker, topic, partition)
ORDER BY segment, broker, topic, partition
ON CONFLICT DO NOTHING
