-- Deletes entries that the broker acknowledged; a profile's only up to the version that was sent. (A row that another pipeline raised
-- meanwhile was sent newer than its entry says, hence not only the same version.)
--
-- Locks: the entries, skipping those that a writer holds: it is about to raise their version, or to fail, and then they are sent again.
-- So the publisher never waits while it holds locks, and cannot deadlock with writers, who take entries in the order of customers.
--
-- One look into the key for each entry, whatever the planner thinks of a table that fills and empties all the time: a plan that reads all
-- of it is what a join becomes once the statistics are old (measured: 30 s instead of 10 ms).
DELETE FROM outbox
WHERE pipeline = $1 AND seq = ANY (ARRAY(
    SELECT entry.seq
    FROM unnest($2::bigint[], $3::bigint[]) AS sent (seq, version)
    CROSS JOIN LATERAL (
        SELECT waiting.seq
        FROM outbox AS waiting
        WHERE waiting.pipeline = $1 AND waiting.seq = sent.seq AND (waiting.version IS NULL OR waiting.version <= sent.version)
        FOR UPDATE SKIP LOCKED
    ) AS entry
))
