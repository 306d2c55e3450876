-- The batches from the one that holds offset ?2 of partition ?1, until ?3 bytes are passed; at most ?4 of them. Locks nothing.
-- LENGTH of a blob is in the row's head: those that are not returned are not read.
WITH near AS (
    SELECT
        id,
        SUM(LENGTH(records)) OVER (ORDER BY last_offset) - LENGTH(records) AS bytes_before
    FROM batches
    WHERE partition_id = ?1 AND last_offset >= ?2
    ORDER BY last_offset
    LIMIT ?4
)
SELECT
    batches.first_offset,
    batches.last_offset,
    batches.records
FROM near
INNER JOIN batches ON near.id = batches.id
WHERE near.bytes_before < ?3
ORDER BY batches.last_offset
