-- A partition and what it holds, in one statement, so that the two bounds are of one moment. Locks nothing.
SELECT
    partitions.id,
    COALESCE(
        (
            SELECT batches.first_offset
            FROM batches
            WHERE batches.partition_id = partitions.id
            ORDER BY batches.last_offset
            LIMIT 1
        ),
        partitions.end_offset
    ) AS first_offset,
    partitions.end_offset
FROM partitions
INNER JOIN topics ON partitions.topic_id = topics.id
WHERE topics.name = ?1 AND partitions.number = ?2
