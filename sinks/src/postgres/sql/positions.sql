-- The positions of a segment. Takes no lock: the reader claims the partitions first, so nobody moves them.
SELECT segment, broker, topic, partition, "offset", incarnation
FROM pipeline_positions
WHERE pipeline = $1 AND segment = $2
ORDER BY broker, topic, partition
