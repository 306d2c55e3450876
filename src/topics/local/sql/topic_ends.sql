-- The partitions of a topic by number, and where each ends. A writer reads it under its write lock, so no offset is given twice.
SELECT
    partitions.id,
    partitions.end_offset
FROM partitions
INNER JOIN topics ON partitions.topic_id = topics.id
WHERE topics.name = ?1
ORDER BY partitions.number
