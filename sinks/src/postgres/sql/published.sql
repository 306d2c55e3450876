-- Deletes entries that the broker acknowledged; a profile's only up to the version that was sent. (A row that another pipeline raised
-- meanwhile was sent newer than its entry says, hence not only the same version.)
--
-- Locks: the entries, skipping those that a writer holds: it is about to raise their version, or to fail, and then they are sent again.
-- So the publisher never waits while it holds locks, and cannot deadlock with writers, who take entries in the order of customers.
DELETE FROM outbox
WHERE pipeline = $1 AND seq IN (
    SELECT outbox.seq
    FROM outbox
    JOIN unnest($2::bigint[], $3::bigint[]) AS sent (seq, version) USING (seq)
    WHERE outbox.pipeline = $1 AND (outbox.version IS NULL OR outbox.version <= sent.version)
    FOR UPDATE OF outbox SKIP LOCKED
)
