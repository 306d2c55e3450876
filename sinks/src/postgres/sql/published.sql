-- Deletes entries that the broker acknowledged, if the publisher's lease is still ours; a profile's only up to the version that was sent.
-- (A row that another pipeline raised meanwhile was sent newer than its entry says, hence not only the same version.) An entry whose row
-- was gone goes if nobody announced it anew, and the row is gone still. Answers how many of the leases are ours: if not all, nothing is
-- deleted.
--
-- Locks: the leases' rows FOR KEY SHARE, as fence.sql does. Then the entries, skipping those that a writer holds: it is about to raise
-- their version, or to fail, and then they are sent again. So the publisher never waits while it holds entries, and cannot deadlock with
-- writers, who take entries in the order of customers.
--
-- One look into the key for each entry, whatever the planner thinks of a table that fills and empties all the time, and none to delete it:
-- it is locked, so it stays where it was found. A plan that reads all of the table is what a join becomes once the statistics are old
-- (measured: 30 s instead of 10 ms), and so does a second search by number. The same comes of any other index that holds the pipeline as
-- it is; there is none. One that was raised between the statement's start and its lock lies elsewhere, and is sent again.
--
-- $1 pipeline, $2 to $6 the leases, $7 numbers, $8 versions, $9 whether the row was gone.
WITH held AS (
    SELECT 1
    FROM leases
    JOIN unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[]) AS x (segment, broker, topic, partition, claimed)
        USING (segment, broker, topic, partition)
    WHERE leases.pipeline = $1 AND leases.epoch = x.claimed AND leases.owner IS NOT NULL
    ORDER BY segment, broker, topic, partition
    FOR KEY SHARE OF leases
), deleted AS (
    DELETE FROM outbox
    WHERE ctid = ANY (ARRAY(
        SELECT entry.place
        FROM unnest($7::bigint[], $8::bigint[], $9::boolean[]) AS sent (seq, version, gone)
        CROSS JOIN LATERAL (
            SELECT waiting.ctid AS place
            FROM outbox AS waiting
            WHERE waiting.pipeline = $1 AND waiting.seq = sent.seq AND CASE
                WHEN NOT sent.gone THEN waiting.version IS NULL OR waiting.version <= sent.version
                WHEN waiting.version IS DISTINCT FROM sent.version THEN false
                WHEN waiting.kind = 'profile' THEN NOT EXISTS (SELECT FROM {table} WHERE {customer_id} = waiting.key)
                ELSE NOT EXISTS (SELECT FROM dead_letters AS letter WHERE letter.id = waiting.key::uuid)
            END
            FOR UPDATE SKIP LOCKED
        ) AS entry
        WHERE (SELECT count(*) FROM held) = cardinality($6)
    ))
)
SELECT count(*) FROM held
