-- Forgets the oldest of a pipeline's seen events that were written before a time, at most so many. By the index on (pipeline, at).
--
-- Locks: those rows, skipping those that somebody holds. Nobody waits for an event this old.
DELETE FROM seen_events
WHERE pipeline = $1 AND event_id IN (
    SELECT event_id
    FROM seen_events
    WHERE pipeline = $1 AND at < $2
    ORDER BY at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
