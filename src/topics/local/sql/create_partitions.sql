-- The partitions of a new topic, from 0. Runs under the write lock of the transaction that inserted the topic.
WITH RECURSIVE numbers (number) AS (
    SELECT 0
    UNION ALL
    SELECT number + 1 FROM numbers WHERE number + 1 < ?2
)
INSERT INTO partitions (topic_id, number)
SELECT ?1, number FROM numbers
